// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

// webhookState is a webhook as GET /_sandbox/webhooks returns it.
type webhookState struct {
	ID, Address, Mode, DisabledReason, TransportType string
	Types                                            []string
	Enabled                                          bool
	FailingSince, DisableTime                        *time.Time
	Pending                                          int
	Switches                                         []struct {
		Enabled bool
		Reason  string
	}
	Secrets []struct {
		ID          string
		ExpiresTime *time.Time
	}
}

func (s *server) states() []webhookState {
	s.t.Helper()
	body := s.control(200, "GET", "/webhooks", "").body
	if strings.Contains(body, "whk_") || strings.Contains(body, "hidden") {
		s.t.Errorf("the states have a secret or a credential: %s", body)
	}
	return decode[[]webhookState](s.t, body)
}

// TestWebhookStates has webhooks of both modes, of which one fails until it is
// disabled.
func TestWebhookStates(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{Readings: []string{"secrets=not-found", "list=newest-100"}})
		equal(t, "empty", s.control(200, "GET", "/webhooks", "").body, "[]")
		id := s.subscribe(n.endpoint(respondWith(500).ServeHTTP).url, "")
		s.callAs(liveKey, 201, "POST", "/webhooks",
			`{"types":["b.c","a.b"],"address":"https://u:hidden@example.com/x?token=hidden"}`)
		live := s.states()[0]
		equal(t, "live", []any{live.Mode, live.Address, live.Types, live.Enabled, live.TransportType, len(live.Secrets)},
			[]any{"live", "https://example.com/x", []string{"a.b", "b.c"}, true, "HTTP", 1})

		s.trigger(acceptedEvent)
		settle()
		failing := s.states()[1]
		equal(t, "failing", []any{failing.ID, failing.Pending, failing.DisableTime.Sub(*failing.FailingSince)},
			[]any{id, 1, 72 * time.Hour})
		s.advance("72h")
		settle()
		disabled := s.states()[1]
		equal(t, "disabled", []any{disabled.Enabled, disabled.DisabledReason, disabled.FailingSince, disabled.DisableTime},
			[]any{false, "it has acknowledged nothing for 72 hours, since " + failing.FailingSince.Format(time.RFC3339),
				(*time.Time)(nil), (*time.Time)(nil)})
		s.call(200, "PATCH", "/webhooks/"+id, `{"types":["order.accepted"]}`)
		equal(t, "reason after a change", s.states()[1].DisabledReason, disabled.DisabledReason)
		s.call(200, "PATCH", "/webhooks/"+id, `{"enabled":true}`)
		enabled := s.states()[1]
		equal(t, "reason when enabled", enabled.DisabledReason, "")
		equal(t, "switches", len(enabled.Switches), 2)
		equal(t, "switches", []any{enabled.Switches[0].Enabled, enabled.Switches[0].Reason, enabled.Switches[1].Enabled},
			[]any{false, disabled.DisabledReason, true})
	})
}

// TestDisabledByHand shows that a webhook that somebody has disabled does not go on
// failing.
func TestDisabledByHand(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		id := s.subscribe(n.endpoint(respondWith(500).ServeHTTP).url, "")
		s.trigger(acceptedEvent)
		settle()
		s.call(200, "PATCH", "/webhooks/"+id, `{"enabled":false}`)
		equal(t, "failing since", s.states()[0].FailingSince, (*time.Time)(nil))
		updated := s.webhook(id)["updatedTime"]
		s.advance("72h")
		settle()
		equal(t, "disabled", []any{s.states()[0].DisabledReason, s.webhook(id)["updatedTime"]}, []any{"", updated})
	})
}

func TestSecretsOfAnyMode(t *testing.T) {
	s := start(t, sandbox.Options{Readings: []string{"secrets=forbidden"}})
	live := s.callAs(liveKey, 201, "POST", "/webhooks", simpleWebhook).object(t)["id"].(string)
	for _, id := range []string{s.create(simpleWebhook), live} {
		secrets := decode[[]struct{ ID, Secret string }](t, s.control(200, "GET", "/webhooks/"+id+"/secrets", "").body)
		if len(secrets) != 1 || !strings.HasPrefix(secrets[0].Secret, "whk_") {
			t.Errorf("secrets of %s: %v", id, secrets)
		}
	}
	equal(t, "unknown", s.control(404, "GET", "/webhooks/none/secrets", "").errors(t), []string{"not_found"})
}

