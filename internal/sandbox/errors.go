// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/redact"
)

// problem is one entry of an error response.
type problem struct {
	Code      string `json:"code"`
	Parameter string `json:"parameter,omitempty"`
	Message   string `json:"message"`
}

// The codes of a 400, as in the description of Digital River's OpenAPI document.
const (
	codeInvalid = "invalid_parameter"
	codeMissing = "missing_parameter"
	codeUnknown = "unknown_parameter"
	codeFormat  = "invalid_format"
)

// problems collects everything that is wrong with a request.
type problems []problem

func (p *problems) add(code, parameter, format string, args ...any) {
	*p = append(*p, problem{code, parameter, fmt.Sprintf(format, args...)})
}

// require adds a problem if a value is empty, unless its parameter already has
// one.
func (p *problems) require(parameter, value string) {
	if value == "" && !p.has(parameter) {
		p.add(codeMissing, parameter, "%s must be given and not be empty.", parameter)
	}
}

// expect adds a problem if a value is not ok, unless its parameter already has
// one.
func (p *problems) expect(ok bool, parameter, format string, args ...any) {
	if !ok && !p.has(parameter) {
		p.add(codeInvalid, parameter, format, args...)
	}
}

// has reports whether the parameter itself has a problem.
func (p problems) has(parameter string) bool {
	return slices.ContainsFunc(p, func(one problem) bool { return one.Parameter == parameter })
}

// err returns a 400 with all problems, or nil if there are none.
func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return &apiError{status: http.StatusBadRequest, problems: p}
}

// apiError is an error that has a response of its own.
type apiError struct {
	status   int
	header   map[string]string
	problems problems
}

func newError(status int, code, format string, args ...any) *apiError {
	e := &apiError{status: status}
	e.problems.add(code, "", format, args...)
	return e
}

func badRequest(code, parameter, format string, args ...any) *apiError {
	e := &apiError{status: http.StatusBadRequest}
	e.problems.add(code, parameter, format, args...)
	return e
}

func tooManyRequests(wait time.Duration) *apiError {
	seconds := int((wait + time.Second - 1) / time.Second)
	e := newError(http.StatusTooManyRequests, "rate_limit_exceeded",
		"Too many requests with this key. Try again in %d s.", seconds)
	e.header = map[string]string{"Retry-After": strconv.Itoa(seconds)}
	return e
}

func unauthorized() *apiError {
	e := newError(http.StatusUnauthorized, "unauthorized",
		"The API key is missing or unknown. Send Authorization: Bearer KEY, with one of the keys %s.",
		strings.Join(Keys(), ", "))
	e.header = map[string]string{"WWW-Authenticate": "Bearer"}
	return e
}

// Error implements error.
func (e *apiError) Error() string {
	messages := make([]string, len(e.problems))
	for i, p := range e.problems {
		messages[i] = p.Message
	}
	return strings.Join(messages, " ")
}

// response returns the error in the form of the API.
func (e *apiError) response() response {
	r := jsonResponse(e.status, encode(struct {
		Type   string   `json:"type"`
		Errors problems `json:"errors"`
	}{errorType(e.status), e.problems}))
	r.header = e.header
	r.problem = e.problems.summary()
	return r
}

// summary returns the codes and the parameters. Messages are left out, because
// they may repeat credentials.
func (p problems) summary() string {
	var all []string
	for _, one := range p {
		all = append(all, strings.TrimSpace(one.Code+" "+one.Parameter))
	}
	return redact.Control(strings.Join(all, ", "))
}

// errorTypes are the types of errors, as in the schema Errors of Digital River's
// OpenAPI document.
var errorTypes = map[int]string{
	http.StatusBadRequest:          "bad_request",
	http.StatusUnauthorized:        "unauthorized",
	http.StatusForbidden:           "forbidden",
	http.StatusNotFound:            "not_found",
	http.StatusMethodNotAllowed:    "method_not_allowed",
	http.StatusNotAcceptable:       "not_acceptable",
	http.StatusRequestTimeout:      "request_timeout",
	http.StatusConflict:            "conflict",
	http.StatusTooManyRequests:     "too_many_requests",
	http.StatusInternalServerError: "internal_server_error",
	http.StatusBadGateway:          "bad_gateway",
	http.StatusServiceUnavailable:  "service_unavailable",
	http.StatusGatewayTimeout:      "gateway_timeout",
}

// errorType returns the type of an error with a status. A status that the
// document does not have gets the type of its class.
func errorType(status int) string {
	if name := errorTypes[status]; name != "" {
		return name
	}
	return errorTypes[status/100*100]
}

// errorResponse returns the response to any error. An error that is not an
// apiError is a failure of the sandbox.
func errorResponse(err error) response {
	e, ok := errors.AsType[*apiError](err)
	if !ok {
		e = newError(http.StatusInternalServerError, "unknown_error", "The sandbox failed: %v.", err)
	}
	return e.response()
}
