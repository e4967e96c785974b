// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// TestResponses_neverTaint changes the webhooks in the API's responses in ways
// that the public documentation leaves open. No create or update may fail, a
// change that only concerns the form must stay invisible, and any other one must
// show as an update in place.
func TestResponses_neverTaint(t *testing.T) {
	dropUserName := func(w object) { delete(w["authentication"].(object), "username") }
	tests := map[string]struct {
		change     func(webhook object)
		difference string // the attribute that the next plan updates; empty: none
	}{
		"host in lower case": {change: func(w object) { w["address"] = "https://shop.example.com/in" }},
		"slash added":        {change: func(w object) { w["address"] = "https://Shop.example.com/in/" }},
		"default port added": {change: func(w object) { w["address"] = "https://Shop.example.com:443/in" }},
		"default as a date":  {change: func(w object) { w["apiVersion"] = "2021-12-13" }},
		"without a mode":     {change: func(w object) { delete(w, "liveMode") }},
		"other path": {
			change:     func(w object) { w["address"] = "https://Shop.example.com/out" },
			difference: "address",
		},
		"one of the spellings of the user name dropped": {change: dropUserName},
		"user name dropped": {
			change: func(w object) {
				dropUserName(w)
				delete(w["authentication"].(object), "userName")
			},
			difference: "authentication",
		},
		"authentication dropped": {
			change:     func(w object) { delete(w, "authentication") },
			difference: "authentication",
		},
		"password masked": {change: func(w object) { w["authentication"].(object)["password"] = "********" }},
		"type dropped":    {change: func(w object) { w["types"] = []any{"order.accepted"} }, difference: "types"},
		"disabled":        {change: func(w object) { w["enabled"] = false }, difference: "enabled"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			api := startSandbox(t)
			proxy := changeResponses(t, api.url, test.change)
			server, _ := configuredServer(t, proxy, &testClock{})
			webhook := newManagedObject(t, server, webhookTypeName, newWebhookResource(&digitalRiver{}))
			config := object{
				"address": "https://Shop.example.com/in", "types": []any{"order.accepted", "refund.failed"},
				"authentication": object{"username": "dr", "password": "s3cret"},
			}
			if !webhook.apply(config) {
				t.Fatal("the create failed")
			}
			if webhook.state.IsNull() {
				t.Fatal("the webhook is not in state")
			}
			planned := webhook.plan(config)
			for attribute, value := range decodedAs[map[string]tftypes.Value](t, webhook.state) {
				if !planned[attribute].Equal(value) {
					t.Errorf("right after the create, %s changes", attribute)
				}
			}
			webhook.server, _ = configuredServer(t, proxy, &testClock{})
			webhook.refreshWithWarnings()
			state := decodedAs[map[string]tftypes.Value](t, webhook.state)
			var different []string
			response := webhook.planResponse(valueOfJSON(t, webhook.kind, config))
			nextPlan := webhook.decode(response.PlannedState)
			if repeated := repeatedWarnings(response.Diagnostics); repeated != test.difference {
				t.Errorf("the next plan repeats the explanation of %q, want %q", repeated, test.difference)
			}
			for attribute, value := range decodedAs[map[string]tftypes.Value](t, nextPlan) {
				if attribute != "updated_time" && !value.Equal(state[attribute]) {
					different = append(different, attribute)
				}
			}
			var want []string
			if test.difference != "" {
				want = []string{test.difference}
			}
			if diff := cmp.Diff(want, different); diff != "" {
				t.Errorf("the next plan updates (-want +got):\n%s", diff)
			}
			if !webhook.apply(config) {
				t.Error("the update failed")
			}
		})
	}
}

// repeatedWarnings are the attributes of which a plan says that the API returned
// another value.
func repeatedWarnings(diagnostics []*tfprotov6.Diagnostic) string {
	var attributes []string
	for _, d := range diagnostics {
		if strings.HasPrefix(d.Summary, notTakenOver) && strings.Contains(d.Detail, "the API returned ") {
			attributes = append(attributes, strings.TrimPrefix(d.Attribute.String(), "AttributeName"))
		}
	}
	return strings.NewReplacer("(", "", ")", "", `"`, "").Replace(strings.Join(attributes, " "))
}

// TestResponses_explanation follows the explanation of a value that the API did not
// take over: each plan repeats it while the configuration asks for that value and
// the API has the other one, a plan in the apply does not, and nothing of it is left
// once the two agree.
func TestResponses_explanation(t *testing.T) {
	api := startSandbox(t)
	ignored := "https://example.com/ignored"
	proxy := changeResponses(t, api.url, func(w object) {
		if w["address"] == ignored {
			w["address"] = "https://example.com/kept"
		}
	})
	start := func() tfprotov6.ProviderServer {
		server, _ := configuredServer(t, proxy, &testClock{})
		return server
	}
	webhook := newManagedObject(t, start(), webhookTypeName, newWebhookResource(&digitalRiver{}))
	config := func(address string) object {
		return object{"address": address, "types": []any{"order.accepted"}, "enabled": true}
	}
	if !webhook.apply(config(ignored)) {
		t.Fatal("the create failed")
	}
	explained := func(when, address, want string) {
		t.Helper()
		webhook.server = start()
		webhook.refresh()
		configured := valueOfJSON(t, webhook.kind, config(address))
		first := webhook.planResponse(configured)
		if got := repeatedWarnings(first.Diagnostics); got != want {
			t.Errorf("%s: the plan explains %q, want %q", when, got, want)
		}
		webhook.server = start() // As in an apply of the plan.
		second := webhook.planResponse(configured)
		if len(second.Diagnostics) > 0 {
			t.Errorf("%s: the second plan warns again: %v", when, second.Diagnostics)
		}
		decoded := func(plan *tfprotov6.PlanResourceChangeResponse) map[string]tftypes.Value {
			return decodedAs[map[string]tftypes.Value](t, webhook.decode(plan.PlannedState))
		}
		checkSamePlan(t, decoded(first), decoded(second))
	}
	explained("after the create", ignored, "address")
	explained("with another value", "https://example.com/other", "")
	explained("with the value of the API", "https://example.com/kept", "")
	if !webhook.apply(config(ignored)) {
		t.Fatal("the update failed")
	}
	explained("after the update", ignored, "address")
	if !webhook.apply(config("https://example.com/other")) {
		t.Fatal("the update failed")
	}
	if strings.Contains(string(webhook.private), deviationsKey) {
		t.Errorf("private state still holds the explanation: %s", webhook.private)
	}
	explained("after they agree", ignored, "")
}

// changeResponses forwards requests to an API and changes each webhook in its
// responses.
func changeResponses(t *testing.T, api string, change func(webhook object)) (proxyURL string) {
	t.Helper()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request, err := http.NewRequestWithContext(r.Context(), r.Method, api+r.URL.RequestURI(), r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		request.Header = r.Header
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Error(err)
			return
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		var webhook object
		var webhooks []object
		switch {
		case response.StatusCode > 299:
		case json.Unmarshal(body, &webhooks) == nil:
			for _, listed := range webhooks {
				change(listed)
			}
			body, _ = json.Marshal(webhooks)
		case json.Unmarshal(body, &webhook) == nil:
			change(webhook)
			body, _ = json.Marshal(webhook)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(response.StatusCode)
		_, _ = io.Copy(w, bytes.NewReader(body))
	}))
	t.Cleanup(proxy.Close)
	return proxy.URL
}