func TestAllEvents(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		equal(t, "empty", s.control(200, "GET", "/events", "").body, "[]")
		id := s.subscribe(n.endpoint(nil).url, "")
		s.trigger(acceptedEvent)
		s.trigger(`{"type":"subscription.created","product":"commerce_api","mode":"live"}`)
		settle()
		type event struct {
			Type, Mode string
			WebhookIDs []string
		}
		list := func(query string) []event {
			return decode[[]event](t, s.control(200, "GET", "/events"+query, "").body)
		}
		accepted, created := event{"order.accepted", "test", []string{id}}, event{"subscription.created", "live", []string{}}
		equal(t, "events", list(""), []event{created, accepted})
		equal(t, "newest", list("?limit=1"), []event{created})
		equal(t, "newest delivery", len(s.deliveries("?limit=1")), 1)
		for _, path := range []string{"/events?limit=0", "/deliveries?limit=101"} {
			equal(t, path, s.control(400, "GET", path, "").errors(t), []string{"invalid_parameter limit"})
		}
		equal(t, "unknown", s.control(400, "GET", "/events?type=a.b", "").errors(t), []string{"invalid_parameter type"})
	})
}

func TestEventTypes(t *testing.T) {
	s := start(t, sandbox.Options{})
	type eventType struct{ Type, Product, Description, ReplacedBy string }
	list := decode[[]eventType](t, s.control(200, "GET", "/event-types", "").body)
	equal(t, "number", len(list), len(catalog.EventTypes()))
	for _, e := range list {
		sample := s.control(200, "GET", "/event-types/"+url.PathEscape(e.Type)+"?product="+e.Product, "").object(t)
		if sample["object"] == nil {
			t.Errorf("%v has no sample", e)
		}
	}
	unknown := s.control(400, "GET", "/event-types/order.acepted", "")
	equal(t, "unknown", unknown.errors(t), []string{"invalid_parameter type"})
}

// TestSignatureCheck checks signatures as a receiver does.
func TestSignatureCheck(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		id := s.subscribe(n.endpoint(nil).url, "")
		s.call(201, "POST", "/webhooks/"+id+"/secrets", `{"expiresIn":1}`)
		secrets := s.states()[0].Secrets
		type match struct {
			SecretID string
			Active   bool
		}
		type check struct {
			Timestamp                  string
			AgeSeconds, RealAgeSeconds int
			Fresh, Valid               bool
			Signatures                 []match
		}
		newest, oldest := match{secrets[0].ID, true}, match{secrets[1].ID, true}
		for _, test := range []struct {
			what, fault, advance string
			want                 check
		}{
			{"two secrets", "", "", check{Fresh: true, Valid: true, Signatures: []match{newest, oldest}}},
			{"late", "late", "", check{AgeSeconds: 600, RealAgeSeconds: 600, Signatures: []match{newest, oldest}}},
			{"bad", "bad_signature", "", check{Fresh: true, Signatures: []match{{}, {}}}},
			{"old", "old_secret", "", check{Fresh: true, Valid: true, Signatures: []match{oldest}}},
			{"expired", "old_secret", "2h", check{
				Fresh: true, RealAgeSeconds: -7200, Signatures: []match{{secrets[1].ID, false}},
			}},
		} {
			s.setFaults(`[]`)
			if test.fault != "" {
				s.setFaults(`[{"kind":"` + test.fault + `"}]`)
			}
			if test.advance != "" {
				s.advance(test.advance)
			}
			s.trigger(acceptedEvent)
			settle()
			opened := decode[struct {
				Signature *check
				Time      time.Time
			}](t, s.control(200, "GET", "/deliveries/"+s.deliveries("?limit=1")[0].ID, "").body)
			if opened.Signature == nil || opened.Signature.Timestamp == "" {
				t.Fatalf("%s: no check", test.what)
			}
			opened.Signature.Timestamp = ""
			equal(t, test.what, *opened.Signature, test.want)
		}
		last := s.deliveries("?limit=1")[0].ID
		s.call(204, "DELETE", "/webhooks/"+id, "")
		equal(t, "without webhook", s.control(200, "GET", "/deliveries/"+last, "").object(t)["signature"], nil)
	})
}

// TestInspector shows that the page is at /, without a key, and only for the hosts
// that the rest is for.
func TestInspector(t *testing.T) {
	s := start(t, sandbox.Options{Command: "bin/dr"})
	page := s.callAs("", 200, "GET", "/", "")
	for _, kind := range sandbox.FaultKinds() {
		if !strings.Contains(page.body, `data-fault="`+kind+`"`) {
			t.Errorf("the page has no switch for the fault %s", kind)
		}
	}
	if !strings.Contains(page.body, "\nbin/dr listen<") {
		t.Error("the page does not have the command")
	}
	equal(t, "log", s.requestLog(), []string(nil))
	for _, path := range []string{"/", "/_sandbox/inspector/inspector.js"} {
		equal(t, path, s.sendAs("GET", path, ""), 200)
		equal(t, path, s.sendAs("GET", path, "", "Host", "evil.example"), 403)
	}
}
