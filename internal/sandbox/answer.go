package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// answer is a whole HTTP answer.
type answer struct {
	status      int
	header      map[string]string
	contentType string
	body        []byte
	// truncated sends half of the body and cuts the connection.
	truncated bool
}

func jsonAnswer(status int, body []byte) answer {
	return answer{status: status, contentType: "application/json", body: body}
}

// write sends the answer, dated now. It cannot know whether it arrives.
func (a answer) write(w http.ResponseWriter, now time.Time) {
	h := w.Header()
	h.Set("Date", now.UTC().Format(http.TimeFormat))
	for name, value := range a.header {
		h.Set(name, value)
	}
	if a.status != http.StatusNoContent {
		h.Set("Content-Type", a.contentType)
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	if a.truncated {
		// The server closes a connection whose answer stayed short of its
		// Content-Length.
		a.body = a.body[:len(a.body)/2]
	}
	_, _ = w.Write(a.body)
}

// encode is JSON without HTML escapes. It is for values that always encode.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// timestamp is a time as the API writes it: UTC, with milliseconds.
type timestamp struct{ time.Time }

// MarshalJSON implements json.Marshaler.
func (t timestamp) MarshalJSON() ([]byte, error) {
	return t.UTC().AppendFormat(nil, `"2006-01-02T15:04:05.000Z"`), nil
}

// problem is one entry of an error answer.
type problem struct {
	Code      string `json:"code"`
	Parameter string `json:"parameter,omitempty"`
	Message   string `json:"message"`
}

const (
	codeInvalid = "invalid_parameter"
	codeMissing = "missing_parameter"
)

// problems collects all that is wrong with one request.
type problems []problem

func (p *problems) add(code, parameter, format string, args ...any) {
	*p = append(*p, problem{code, parameter, fmt.Sprintf(format, args...)})
}

// has reports whether something is wrong with the parameter itself already.
func (p problems) has(parameter string) bool {
	for _, one := range p {
		if one.Parameter == parameter {
			return true
		}
	}
	return false
}

// err is nil where there is no problem, else a 400 with all of them.
func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return &apiError{status: http.StatusBadRequest, problems: p}
}

// apiError is an error with an answer of its own.
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
	e := newError(http.StatusTooManyRequests, "rate_limit_exceeded", "Too many requests with this key; send none for %d s.", seconds)
	e.header = map[string]string{"Retry-After": strconv.Itoa(seconds)}
	return e
}

var errUnauthorized = &apiError{
	status:   http.StatusUnauthorized,
	header:   map[string]string{"WWW-Authenticate": "Bearer"},
	problems: problems{{Code: "unauthorized", Message: "No valid API key: send Authorization: Bearer <key>. The sandbox knows sk_test_sandbox, sk_live_sandbox and rk_test_sandbox."}},
}

// Error implements error.
func (e *apiError) Error() string {
	messages := make([]string, len(e.problems))
	for i, p := range e.problems {
		messages[i] = p.Message
	}
	return strings.Join(messages, " ")
}

// answer is the error as the contract shapes it: the type follows from the
// status, bad_request from 400 and so on.
func (e *apiError) answer() answer {
	a := jsonAnswer(e.status, encode(struct {
		Type   string   `json:"type"`
		Errors problems `json:"errors"`
	}{errorType(e.status), e.problems}))
	a.header = e.header
	return a
}

func errorType(status int) string {
	text := http.StatusText(status)
	if text == "" {
		text = http.StatusText(status / 100 * 100)
	}
	return strings.ReplaceAll(strings.ToLower(text), " ", "_")
}

// errorAnswer is the answer to any error; those that are no apiError are the
// sandbox's own failures.
func errorAnswer(err error) answer {
	var e *apiError
	if !errors.As(err, &e) {
		e = newError(http.StatusInternalServerError, "internal_server_error", "The sandbox failed: %v.", err)
	}
	return e.answer()
}
