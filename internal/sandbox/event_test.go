// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

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

		`{"type":"order.accepted","product":1}`:                 "invalid_parameter product",
		`{"type":"order.accepted","product":""}`:                "invalid_parameter product",
		`{"type":"order.accepted","product":"global_commerce"}`: "invalid_parameter product",
		`{"type":"order.accepted","product":"commerce_api"}`:    "invalid_parameter type",
		`{"type":"order.acepted","product":"commerce_api"}`:     "invalid_parameter type",
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

// TestEventOfChange shows previous attributes and, of events in live mode, that
// all objects are in live mode.
func TestEventOfChange(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		e := n.endpoint(nil)
		send := func(eventType string) (object, previous map[string]any) {
			t.Helper()
			s.callAs(liveKey, 201, "POST", "/webhooks", fmt.Sprintf(`{"types":[%q],"address":%q}`, eventType, e.url))
			s.trigger(fmt.Sprintf(`{"type":%q,"mode":"live","data":{"currency":"EUR"}}`, eventType))
			data := decode[struct {
				Data struct{ Object, PreviousAttributes map[string]any }
			}](t, e.last(t).body).Data
			return data.Object, data.PreviousAttributes
		}
		object, previous := send("source.chargeable")
		equal(t, "state", object["state"], any("chargeable"))
		equal(t, "previous", previous, map[string]any{"state": "requires_action"})
		equal(t, "liveMode", object["liveMode"], any(true))
		object, _ = send("fulfillment_return.created")
		equal(t, "livemode", object["livemode"], any(true))
		object, previous = send("subscription.deleted")
		equal(t, "deleted", object, map[string]any{"currency": "EUR"})
		equal(t, "liveMode", previous["liveMode"], any(true))
		object, previous = send("tax_identifier.pending")
		equal(t, "no mode", []any{object["liveMode"], previous}, []any{nil, map[string]any(nil)})
	})
}

// TestCommerceEvent shows which events have the form of the Commerce API's, and
// that a retry after a restart has the same body.
func TestCommerceEvent(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		o := sandbox.Options{DataFile: filepath.Join(t.TempDir(), "data")}
		e := n.endpoint(respondWith(500).ServeHTTP)
		s, stop := n.sandbox(o)
		s.create(fmt.Sprintf(`{"types":["subscription.created","subscription.renewed"],"address":%q}`, e.url))
		for request, want := range map[string][]string{
			`{"type":"subscription.created"}`: {
				"createdTime", "data", "digitalriverVersion", "id", "liveMode", "type", "webhookIds",
			},
			`{"type":"subscription.created","product":"digital_river_api"}`: {
				"createdTime", "data", "digitalriverVersion", "id", "liveMode", "type", "webhookIds",
			},
			`{"type":"subscription.created","product":"commerce_api"}`: {"clientIds", "data", "searchableData", "type"},
			`{"type":"subscription.renewed"}`:                          {"clientIds", "data", "searchableData", "type"},
		} {
			s.trigger(request)
			body := decode[map[string]any](t, e.last(t).body)
			equal(t, request, slices.Sorted(maps.Keys(body)), want)
		}
		s.settledDeliveries(4)
		stop()

		s, _ = n.sandbox(o)
		s.advance("10m")
		s.settledDeliveries(8)
		bodies := map[string]int{}
		for _, request := range e.requests() {
			bodies[request.body]++
		}
		equal(t, "bodies", len(bodies), 4)
		for body, times := range bodies {
			equal(t, body, times, 2)
		}
	})
}

// eventIDs returns the ids of the events on a page, and whether there are more.
func (s *server) eventIDs(query string) (ids []string, more bool) {
	s.t.Helper()
	page := decode[struct {
		Data    []struct{ ID string }
		HasMore bool
	}](s.t, s.call(200, "GET", "/events"+query, "").body)
	ids = []string{}
	for _, e := range page.Data {
		ids = append(ids, e.ID)
	}
	return ids, page.HasMore
}

