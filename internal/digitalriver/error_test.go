// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestErrorText(t *testing.T) {
	expires := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	with := func(change func(e *Error)) *Error {
		e := &Error{Operation: "create webhook", Method: "POST", Path: "/webhooks",
			Status: 400, Attempts: 1, UpstreamID: "u-1"}
		change(e)
		return e
	}
	tests := map[string]struct {
		err  error
		want string
	}{
		"faults": {with(func(e *Error) {
			e.Faults = []Fault{{"invalid_parameter", "types", "Unknown type."}, {"", "", "Bad."}, {"c", "", ""}}
		}), `POST /webhooks returned 400: ` +
			`"Unknown type." (invalid_parameter: types); "Bad."; c (upstream-id u-1)`},
		"several attempts": {with(func(e *Error) { e.Status, e.Attempts, e.Reason = 503, 5, "the response is empty" }),
			`POST /webhooks returned 503 after 5 attempts: the response is empty (upstream-id u-1)`},
		"no response": {with(func(e *Error) { e.Status, e.Attempts, e.Reason = 0, 2, "connection refused" }),
			`POST /webhooks got no response after 2 attempts: connection refused (upstream-id u-1)`},
		"not sent": {with(func(e *Error) { e.Status, e.Attempts, e.Reason, e.UpstreamID = 0, 0, "context canceled", "" }),
			`POST /webhooks was not sent: context canceled`},
		"request ID": {with(func(e *Error) { e.RequestID = "r-1" }),
			`POST /webhooks returned 400 (upstream-id u-1, x-dr-requestid r-1)`},
		"limit": {&SecretLimitError{NextExpiry: &expires, Active: 5, Err: with(func(e *Error) { e.Status = 409 })},
			`POST /webhooks returned 409 (upstream-id u-1); ` +
				`5 secrets are active, the next one expires at 2026-01-02T03:04:05Z`},
		"limit without expiry": {&SecretLimitError{Active: 5, Err: with(func(e *Error) { e.Status = 409 })},
			`POST /webhooks returned 409 (upstream-id u-1); 5 secrets are active and none is set to expire`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUnexpectedResponses(t *testing.T) {
	tests := map[string]struct {
		status int
		body   string
		header []string
		want   string
	}{
		"HTML": {400, "<!doctype html><head><title>\n Bad &amp; ugly </title>", nil,
			`the response is an HTML page, "Bad & ugly"`},
		"HTML, no title":   {502, "<html>", nil, "an HTML page"},
		"HTML by its type": {400, "oops", []string{"Content-Type", "text/html; charset=utf-8"}, "an HTML page"},
		"empty":            {400, "", nil, "the response is empty"},
		"half of the JSON": {400, `{"type": "bad_req`, nil, "not in the API's error format"},
		"other JSON":       {400, `{"fault": "x"}`, nil, "not in the API's error format"},
		"errors as text":   {400, `{"errors": "x"}`, nil, "not in the API's error format"},
		"a type only":      {403, `{"type": "forbidden", "errors": []}`, nil, "returned 403: forbidden"},
		"empty errors":     {400, `{"errors": [{}, null, 7]}`, nil, "not in the API's error format"},
		"redirect": {301, "", []string{"Location", "https://user:secret@elsewhere.example/login?token=secret#secret"},
			"it redirects to https://elsewhere.example/login, but redirects are not followed"},
		"redirect to nowhere":           {302, "", nil, "it redirects to nowhere"},
		"success without body":          {200, "", nil, "the response is empty"},
		"success with other JSON":       {200, `{"a": 1}`, nil, "could not be read: the list has no data"},
		"success with half of the JSON": {200, `[{"id"`, nil, "could not be read: unexpected end of JSON input"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{}
				api.failNext("GET", respondWith(test.status, test.body, test.header...))
				client := api.newClient(t, func(c *Config) { c.MaxRetries = 0 })
				text := asError(t, run(t.Context(), client, "list")).Error()
				if !strings.Contains(text, test.want) || strings.Contains(text, "secret") {
					t.Errorf("got %q, want it to say %q", text, test.want)
				}
			})
		})
	}
}

func redactedFaults(body string) []Fault {
	var faults []Fault
	for _, fault := range parseError([]byte(body)).faults {
		faults = append(faults, fault.redacted(&redactor{}))
	}
	return faults
}

func TestParseFaults(t *testing.T) {
	body := `{"type": "bad_request", "errors": [
		{"code": "invalid_parameter", "parameter": "types", "message": "Unknown\n\ttype."},
		"text", {"code": 7, "message": "Bad."}, {"message": "` + strings.Repeat("ä", maxTextLength) + `"}]}`
	got := redactedFaults(body)
	want := []Fault{
		{"invalid_parameter", "types", "Unknown type."},
		{"", "", "Bad."},
		{"", "", strings.Repeat("ä", maxTextLength/2) + "…"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	many := `{"errors": [` + strings.Repeat(`{"code": "c"},`, 99) + `{}]}`
	if got := redactedFaults(many); len(got) != maxFaults {
		t.Errorf("%d faults", len(got))
	}
}

func FuzzResponseError(f *testing.F) {
	for _, seed := range []string{
		`{"type":"bad_request","errors":[{"code":"c","parameter":"p","message":"m"}]}`,
		`{"errors":[1]}`, `{"errors":{}}`,
		`<html><title>x</title>`, `<title>`, ``, `null`, `[`, "{\"errors\":[{\"message\":\"\xff" + testKey + `"}]}`,
	} {
		f.Add(400, []byte(seed), "text/html")
	}
	client, err := New(Config{APIKey: testKey})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, status int, body []byte, contentType string) {
		header := http.Header{"Content-Type": {contentType}, "Location": {contentType}}
		resp := &response{status: status, body: body, header: header}
		text := client.newOperation("test").responseError(&request{}, resp, nil).Error()
		const maxLength = (maxFaults + 1) * 3 * (3 * maxTextLength) * 4
		if strings.Contains(text, testKey) || len(text) > maxLength || !utf8.ValidString(text) {
			t.Errorf("%q", text)
		}
	})
}

func TestUncertainErrorText(t *testing.T) {
	tests := map[string]struct {
		operation string
		repeated  bool
		ids       []string
		want      string
	}{
		"nothing found":     {"create webhook", false, nil, "it is not known whether the API carried out the request"},
		"one in doubt":      {"create webhook", false, []string{"a"}, "the webhook a could be the result, but may be older"},
		"several":           {"create webhook", false, []string{"a", "b"}, "several new webhooks could be the result: a, b"},
		"carried out twice": {"create webhook", true, []string{"a", "b"}, "more than once, each webhook is new: a, b"},
		"perhaps twice":     {"create webhook", true, []string{"a"}, "not known whether an earlier attempt made another"},
		"rotation":          {rotateSecret, false, nil, "look at the secrets of the webhook"},
		"rotations":         {rotateSecret, true, []string{"a", "b"}, "each signing secret is new: a, b"},
	}
	for name, test := range tests {
		// The response of a lost create may have been a success that was cut off.
		lost := &Error{Operation: test.operation, Status: 201}
		err := &UncertainError{IDs: test.ids, repeated: test.repeated, Err: lost}
		if !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %q, want it to say %q", name, err, test.want)
		}
	}
}
