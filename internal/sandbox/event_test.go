package sandbox_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

const acceptedEvent = `{"type":"order.accepted"}`

// trigger creates an event and returns the response.
func (s *server) trigger(body string) map[string]any {
	s.t.Helper()
	return s.control(202, "POST", "/events", body).object(s.t)
}

// subscribe creates a webhook for order.accepted. Further members begin with a
// comma.
func (s *server) subscribe(address, members string) string {
	s.t.Helper()
	return s.create(fmt.Sprintf(`{"types":["order.accepted"],"address":%q%s}`, address, members))
}

func TestEventBody(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		e := n.endpoint(nil)
		id := s.subscribe(e.url, "")
		triggered := s.trigger(`{"type":"order.accepted","data":{"currency":"EUR","shipTo":null,"own":{"a":1}}}`)
		body := decode[map[string]any](t, e.last(t).body)
		object := body["data"].(map[string]any)["object"].(map[string]any)
		equal(t, "merged", []any{object["currency"], object["shipTo"], object["own"]},
			[]any{"EUR", nil, map[string]any{"a": 1.0}})
		delete(body, "data")
		equal(t, "envelope", body, map[string]any{
			"id": triggered["id"], "type": "order.accepted", "liveMode": false, "webhookIds": []any{id},
			"createdTime": "2000-01-01T00:00:00.000Z", "digitalriverVersion": "2021-12-13",
		})
	})
}

// TestEventReceivers shows which webhooks an event goes to.
func TestEventReceivers(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		e := n.endpoint(nil)
		id := s.subscribe(e.url, "")
		s.subscribe(e.url, `,"enabled":false`)
		s.create(fmt.Sprintf(`{"types":["order.blocked"],"address":%q}`, e.url))
		live := s.callAs(liveKey, 201, "POST", "/webhooks",
			fmt.Sprintf(`{"types":["order.accepted"],"address":%q}`, e.url)).object(t)["id"]

		equal(t, "test mode", s.trigger(acceptedEvent)["webhookIds"], any([]any{id}))
		equal(t, "requests", len(e.requests()), 1)
		equal(t, "live mode", s.trigger(`{"type":"order.accepted","mode":"live"}`)["webhookIds"], any([]any{live}))
		body := decode[map[string]any](t, e.last(t).body)
		object := body["data"].(map[string]any)["object"].(map[string]any)
		equal(t, "liveMode", []any{body["liveMode"], object["liveMode"]}, []any{true, true})
		equal(t, "nobody", s.trigger(`{"type":"order.refunded"}`)["webhookIds"], any([]any{}))
		equal(t, "requests", len(e.requests()), 2)
	})
}

func TestEventRefuses(t *testing.T) {
	s := start(t, sandbox.Options{})
	for body, want := range map[string]string{
		`{}`:                                   "missing_parameter type",
		`{"type":1}`:                           "invalid_parameter type",
		`{"type":"order.acepted"}`:             "invalid_parameter type",
		`{"type":"order.accepted","mode":"x"}`: "invalid_parameter mode",
		`{"type":"order.accepted","mode":1}`:   "invalid_parameter mode",
		`{"type":"order.accepted","data":[]}`:  "invalid_parameter data",
		`{"type":"order.accepted","x":1}`:      "unknown_parameter x",
		`[]`:                                   "invalid_format",
	} {
		equal(t, body, s.control(400, "POST", "/events", body).errors(t), []string{want})
	}
	if r := s.control(400, "POST", "/events", `{"type":"order.acepted"}`); !strings.Contains(r.body, "order.accepted") {
		t.Errorf("no suggestion in %s", r.body)
	}
	equal(t, "deliveries", len(s.deliveries("")), 0)
}

// TestEventSamples sends samples of several resources.
func TestEventSamples(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		e := n.endpoint(nil)
		for _, eventType := range []string{
			"order.accepted", "fulfillment.created", "refund.complete", "subscription.created",
		} {
			s.create(fmt.Sprintf(`{"types":[%q],"address":%q}`, eventType, e.url))
			s.trigger(fmt.Sprintf(`{"type":%q}`, eventType))
			body := decode[struct {
				Type string
				Data struct{ Object map[string]any }
			}](t, e.last(t).body)
			if body.Type != eventType || body.Data.Object["id"] == nil {
				t.Errorf("%s: %+v", eventType, body)
			}
		}
	})
}
