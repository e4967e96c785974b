// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

// Whatever spelling of the user name the API knows, and whatever it does with the
// other one, the first create and the first update arrive. The spelling is then
// known for the run.
func TestUserNameSpelling(t *testing.T) {
	tests := map[string]struct {
		reading     reading
		first, next []string // requests for a create or an update
	}{
		"both":             {reading{}, []string{"1"}, []string{"1"}},
		"username":         {reading{userName: "username"}, []string{"1"}, []string{"1"}},
		"username, drops":  {reading{userName: "username", drops: true}, []string{"1"}, []string{"1"}},
		"userName":         {reading{userName: "userName"}, []string{"1", "1"}, []string{"1"}},
		"userName, drops":  {reading{userName: "userName", drops: true}, []string{"1", "PATCH"}, []string{"1"}},
		"username, hidden": {reading{userName: "username", hides: true}, []string{"1", "PATCH"}, []string{"1"}},
		"userName, hidden": {reading{userName: "userName", hides: true}, []string{"1", "1"}, []string{"1"}},
		"username, drops, hidden": {reading{userName: "username", drops: true, hides: true},
			[]string{"1", "PATCH"}, []string{"1", "PATCH"}},
		"userName, drops, hidden": {reading{userName: "userName", drops: true, hides: true},
			[]string{"1", "PATCH"}, []string{"1", "PATCH"}},
	}
	for name, test := range tests {
		for _, method := range []string{"POST", "PATCH"} {
			t.Run(name+"/"+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					api := &fakeAPI{reading: test.reading}
					api.addWebhooks(1)
					client := api.newClient(t)
					for i, user := range []string{"first", "second"} {
						webhook := newWebhook()
						webhook.Authentication = &Authentication{UserName: user, Password: "p-4711"}
						var got *Webhook
						var err error
						if method == "POST" {
							got, err = client.CreateWebhook(t.Context(), webhook)
						} else {
							got, err = client.UpdateWebhook(t.Context(), "w1", webhook, "authentication")
						}
						if err != nil {
							t.Fatal(err)
						}
						if !api.hides && (got.Authentication == nil || got.Authentication.UserName != user) {
							t.Errorf("got %+v", got.Authentication)
						}
						stored := api.webhooks[api.index(got.ID)]["authentication"].(map[string]any)
						if spelling := api.userName; stored["password"] != "p-4711" ||
							stored[spelling] != user && (spelling != "" || stored["username"] != user) {
							t.Errorf("the API has %v", stored)
						}
						var want, methods []string
						for _, request := range [][]string{test.first, test.next}[i] {
							want = append(want, strings.ReplaceAll(request, "1", method))
						}
						for _, request := range api.takeRequests() {
							methods = append(methods, request.method)
						}
						if diff := cmp.Diff(want, methods); diff != "" {
							t.Error(diff)
						}
					}
				})
			})
		}
	}
}

// An update of other members repeats no user name, even if the response has none.
func TestUserNameIsNotPartOfOtherUpdates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{reading: reading{hides: true}}
		api.addWebhooks(1)
		values := Webhook{Authentication: &Authentication{UserName: "u"}}
		if _, err := api.newClient(t).UpdateWebhook(t.Context(), "w1", values, "enabled"); err != nil {
			t.Fatal(err)
		}
		if requests := api.takeRequests(); len(requests) != 1 {
			t.Errorf("%v", requests)
		}
	})
}

// If both spellings are refused, the error is about the documented one.
func TestUserNameIsRefusedForItsValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		refuse := func(parameter, message string) fault {
			return respondWith(400, map[string]any{"type": "bad_request", "errors": []any{
				map[string]any{"code": "invalid_parameter", "parameter": parameter, "message": message}}})
		}
		api.failNext("POST", refuse("authentication.username", "too long"), refuse("authentication.userName", "unknown"))
		webhook := newWebhook()
		webhook.Authentication = &Authentication{UserName: "u", Password: "p-4711"}
		_, err := api.newClient(t).CreateWebhook(t.Context(), webhook)
		if err == nil || !strings.Contains(err.Error(), "too long") || len(api.takeRequests()) != 2 {
			t.Errorf("got %v", err)
		}
	})
}

// A create succeeds even if the API cannot be asked for the other spelling.
func TestUserNameRepetitionFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{reading: reading{userName: "userName", drops: true}}
		api.failNext("PATCH", func(*http.Request, func() *http.Response) (*http.Response, error) {
			return apiError(403, "forbidden", "no changes"), nil
		})
		webhook := newWebhook()
		webhook.Authentication = &Authentication{UserName: "u", Password: "p-4711"}
		created, err := api.newClient(t).CreateWebhook(t.Context(), webhook)
		if err != nil || created.ID != "w1" || len(api.webhooks) != 1 {
			t.Errorf("got %v, %v", created, err)
		}
	})
}

func TestFaultNamesUserName(t *testing.T) {
	tests := map[Fault]bool{
		{"unknown_parameter", "authentication.username", ""}:             true,
		{"missing_parameter", "authentication.userName", "is required"}:  true,
		{"missing_parameter", "authentication", "userName is required."}: true,
		{"missing_parameter", "", "unknown member \"username\""}:         true,
		{"missing_parameter", "oauth.userName", "is required"}:           false,
		{"invalid_parameter", "authentication.password", "too short"}:    false,
	}
	for fault, want := range tests {
		if fault.namesUserName() != want {
			t.Errorf("%v: got %t", fault, !want)
		}
	}
}
