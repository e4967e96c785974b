// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

// Package contracttest checks the traffic between a client and the sandbox
// against the sandbox's OpenAPI document. It is for tests only.
package contracttest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	verrors "github.com/pb33f/libopenapi-validator/errors"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox/readings"
)

var openAPI = sync.OnceValues(func() (validator.Validator, error) {
	document, err := libopenapi.NewDocument(sandbox.OpenAPI)
	if err != nil {
		return nil, err
	}
	v, errs := validator.NewValidator(document, config.WithFormatAssertions(), config.WithRegexCache(&sync.Map{}))
	if len(errs) > 0 {
		return nil, fmt.Errorf("openapi.yaml: %v", errs)
	}
	if ok, errs := v.ValidateDocument(); !ok {
		return nil, fmt.Errorf("openapi.yaml: %s", describe(errs))
	}
	return v, nil
})

// Handler returns next with every API request and response checked against the
// OpenAPI document. What violates it fails t. A request may be wrong if the
// response is a 4xx. Control endpoints, the inspector, connections that are cut,
// and HTML, which only a gateway sends, are not checked. Neither is what the document does
// not describe under the readings that next serves.
func Handler(t testing.TB, next http.Handler, served ...string) http.Handler {
	t.Helper()
	v, err := openAPI()
	if err != nil {
		t.Fatal(err)
	}
	var unchecked part
	for _, name := range served {
		unchecked |= deviations[name]
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" || strings.HasPrefix(r.URL.Path, "/_sandbox") {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		response := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(response, r)
		if response.hijacked {
			return
		}
		if response.checkable() {
			check(t, v, unchecked, r, body, response)
		}
		w.WriteHeader(response.status)
		_, _ = w.Write(response.body.Bytes())
	})
}

// part is a part of the traffic that is not checked.
type part int

const (
	requests part = 1 << iota
	responses
	errorResponses
)

// deviations are the readings under which the sandbox does not do what
// openapi.yaml says, with the part of the traffic where it does not.
var deviations = map[string]part{
	readings.UserNameLowerCase:     responses,
	readings.UserNameCamelCase:     responses,
	readings.UnknownMembersDropped: requests | responses,
	readings.LiveModeAbsent:        responses,
	readings.CredentialsAbsent:     responses,
	readings.ErrorsEmpty:           errorResponses,
}

func check(
	t testing.TB, v validator.Validator, unchecked part, r *http.Request, body []byte, recorded *recorder,
) {
	request := r.Clone(r.Context())
	part := responses
	if recorded.status >= 400 {
		part = errorResponses
	}
	if recorded.status < 400 && unchecked&requests == 0 {
		request.Body = io.NopCloser(bytes.NewReader(body))
		request.URL.RawQuery = repeatTypes(request.URL.RawQuery)
		if ok, errs := v.ValidateHttpRequestSync(request); !ok {
			t.Errorf("request %s %s violates the contract: %s", r.Method, r.URL.RequestURI(), describe(errs))
		}
	}
	if recorded.status >= 400 {
		// All operations have the same errors, so this one can replace paths and
		// methods that do not exist.
		request = httptest.NewRequest(http.MethodGet, "/webhooks/none", nil)
	}
	if unchecked&part != 0 {
		return
	}
	response := &http.Response{
		StatusCode: recorded.status, Header: recorded.Header(), Body: io.NopCloser(bytes.NewReader(recorded.body.Bytes())),
	}
	if ok, errs := v.ValidateHttpResponse(request, response); !ok {
		t.Errorf("response %d to %s %s violates the contract: %s",
			recorded.status, r.Method, r.URL.RequestURI(), describe(errs))
	}
}

// repeatTypes repeats the parameter types for each of its values that are
// separated by commas. The sandbox accepts both forms, openapi.yaml has one.
func repeatTypes(query string) string {
	values, err := url.ParseQuery(query)
	if err != nil || !values.Has("types") {
		return query
	}
	values["types"] = strings.Split(strings.Join(values["types"], ","), ",")
	return values.Encode()
}

func describe(errs []*verrors.ValidationError) string {
	var b strings.Builder
	for _, e := range errs {
		fmt.Fprintf(&b, "\n  %s: %s", e.Message, e.Reason)
		for _, s := range e.SchemaValidationErrors {
			fmt.Fprintf(&b, "\n    %s: %s", s.FieldPath, s.Reason)
		}
	}
	return b.String()
}

// recorder holds a response back until it has been checked.
type recorder struct {
	http.ResponseWriter
	status   int
	body     bytes.Buffer
	hijacked bool
}

func (r *recorder) WriteHeader(status int) { r.status = status }

func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }

func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(r.ResponseWriter).Hijack()
	r.hijacked = err == nil
	return conn, rw, err
}

// checkable reports whether the API sent the response, and completely.
func (r *recorder) checkable() bool {
	length := r.Header().Get("Content-Length")
	return !strings.HasPrefix(r.Header().Get("Content-Type"), "text/html") &&
		(length == "" || length == strconv.Itoa(r.body.Len()))
}
