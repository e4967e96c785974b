// Package contracttest holds the traffic between a client and the sandbox to
// the sandbox's OpenAPI document. It is for tests only.
package contracttest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	verrors "github.com/pb33f/libopenapi-validator/errors"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
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
		return nil, fmt.Errorf("openapi.yaml: %s", words(errs))
	}
	return v, nil
})

// Handler is next with every API request and answer held to the OpenAPI
// document; what breaks it fails t. A request may be wrong where the answer
// says so with a 4xx. Control endpoints, connections that are cut and HTML,
// which only a gateway answers with, pass through.
func Handler(t testing.TB, next http.Handler) http.Handler {
	t.Helper()
	v, err := openAPI()
	if err != nil {
		t.Fatal(err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/_sandbox") {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		a := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(a, r)
		if a.hijacked {
			return
		}
		if a.checkable() {
			check(t, v, r, body, a)
		}
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body.Bytes())
	})
}

func check(t testing.TB, v validator.Validator, r *http.Request, body []byte, a *recorder) {
	request := r.Clone(r.Context())
	if a.status < 400 {
		request.Body = io.NopCloser(bytes.NewReader(body))
		if ok, errs := v.ValidateHttpRequestSync(request); !ok {
			t.Errorf("request %s %s breaks the contract: %s", r.Method, r.URL.RequestURI(), words(errs))
		}
	}
	if a.status >= 400 {
		// All operations have the same errors, and one of them stands for the
		// paths and methods that do not exist.
		request = httptest.NewRequest(http.MethodGet, "/webhooks/none", nil)
	}
	answer := &http.Response{StatusCode: a.status, Header: a.Header(), Body: io.NopCloser(bytes.NewReader(a.body.Bytes()))}
	if ok, errs := v.ValidateHttpResponse(request, answer); !ok {
		t.Errorf("answer %d to %s %s breaks the contract: %s", a.status, r.Method, r.URL.RequestURI(), words(errs))
	}
}

func words(errs []*verrors.ValidationError) string {
	var b strings.Builder
	for _, e := range errs {
		fmt.Fprintf(&b, "\n  %s: %s", e.Message, e.Reason)
		for _, s := range e.SchemaValidationErrors {
			fmt.Fprintf(&b, "\n    %s: %s", s.FieldPath, s.Reason)
		}
	}
	return b.String()
}

// recorder holds an answer back until it is checked.
type recorder struct {
	http.ResponseWriter
	status   int
	body     bytes.Buffer
	hijacked bool
}

func (a *recorder) WriteHeader(status int) { a.status = status }

func (a *recorder) Write(p []byte) (int, error) { return a.body.Write(p) }

func (a *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(a.ResponseWriter).Hijack()
	a.hijacked = err == nil
	return conn, rw, err
}

// checkable is false for what a gateway says and for an answer that is cut.
func (a *recorder) checkable() bool {
	length := a.Header().Get("Content-Length")
	return !strings.HasPrefix(a.Header().Get("Content-Type"), "text/html") &&
		(length == "" || length == strconv.Itoa(a.body.Len()))
}
