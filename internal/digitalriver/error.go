package digitalriver

import (
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
	"unicode"
)

// How much of the API's words an error repeats, in bytes and entries (decided).
const (
	maxWords  = 500
	maxFaults = 20
)

// Error is a request that did not succeed: the API said no, or its answer could
// not be had or read. It never holds a key or a credential.
type Error struct {
	Operation  string        // e.g. "create webhook"
	Method     string        // of the last request
	Path       string        // of the last request, as escaped on the wire
	Status     int           // of the last answer; 0: none came
	Faults     []Fault       // the API's own words, where the answer held any
	Reason     string        // what was wrong, where there are no Faults or more is to be said
	UpstreamID string        // of the last request
	Attempts   int           // requests sent for this operation
	RetryAfter time.Duration // what the last 429 or 503 asked for
	Err        error         // the cause below HTTP, if any

	foreign bool // the answer was none of the API's
}

// Fault is one entry of an API error.
type Fault struct {
	Code      string
	Parameter string // the member of the request that it speaks of; may be empty
	Message   string
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s %s ", e.Operation, e.Method, e.Path)
	switch {
	case e.Status != 0:
		fmt.Fprintf(&b, "answered %d", e.Status)
	case e.Attempts > 0:
		b.WriteString("got no answer")
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

// String is the fault in one line: the message, and what it speaks of.
func (f Fault) String() string {
	about := strings.Join(slices.DeleteFunc([]string{f.Code, f.Parameter}, isEmpty), ": ")
	switch {
	case f.Message == "":
		return about
	case about == "":
		return fmt.Sprintf("%q", f.Message)
	default:
		return fmt.Sprintf("%q (%s)", f.Message, about)
	}
}

func isEmpty(s string) bool { return s == "" }

// DuplicateError is a create whose answer was lost and for which several new
// webhooks could be the result.
type DuplicateError struct {
	IDs []string
	Err *Error
}

func (e *DuplicateError) Error() string {
	return fmt.Sprintf("%v; several new webhooks could be the one that was asked for: %s",
		e.Err, strings.Join(e.IDs, ", "))
}

func (e *DuplicateError) Unwrap() error { return e.Err }

// SecretLimitError is a rotation that was refused since the webhook has as many
// active secrets as may be (docs).
type SecretLimitError struct {
	NextExpiry *time.Time // when the next secret expires; nil: none is set to
	Active     int        // secrets that work, counted before the rotation
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

// IsNotFound tells whether the API said that the object does not exist. A 404
// that is not the API's own, such as a proxy's page, says nothing about it.
func IsNotFound(err error) bool {
	var apiError *Error
	return errors.As(err, &apiError) && apiError.Status == http.StatusNotFound && !apiError.foreign
}

// failure describes an answer that is not what was asked for; reason says what
// is wrong with the body of a 2xx.
func (o *operation) failure(r *request, a *answer, reason error) *Error {
	err := &Error{
		Operation:  o.name,
		Method:     r.method,
		Path:       r.path,
		Status:     a.status,
		UpstreamID: a.upstreamID,
		Attempts:   o.attempts,
	}
	if a.status == 0 {
		if a.err != nil {
			err.Err = &cause{text: o.redact.text(a.err.Error()), err: a.err}
			err.Reason = err.Err.Error()
		}
		return err
	}
	err.foreign = a.foreign()
	err.Faults = parseFaults(a.body, o.redact)
	if len(err.Faults) == 0 || reason != nil {
		err.Faults, err.Reason = nil, explain(a, reason, o.redact)
	}
	return err
}

// cause keeps what an error is, but not its words.
type cause struct {
	text string
	err  error
}

func (c *cause) Error() string { return c.text }
func (c *cause) Unwrap() error { return c.err }

// explain says what an answer was that holds no fault of the API.
func explain(a *answer, reason error, redact *redactor) string {
	switch {
	case a.status >= 300 && a.status < 400:
		return "it redirects to " + redact.text(location(a.header.Get("Location"))) + ", which is not followed"
	case a.isHTML():
		return "the answer is an HTML page" + title(a.body, redact)
	case errors.Is(a.err, errTooLarge):
		return a.err.Error()
	case a.err != nil:
		return "the answer is cut off: " + redact.text(a.err.Error())
	case len(a.body) == 0:
		return "the answer is empty"
	case reason != nil:
		return "the answer was not understood: " + redact.text(reason.Error())
	default:
		return "the answer holds no error of the API's form"
	}
}

// location is where a redirect points, without what may be secret.
func location(raw string) string {
	target, err := url.Parse(raw)
	if err != nil || raw == "" {
		return "nowhere"
	}
	target.User, target.RawQuery, target.Fragment = nil, "", ""
	return target.String()
}

var titlePattern = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title`)

// title is the title of an HTML page, quoted.
func title(body []byte, redact *redactor) string {
	match := titlePattern.FindSubmatch(body)
	if match == nil {
		return ""
	}
	return fmt.Sprintf(", %q", redact.text(html.UnescapeString(string(match[1]))))
}

// parseFaults reads an error body tolerantly: what is not as it should be is
// left out.
func parseFaults(body []byte, redact *redactor) []Fault {
	var answer map[string]any
	if json.Unmarshal(body, &answer) != nil {
		return nil
	}
	entries, _ := answer["errors"].([]any)
	var faults []Fault
	for _, entry := range entries[:min(len(entries), maxFaults)] {
		members, _ := entry.(map[string]any)
		member := func(name string) string {
			text, _ := members[name].(string)
			return redact.text(text)
		}
		fault := Fault{Code: member("code"), Parameter: member("parameter"), Message: member("message")}
		if fault != (Fault{}) {
			faults = append(faults, fault)
		}
	}
	return faults
}

// redactor takes credentials out of text that others wrote.
type redactor struct {
	replacer *strings.Replacer
}

const redacted = "[redacted]"

// patterns of secrets that need not be known: signing secrets, and users in URLs.
var (
	signingSecret = regexp.MustCompile(`whk_[0-9A-Za-z-]+`)
	userInURL     = regexp.MustCompile(`//[^/\s"]*@`)
)

func newRedactor(credentials ...string) *redactor {
	// The longest goes first: one may be part of another.
	slices.SortFunc(credentials, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, credential := range slices.DeleteFunc(credentials, isEmpty) {
		quoted := encode(credential)
		for _, form := range []string{
			credential,
			string(quoted[1 : len(quoted)-1]),
			url.QueryEscape(credential),
			url.PathEscape(credential),
			html.EscapeString(credential),
		} {
			pairs = append(pairs, form, redacted)
		}
	}
	return &redactor{replacer: strings.NewReplacer(pairs...)}
}

// text returns others' words on one line, short, and without credentials.
func (r *redactor) text(s string) string {
	s = r.replacer.Replace(s)
	s = signingSecret.ReplaceAllString(s, redacted)
	s = userInURL.ReplaceAllString(s, "//"+redacted+"@")
	return oneLine(s)
}

// oneLine makes text safe to print: one line, at most maxWords.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "�"))), " ")
	if len(s) > maxWords {
		s = strings.ToValidUTF8(s[:maxWords], "") + "…"
	}
	return s
}
