package digitalriver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// maxFaults limits how many faults of a response an Error has.
const maxFaults = 20

// Error is an operation that failed: the API refused a request, or its response
// did not arrive or could not be read. It contains no credentials.
type Error struct {
	Operation  string        // such as "create webhook"
	Method     string        // of the last request
	Path       string        // of the last request, escaped
	Status     int           // of the last response; 0: there was none
	Faults     []Fault       // what the API reports, if the response was an error of the API
	Reason     string        // what went wrong, without Faults or in addition to them
	UpstreamID string        // identifies the last request; empty: none was sent
	Attempts   int           // how many requests the operation sent
	RetryAfter time.Duration // the wait that the API asked for with a 429 or 503; 0: none
	Err        error         // the cause below HTTP, such as a network failure; may be nil

	notFromAPI bool // the response was not the API's
}

// Fault is one entry of an API error.
type Fault struct {
	Code      string
	Parameter string // the member of the request that is at fault; may be empty
	Message   string
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s %s ", e.Operation, e.Method, e.Path)
	switch {
	case e.Status != 0:
		fmt.Fprintf(&b, "returned %d", e.Status)
	case e.Attempts > 0:
		b.WriteString("got no response")
	default:
		b.WriteString("was not sent")
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, " after %d attempts", e.Attempts)
	}
	separator := ": "
	for _, fault := range e.Faults {
		b.WriteString(separator + fault.String())
		separator = "; "
	}
	if e.Reason != "" {
		b.WriteString(separator + e.Reason)
	}
	if e.UpstreamID != "" {
		fmt.Fprintf(&b, " (upstream-id %s)", e.UpstreamID)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// String returns the message of the fault, then its code and parameter.
func (f Fault) String() string {
	subject := strings.Join(slices.DeleteFunc([]string{f.Code, f.Parameter}, isEmpty), ": ")
	switch {
	case f.Message == "":
		return subject
	case subject == "":
		return fmt.Sprintf("%q", f.Message)
	default:
		return fmt.Sprintf("%q (%s)", f.Message, subject)
	}
}

// DuplicateError is a create whose response was lost, and for which the list shows
// several new webhooks that could be its result.
type DuplicateError struct {
	IDs []string // of these webhooks
	Err *Error
}

func (e *DuplicateError) Error() string {
	return fmt.Sprintf("%v; several new webhooks could be the result: %s", e.Err, strings.Join(e.IDs, ", "))
}

func (e *DuplicateError) Unwrap() error { return e.Err }

// SecretLimitError is a rotation that the API refused because MaxActiveSecrets
// are active.
type SecretLimitError struct {
	NextExpiry *time.Time // when the next active secret expires; nil: none of them does
	Active     int        // secrets that were active before the rotation
	Err        *Error
}

func (e *SecretLimitError) Error() string {
	if e.NextExpiry == nil {
		return fmt.Sprintf("%v; %d secrets are active and none is set to expire", e.Err, e.Active)
	}
	return fmt.Sprintf("%v; %d secrets are active, the next one expires at %s",
		e.Err, e.Active, e.NextExpiry.UTC().Format(time.RFC3339))
}

func (e *SecretLimitError) Unwrap() error { return e.Err }

// IsNotFound reports whether the API said that the object does not exist. A 404
// that is not the API's, such as a proxy's page, does not count.
func IsNotFound(err error) bool {
	var apiError *Error
	return errors.As(err, &apiError) && apiError.Status == http.StatusNotFound && !apiError.notFromAPI
}

// newError returns an error without a response.
func (o *operation) newError(r *request, reason string) *Error {
	return &Error{Operation: o.name, Method: r.method, Path: r.path, Attempts: o.attempts, Reason: reason}
}

// contextError returns the error of an operation whose context ended while it
// waited to send r.
func (o *operation) contextError(ctx context.Context, r *request) *Error {
	return o.newError(r, "").withContext(ctx)
}

// responseError describes a response that is not a success. reason is what is
// wrong with the body of a 2xx response.
func (o *operation) responseError(r *request, resp *response, reason error) *Error {
	err := o.newError(r, "")
	err.Status, err.UpstreamID = resp.status, resp.upstreamID
	if resp.status == 0 {
		if resp.err != nil {
			err.Err = &redactedError{text: o.redactor.redact(resp.err.Error()), err: resp.err}
			err.Reason = err.Err.Error()
		}
		return err
	}
	err.notFromAPI = resp.notFromAPI()
	err.Faults = parseFaults(resp.body, o.redactor)
	if len(err.Faults) == 0 || reason != nil {
		err.Faults, err.Reason = nil, describe(resp, reason, o.redactor)
	}
	return err
}

// withContext makes the end of ctx the cause of the error.
func (e *Error) withContext(ctx context.Context) *Error {
	e.Err, e.Reason = ctx.Err(), ctx.Err().Error()
	return e
}

// withLongWait makes a wait that the API asked for the cause of the error.
func (e *Error) withLongWait(wait time.Duration) *Error {
	e.RetryAfter = wait
	e.Reason = fmt.Sprintf("the API asked to wait %v, which is longer than this operation may take",
		wait.Round(time.Second))
	return e
}

// redactedError wraps an error whose text may contain credentials.
type redactedError struct {
	text string
	err  error
}

func (e *redactedError) Error() string { return e.text }
func (e *redactedError) Unwrap() error { return e.err }

// describe says what is wrong with a response that has no faults of the API.
func describe(resp *response, reason error, redactor *redactor) string {
	switch {
	case resp.status >= 300 && resp.status < 400:
		return "it redirects to " + redactor.redact(redirectTarget(resp)) + ", but redirects are not followed"
	case resp.isHTML():
		return "the response is an HTML page" + htmlTitle(resp.body, redactor)
	case errors.Is(resp.err, errBodyTooLarge):
		return resp.err.Error()
	case resp.err != nil:
		return "the response is truncated: " + redactor.redact(resp.err.Error())
	case len(resp.body) == 0:
		return "the response is empty"
	case errors.Is(reason, errNotJSON):
		return "the response is not JSON"
	case reason != nil:
		return "the response could not be read: " + redactor.redact(reason.Error())
	default:
		return "the response is not in the API's error format"
	}
}

// redirectTarget is the URL that a redirect leads to, without the parts that may
// be secret.
func redirectTarget(resp *response) string {
	location := resp.header.Get("Location")
	target, err := url.Parse(location)
	if err != nil || location == "" {
		return "nowhere"
	}
	target.User, target.RawQuery, target.Fragment = nil, "", ""
	return target.String()
}

var titlePattern = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title`)

// htmlTitle is the quoted title of an HTML page after a comma; empty if it has
// none.
func htmlTitle(body []byte, redactor *redactor) string {
	match := titlePattern.FindSubmatch(body)
	if match == nil {
		return ""
	}
	return fmt.Sprintf(", %q", redactor.redact(html.UnescapeString(string(match[1]))))
}

// parseFaults reads the body of an error. It skips whatever is not in the
// documented format.
func parseFaults(body []byte, redactor *redactor) []Fault {
	var object map[string]any
	if json.Unmarshal(body, &object) != nil {
		return nil
	}
	entries, _ := object["errors"].([]any)
	var faults []Fault
	for _, entry := range entries[:min(len(entries), maxFaults)] {
		members, _ := entry.(map[string]any)
		member := func(name string) string {
			text, _ := members[name].(string)
			return redactor.redact(text)
		}
		fault := Fault{Code: member("code"), Parameter: member("parameter"), Message: member("message")}
		if fault != (Fault{}) {
			faults = append(faults, fault)
		}
	}
	return faults
}
