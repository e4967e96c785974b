// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
)

// The API and the network echo each credential in every place that an error or
// the log repeats. Neither contains any.
func TestNoCredentialIsRepeated(t *testing.T) {
	secrets := []string{testKey, "client secret/ä", "oauth-password", "oauth-password-and-more", "whk_1234-abcd"}
	echo := `you sent ` + strings.Join(secrets, " and ") + ` via http://user:proxy-password@proxy.example`
	forbidden := append(secrets, "proxy-password", "client secret", "-and-more", "oauth-pass")
	// The title is cut within a credential if it is shortened before it is redacted.
	title := strings.Repeat("x", maxTextLength-len("oauth-password-and-more")-20) + echo
	faults := map[string]fault{
		"faults": respondWith(400, map[string]any{
			"errors": []any{map[string]any{"code": echo, "parameter": echo, "message": echo}}}),
		"page":     respondWith(400, "<html><title>"+title+"</title>"),
		"redirect": respondWith(301, "", "Location", "https://elsewhere.example/"+testKey),
		"network": func(*http.Request, func() *http.Response) (*http.Response, error) {
			return nil, errors.New(echo)
		},
		"body": func(*http.Request, func() *http.Response) (*http.Response, error) {
			response := respond(201, "")
			response.Body = io.NopCloser(iotest.ErrReader(errors.New(echo)))
			return response, nil
		},
		"time": respondWith(201, map[string]any{"id": "a", "createdTime": echo}),
	}
	authentication := &Authentication{UserName: "u", Password: "oauth-password"}
	oauth := &OAuth{ClientSecret: "oauth-password-and-more", Password: "client secret/ä", Audience: "a"}
	operations := map[string]func(ctx context.Context, c *Client) error{
		"create": func(ctx context.Context, c *Client) error {
			_, err := c.CreateWebhook(ctx, Webhook{Authentication: authentication, OAuth: oauth})
			return err
		},
		"update": func(ctx context.Context, c *Client) error {
			_, err := c.UpdateWebhook(ctx, "w1", Webhook{Authentication: authentication, OAuth: oauth},
				"authentication", "oauth")
			return err
		},
	}
	for name, fault := range faults {
		for operation, run := range operations {
			t.Run(operation+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					api := &fakeAPI{}
					api.failNext("POST", fault)
					api.failNext("PATCH", fault)
					api.failNext("GET", failWith(403))
					var log strings.Builder
					client := api.newClient(t, func(c *Config) {
						c.MaxRetries = 0
						c.Log = func(_ context.Context, message string, fields map[string]any) {
							fmt.Fprintln(&log, message, fields)
						}
					})
					err := run(t.Context(), client)
					if err == nil {
						t.Fatal("no error")
					}
					for _, text := range append(errorTexts(err), log.String()) {
						for _, secret := range forbidden {
							if strings.Contains(text, secret) {
								t.Errorf("%q contains %q", text, secret)
							}
						}
					}
				})
			})
		}
	}
}

// A message that repeats a credential in any form is withheld.
func TestCredentialInAnyForm(t *testing.T) {
	const password = `pä "s/&rd+1`
	tests := map[string]string{
		"plain":                password,
		"cut off":              `pä "s/&r`,
		"beginning and more":   `pä "s/&r****`,
		"JSON":                 `pä \"s/\u0026rd+1`,
		"JSON in ASCII":        `p\u00e4 \"s/&rd+1`,
		"JSON, upper case":     `p\u00E4 \u0022s/\u0026rd+1`,
		"JSON, escaped slash":  `pä \"s\/&rd+1`,
		"query":                `p%C3%A4+%22s%2F%26rd%2B1`,
		"path":                 `p%C3%A4%20%22s%2F&rd+1`,
		"percent, lower case":  `p%c3%a4%20%22s%2f%26rd+1`,
		"percent, everything":  `%70%c3%a4%20%22%73%2f%26%72`,
		"HTML":                 `p&auml; &quot;s/&amp;rd+1`,
		"HTML by number":       `p&#228; &#34;s/&#38;rd+1`,
		"HTML in hexadecimal":  `p&#xe4;&#x20;&#x22;s&#x2F;&#x26;rd`,
		"JSON in HTML":         `p\u00e4 \&quot;s/&amp;rd+1`,
		"URL in JSON in HTML":  `p%C3%A4+%22s\/&amp;rd`,
		"escaped twice":        `p%25C3%25A4%2520%2522s%252F%2526rd`,
		"base64":               base64.StdEncoding.EncodeToString([]byte(password)),
		"base64 for URLs":      base64.URLEncoding.EncodeToString([]byte(password)),
		"basic authentication": base64.StdEncoding.EncodeToString([]byte("user:" + password)),
		"another user":         base64.StdEncoding.EncodeToString([]byte("other:" + password)),
		"base64, cut off":      base64.StdEncoding.EncodeToString([]byte("u:" + password))[:15],
		"base64, escaped":      url.QueryEscape(base64.StdEncoding.EncodeToString([]byte("x:" + password))),
	}
	redactor := &redactor{}
	redactor.add(password)
	for name, text := range tests {
		if got := redactor.redact("you sent <" + text + ">"); got != withheld {
			t.Errorf("%s: %s is repeated as %q", name, text, got)
		}
	}
	for _, text := range []string{
		`pä "s/&`, "the password is too short",
		"100% of &nbsp; \\u12 %zz %", base64.StdEncoding.EncodeToString([]byte("user:")),
	} {
		if got := redactor.redact(text); got == withheld {
			t.Errorf("%q is withheld", text)
		}
	}
}

