package digitalriver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
)

// What the API and the network say is repeated without any credential, in
// errors and in the log.
func TestNoCredentialIsRepeated(t *testing.T) {
	secrets := []string{testKey, "client secret/ä", "oauth-password", "oauth-password-and-more", "whk_1234-abcd"}
	echo := `you sent ` + strings.Join(secrets, " and ") + ` via http://user:proxy-password@proxy.example`
	secrets = append(secrets, "proxy-password", "client secret", "-and-more")
	page := "<html><title>" + strings.Repeat("x", maxTextLength-len("oauth-password-and-more")-20) + echo + "</title>"
	faults := map[string]fault{
		"faults": func(*http.Request, func() *http.Response) (*http.Response, error) {
			return respond(400, map[string]any{"errors": []any{map[string]any{"code": echo, "parameter": echo, "message": echo}}}), nil
		},
		"page": func(*http.Request, func() *http.Response) (*http.Response, error) { return respond(400, page), nil },
		"redirect": func(*http.Request, func() *http.Response) (*http.Response, error) {
			return respond(301, "", "Location", "https://elsewhere.example/"+testKey), nil
		},
		"network": func(*http.Request, func() *http.Response) (*http.Response, error) { return nil, errors.New(echo) },
		"body": func(*http.Request, func() *http.Response) (*http.Response, error) {
			response := respond(201, "")
			response.Body = io.NopCloser(errorReader{errors.New(echo)})
			return response, nil
		},
		"time": func(*http.Request, func() *http.Response) (*http.Response, error) {
			return respond(201, map[string]any{"id": "a", "createdTime": echo}), nil
		},
	}
	for name, fault := range faults {
		for _, operation := range []string{"create", "update"} {
			t.Run(operation+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					api := &fakeAPI{}
					api.failNext("POST", fault)
					api.failNext("PATCH", fault)
					api.failNext("GET", failWith(403))
					var logged strings.Builder
					client := api.newClient(t, func(c *Config) {
						c.MaxRetries = 0
						c.Log = func(_ context.Context, message string, fields map[string]any) {
							fmt.Fprintln(&logged, message, fields)
						}
					})
					authentication := &Authentication{UserName: "u", Password: "oauth-password"}
					oauth := &OAuth{ClientSecret: "oauth-password-and-more", Password: "client secret/ä", Audience: "a"}
					var err error
					if operation == "create" {
						_, err = client.CreateWebhook(t.Context(), NewWebhook{Authentication: authentication, OAuth: oauth})
					} else {
						_, err = client.UpdateWebhook(t.Context(), "w1", WebhookPatch{Authentication: authentication, OAuth: oauth})
					}
					if err == nil {
						t.Fatal("no error")
					}
					texts := []string{logged.String()}
					for ; err != nil; err = errors.Unwrap(err) {
						texts = append(texts, fmt.Sprintf("%v", err))
						if apiError, ok := err.(*Error); ok { //nolint:errorlint // The loop unwraps.
							texts = append(texts, fmt.Sprintf("%+v", apiError.Faults), apiError.Reason)
						}
						if _, ok := err.(*redactedError); ok { //nolint:errorlint // The loop unwraps.
							break // What it hides is only for errors.Is.
						}
					}
					for _, text := range texts {
						for _, secret := range append(secrets, "oauth-pass") {
							if strings.Contains(text, secret) {
								t.Errorf("%q holds %q", text, secret)
							}
						}
					}
				})
			})
		}
	}
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }
