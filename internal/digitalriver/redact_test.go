package digitalriver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
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

func TestRedactEncodedCredentials(t *testing.T) {
	credential := `pass "word"/ä`
	forms := []string{
		credential, `pass \"word\"/ä`, "pass+%22word%22%2F%C3%A4", "pass%20%22word%22%2F%C3%A4", "pass &#34;word&#34;/ä",
	}
	for _, form := range forms {
		if got := newRedactor(credential).redact("it is " + form + "."); got != "it is [redacted]." {
			t.Errorf("%s became %q", form, got)
		}
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