// The alphabets of base64 differ in two characters.
func TestCredentialInBothAlphabets(t *testing.T) {
	redactor := &redactor{}
	redactor.add("ÿÿÿÿ")
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		if text := encoding.EncodeToString([]byte("ÿÿÿÿ")); redactor.redact(text) != withheld {
			t.Errorf("%s is repeated", text)
		}
	}
}

// A short password is found by itself, and in basic authentication.
func TestShortCredential(t *testing.T) {
	webhook := Webhook{
		Authentication: &Authentication{UserName: "user", Password: "p4"},
		OAuth:          &OAuth{ClientID: "client", ClientSecret: "s5"},
	}
	redactor := &redactor{}
	redactor.add(webhook.credentials()...)
	for _, text := range []string{
		"it is p4.", "Basic dXNlcjpwNA==", "it is s5.", "Basic " + base64.StdEncoding.EncodeToString([]byte("client:s5")),
	} {
		if got := redactor.redact(text); got != withheld {
			t.Errorf("%q", got)
		}
	}
	if got := redactor.redact("no user and no client"); got == withheld {
		t.Error("a user name is withheld")
	}
}

// The API may repeat a credential that an earlier response showed, such as the old
// password that an update replaces.
func TestEarlierCredentialsAreNotRepeated(t *testing.T) {
	basic := map[string]any{"username": "user", "password": "old-password"}
	oauth := map[string]any{"clientID": "c", "clientSecret": "old-secret", "password": "old-oauth-password"}
	tests := map[string]struct{ operation, echo string }{
		"read":    {"read", "old-password"},
		"oauth":   {"list", "old-secret"},
		"another": {"list", "old-oauth-password"},
		"secret":  {"list secrets", "whk-without-prefix"},
		"rotated": {"rotate", "new-without-prefix"},
		"updated": {"update", "old-password"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{}
				address := "https://filled.example"
				api.add(map[string]any{"types": []string{"a.b"}, "address": address, "authentication": basic})
				api.add(map[string]any{"types": []string{"a.b"}, "address": address, "oauth": oauth})
				api.secrets["w1"][0]["secret"] = "whk-without-prefix"
				client := api.newClient(t)
				if test.operation == "rotate" {
					api.failNext("POST", respondWith(201, `{"id": "s9", "secret": "new-without-prefix"}`))
				}
				mustRun(t, client, test.operation)
				api.failNext("PATCH", respondWith(400, map[string]any{"type": "bad_request", "errors": []any{
					map[string]any{"code": "invalid_parameter", "message": "it was " + test.echo}}}))
				err := run(t.Context(), client, "update")
				if err == nil || strings.Contains(err.Error(), test.echo) || !strings.Contains(err.Error(), "invalid_parameter") {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

// An address may contain credentials too.
func TestCredentialsInAddress(t *testing.T) {
	redactor := &redactor{}
	webhook := Webhook{Address: "https://user:p4711@host.example/in?token=abcdefgh-ijkl&mode=test"}
	redactor.add(webhook.credentials()...)
	for _, text := range []string{webhook.Address, "p4711 is wrong", "token abcdefgh"} {
		if got := redactor.redact(text); got != withheld {
			t.Errorf("%q", got)
		}
	}
	if got := redactor.redact("the test mode of user at host.example"); got == withheld {
		t.Error("host, user or a short value is withheld")
	}
}

// A text is searched as far as it is repeated.
func TestLongText(t *testing.T) {
	redactor := &redactor{}
	redactor.add("hunter22")
	encoded := strings.Repeat("%20", maxTextLength) + "hunter22"
	if got := redactor.redact(encoded); got != withheld {
		t.Errorf("got %q", got)
	}
	if got := redactor.redact(strings.Repeat("x y", maxSearchedText) + "hunter22"); strings.Contains(got, "hunter") {
		t.Errorf("got %q", got)
	}
}

// errorTexts returns what users can see of an error and the errors that it wraps.
func errorTexts(err error) []string {
	var texts []string
	for ; err != nil; err = errors.Unwrap(err) {
		texts = append(texts, err.Error())
		switch err := err.(type) { //nolint:errorlint // The loop unwraps.
		case *Error:
			texts = append(texts, fmt.Sprintf("%+v", err.Faults), err.Reason)
		case *redactedError:
			return texts // The error that it hides is for errors.Is only.
		}
	}
	return texts
}
