// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

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
	RequestID  string        // the API's own ID of the last request, which support asks for; may be empty
	Attempts   int           // how many requests the operation sent
	RetryAfter time.Duration // the wait that the API asked for with a 429 or 503; 0: none
	Err        error         // the cause below HTTP, such as a network failure; may be nil

	fromAPI         bool // the response is in the API's error format
	notListed       bool // the complete list does not contain the webhook
	late            bool // the API may still be at work on the request
	repeated        bool // an earlier attempt of the request may have been carried out
	userNameRefused bool // a fault is about the user name of basic authentication
}

// Fault is one entry of an API error.
type Fault struct {
	Code      string
	Parameter string // the member of the request that is at fault; may be empty
	Message   string
}

// Error describes the last request and its response. Operation, which says what the
// request was for, is left to the caller: it often repeats the request.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s ", e.Method, e.Path)
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
	switch {
	case e.UpstreamID != "" && e.RequestID != "":
		fmt.Fprintf(&b, " (upstream-id %s, %s %s)", e.UpstreamID, requestIDHeader, e.RequestID)
	case e.UpstreamID != "":
		fmt.Fprintf(&b, " (upstream-id %s)", e.UpstreamID)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// redacted returns the fault as an error may show it.
func (f Fault) redacted(r *redactor) Fault {
	return Fault{Code: r.redact(f.Code), Parameter: r.redact(f.Parameter), Message: r.redact(f.Message)}
}

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

func isEmpty(s string) bool { return s == "" }

// UncertainError is a create or a rotation that the API may have carried out
// although no response confirms it, or that it may have carried out twice. In the
// second case, the method that returns the error returns the result too, and its ID
// is the first of IDs.
type UncertainError struct {
	IDs []string // of the webhooks or secrets that are or could be the result; may be empty
	Err *Error

	repeated bool // the API confirmed one of several attempts
}

func (e *UncertainError) Error() string {
	object, advice := "webhook", "look for a new webhook with this address and these event types, keep one, and delete "+
		"any other; creating it again may make a second one"
	if e.Err.Operation == rotateSecret {
		object, advice = "signing secret", "look at the secrets of the webhook, newest first; an extra one stays active "+
			"until it expires or is blocked in the dashboard, and rotating again adds another"
	}
	ids := strings.Join(e.IDs, ", ")
	var what string
	switch {
	case e.repeated && len(e.IDs) > 1:
		what = fmt.Sprintf("the API carried out the request more than once, each %s is new: %s", object, ids)
	case e.repeated:
		what = fmt.Sprintf("the new %s is %s, but it is not known whether an earlier attempt made another", object, ids)
	case len(e.IDs) > 1:
		what = fmt.Sprintf("several new %ss could be the result: %s", object, ids)
	case len(e.IDs) == 1:
		what = fmt.Sprintf("the %s %s could be the result, but may be older", object, ids)
	default:
		what = "it is not known whether the API carried out the request"
	}
	return fmt.Sprintf("%v; %s; %s", e.Err, what, advice)
}

func (e *UncertainError) Unwrap() error { return e.Err }

// SecretsUnavailableError is a request for the signing secrets of a webhook that the
// API refused with a 404, 405 or 403 although the webhook exists: the API does not
// offer this operation to the key.
type SecretsUnavailableError struct {
	WebhookID string
	Status    int // 404, 405 or 403
	Err       *Error
}

func (e *SecretsUnavailableError) Error() string {
	return fmt.Sprintf("%v; the webhook %s exists, but the API does not offer its signing secrets to this key",
		e.Err, e.WebhookID)
}

func (e *SecretsUnavailableError) Unwrap() error { return e.Err }

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

// IsNotFound reports whether the API said that the webhook does not exist. A 404
// that is not in the API's error format, such as a gateway's, counts only if the
// complete list does not contain the webhook. A SecretsUnavailableError does not
// count.
func IsNotFound(err error) bool {
	var unavailable *SecretsUnavailableError
	if errors.As(err, &unavailable) {
		return false
	}
	apiError := asAPIError(err)
	return apiError != nil && apiError.Status == http.StatusNotFound && (apiError.fromAPI || apiError.notListed)
}

// MayHaveSucceeded reports whether an earlier attempt of the request that failed with
// err may have been carried out, although its response was lost.
func MayHaveSucceeded(err error) bool {
	apiError := asAPIError(err)
	return apiError != nil && apiError.repeated
}

// asAPIError returns the *Error that err is or wraps, nil if there is none.
func asAPIError(err error) *Error {
	var apiError *Error
	errors.As(err, &apiError)
	return apiError
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
			err.Err = &redactedError{text: o.client.redactor.redact(resp.err.Error()), err: resp.err}
			err.Reason = err.Err.Error()
		}
		return err
	}
	err.RequestID = o.client.redactor.redact(resp.header.Get(requestIDHeader))
	body := parseError(resp.body)
	err.fromAPI = body.valid
	for _, fault := range body.faults {
		err.userNameRefused = err.userNameRefused || resp.status == http.StatusBadRequest && fault.namesUserName()
		err.Faults = append(err.Faults, fault.redacted(o.client.redactor))
	}
	if len(err.Faults) == 0 || reason != nil {
		err.Faults, err.Reason = nil, describe(resp, reason, o.client.redactor)
	}
	return err
}

// withReason adds text to the reason of the error.
func (e *Error) withReason(text string) *Error {
	if e.Reason != "" {
		text = e.Reason + "; " + text
	}
	e.Reason = text
	return e
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
	case reason == nil && parseError(resp.body).errorType != "":
		return redactor.redact(parseError(resp.body).errorType)
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

// errorBody is the body of an error.
type errorBody struct {
	valid     bool // it is in the API's error format
	errorType string
	faults    []Fault
}

var errorTypePattern = regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)

// parseError reads the body of an error. It skips whatever is not in the API's error
// format, which Digital River's OpenAPI document describes:
// {"type": "not_found", "errors": [{"code": …, "parameter": …, "message": …}]}.
func parseError(body []byte) errorBody {
	var object map[string]any
	if json.Unmarshal(body, &object) != nil {
		return errorBody{}
	}
	var parsed errorBody
	if text, _ := object["type"].(string); errorTypePattern.MatchString(text) {
		parsed.errorType = text
	}
	entries, isList := object["errors"].([]any)
	parsed.valid = isList && parsed.errorType != ""
	for _, entry := range entries[:min(len(entries), maxFaults)] {
		members, isObject := entry.(map[string]any)
		parsed.valid = parsed.valid && isObject
		member := func(name string) string {
			text, _ := members[name].(string)
			return text
		}
		fault := Fault{Code: member("code"), Parameter: member("parameter"), Message: member("message")}
		if fault != (Fault{}) {
			parsed.faults = append(parsed.faults, fault)
		}
	}
	return parsed
}