// TestListEvents triggers an event every second from 2000-01-01T00:00:00Z on.
func TestListEvents(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		ids := make([]string, 12)
		for i := range slices.Backward(ids) { // Newest first.
			eventType := []string{"order.accepted", "invoice.paid"}[i%2]
			ids[i] = s.trigger(`{"type":"` + eventType + `"}`)["id"].(string)
			pass(time.Second)
		}
		s.trigger(`{"type":"order.accepted","mode":"live"}`)
		even := []string{ids[0], ids[2], ids[4], ids[6], ids[8], ids[10]}
		tests := map[string]struct {
			want []string
			more bool
		}{
			"":                                 {ids[:10], true},
			"?limit=12":                        {ids, false},
			"?limit=1":                         {ids[:1], true},
			"?startingAfter=" + ids[9]:         {ids[10:], false},
			"?limit=2&startingAfter=" + ids[3]: {ids[4:6], true},
			"?limit=2&endingBefore=" + ids[4]:  {ids[2:4], true},
			"?endingBefore=" + ids[4]:          {ids[:4], false},
			"?endingBefore=" + ids[0]:          {[]string{}, false},
			"?startingAfter=none&endingBefore=" + ids[1]: {ids[:1], false},
			"?type=order.accepted":                       {even, false},
			"?type=order.*&limit=2":                      {even[:2], true},
			"?types=order.accepted&types=a.b":            {even, false},
			"?types=invoice.paid,order.accepted":         {ids[:10], true},
			"?createdTime[gt]=2000-01-01T00:00:09Z":      {ids[:2], false},
			"?createdTime[gte]=2000-01-01T00:00:09Z":     {ids[:3], false},
			"?createdTime[lt]=2000-01-01T00:00:02Z":      {ids[10:], false},
			"?createdTime[lte]=2000-01-01T00:00:02Z":     {ids[9:], false},
			"?createdTime%5Bgt%5D=2000-01-01T00:00:02Z&createdTime%5Blt%5D=2000-01-01T00:00:04.000Z": {ids[8:9], false},
		}
		for query, test := range tests {
			got, more := s.eventIDs(query)
			equal(t, query, got, test.want)
			equal(t, query+" hasMore", more, test.more)
		}
	})
}

func TestListEventsRefuses(t *testing.T) {
	s := start(t, sandbox.Options{})
	for query, want := range map[string][]string{
		"?type=a.b&types=a.b":                   {"invalid_parameter types"},
		"?limit=101":                            {"invalid_parameter limit"},
		"?startingAfter=none":                   {"invalid_parameter startingAfter"},
		"?endingBefore=none":                    {"invalid_parameter endingBefore"},
		"?createdTime[gt]=monday":               {"invalid_parameter createdTime[gt]"},
		"?createdTime[eq]=2000-01-01T00:00:00Z": {"unknown_parameter createdTime[eq]"},
	} {
		equal(t, query, s.call(400, "GET", "/events"+query, "").errors(t), want)
	}
	s.callAs(restrictedKey, 403, "GET", "/events", "")
}

// TestEventsAreKept shows that events can be read for 30 days, in their mode.
func TestEventsAreKept(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		e := n.endpoint(nil)
		s.subscribe(e.url, "")
		id := s.trigger(acceptedEvent)["id"].(string)
		equal(t, "event", s.call(200, "GET", "/events/"+id, "").body, e.last(t).body)
		s.callAs(restrictedKey, 403, "GET", "/events/"+id, "")
		equal(t, "live mode", s.callAs(liveKey, 404, "GET", "/events/"+id, "").errors(t), []string{"not_found id"})
		s.advance("720h")
		s.call(200, "GET", "/events/"+id, "")
		s.advance("1ms")
		s.call(404, "GET", "/events/"+id, "")
		got, _ := s.eventIDs("")
		equal(t, "list", got, []string{})
	})
}
