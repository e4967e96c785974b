// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

// eventOf returns the id of the event in a request.
func eventOf(t testing.TB, d delivered) any {
	t.Helper()
	return decode[map[string]any](t, d.body)["id"]
}

// signatures returns the timestamp and the signatures of a request.
func (d delivered) signatures() (timestamp string, signatures []string) {
	parts := strings.Split(d.header.Get("DigitalRiver-Signature"), ", ")
	return parts[0], parts[1:]
}

func TestDeliveryFaultDuplicate(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		e := n.endpoint(respondWith(500).ServeHTTP)
		s.subscribe(e.url, "")
		s.setFaults(`[{"kind":"duplicate","times":1}]`)
		s.trigger(acceptedEvent)
		d := s.settledDeliveries(2)
		for i, hasNext := range []bool{false, true} { // Newest first: the second has no retry of its own.
			equal(t, "delivery", []any{d[i].EventID, d[i].Attempt, d[i].Fault, d[i].NextAttempt != nil},
				[]any{d[0].EventID, 1, "duplicate", hasNext})
		}
		got := e.requests()
		equal(t, "requests", []any{len(got), got[0].body == got[1].body}, []any{2, true})
		s.advance("10m")
		equal(t, "fault of the retry", s.settledDeliveries(3)[0].Fault, "")
	})
}

// TestDeliveryFaultReorder has two pairs of events, and one that nothing follows.
func TestDeliveryFaultReorder(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, stop := n.sandbox(sandbox.Options{})
		e := n.endpoint(nil)
		id, other := s.subscribe(e.url, ""), n.endpoint(nil)
		s.subscribe(other.url, "")
		s.setFaults(`[{"kind":"reorder","webhook":"` + id + `"}]`)
		var events []any
		for range 5 {
			events = append(events, s.trigger(acceptedEvent)["id"])
			settle()
		}
		var got, inOrder []any
		for _, d := range e.requests() {
			got = append(got, eventOf(t, d))
		}
		for _, d := range other.requests() {
			inOrder = append(inOrder, eventOf(t, d))
		}
		equal(t, "events", got, []any{events[1], events[0], events[3], events[2]})
		equal(t, "events of the other webhook", inOrder, events)
		held := s.deliveries("?event=" + events[0].(string) + "&webhook=" + id)[0]
		equal(t, "held", []any{held.Fault, held.Outcome}, []any{"reorder", "acknowledged"})
		s.control(204, "POST", "/reset", "")
		settle()
		stop()
		equal(t, "after a reset", len(e.requests()), 4)
	})
}

// TestDeliveryFaultReorderAndRestart shows that an event that is held back is not
// lost.
func TestDeliveryFaultReorderAndRestart(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		o := withDefaults(t, sandbox.Options{})
		s, stop := n.sandbox(o)
		e := n.endpoint(nil)
		s.subscribe(e.url, "")
		s.setFaults(`[{"kind":"reorder"}]`)
		s.trigger(acceptedEvent)
		equal(t, "requests", len(e.requests()), 0)
		stop()
		n.sandbox(o)
		equal(t, "requests after a restart", len(e.requests()), 1)
	})
}

func TestDeliveryFaultLate(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		e := n.endpoint(nil)
		id := s.subscribe(e.url, "")
		s.setFaults(`[{"kind":"late"}]`)
		s.trigger(acceptedEvent)
		timestamp, signatures := e.last(t).signatures()
		equal(t, "timestamp", timestamp, fmt.Sprint(time.Now().Add(-10*time.Minute).Unix()))
		equal(t, "signatures", signatures, []string{signed(s.secrets(id)[0].Secret, timestamp, e.last(t).body)})
		equal(t, "time", s.settledDeliveries(1)[0].Time.Equal(time.Now()), true)
	})
}

// TestDeliveryFaultOldSecret has a webhook before its first rotation, after it,
// and after the previous secret has expired.
func TestDeliveryFaultOldSecret(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		e := n.endpoint(nil)
		id := s.subscribe(e.url, "")
		previous := s.secrets(id)[0].Secret
		s.setFaults(`[{"kind":"old_secret","times":2}]`)
		s.trigger(acceptedEvent)
		equal(t, "before a rotation", s.settledDeliveries(1)[0].Fault, "")
		s.rotate(id, 1)
		for _, wait := range []string{"0s", "2h"} {
			s.advance(wait)
			s.trigger(acceptedEvent)
			timestamp, signatures := e.last(t).signatures()
			equal(t, "signatures", signatures, []string{signed(previous, timestamp, e.last(t).body)})
		}
		s.trigger(acceptedEvent)
		timestamp, signatures := e.last(t).signatures()
		equal(t, "afterwards", signatures, []string{signed(s.secrets(id)[0].Secret, timestamp, e.last(t).body)})
	})
}

func TestDeliveryFaultBadSignature(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		e := n.endpoint(nil)
		id := s.subscribe(e.url, "")
		s.rotate(id, 1)
		s.setFaults(`[{"kind":"bad_signature"}]`)
		s.trigger(acceptedEvent)
		timestamp, signatures := e.last(t).signatures()
		equal(t, "timestamp", timestamp, fmt.Sprint(time.Now().Unix()))
		equal(t, "number", len(signatures), 2)
		for _, secret := range s.secrets(id) {
			for _, signature := range signatures {
				if signature == signed(secret.Secret, timestamp, e.last(t).body) {
					t.Error("a signature is valid")
				}
			}
		}
	})
}

// TestDeliveryFaultDrop shows that a lost event is not the endpoint's failure.
func TestDeliveryFaultDrop(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		e := n.endpoint(nil)
		id := s.subscribe(e.url, "")
		s.setFaults(`[{"kind":"drop","times":1}]`)
		event := s.trigger(acceptedEvent)["id"].(string)
		d := s.settledDeliveries(1)[0]
		equal(t, "delivery", []any{d.Outcome, d.Reason, d.Fault, d.NextAttempt == nil},
			[]any{"not_sent", "a fault rule drops it", "drop", true})
		s.advance("100h")
		s.settledDeliveries(1)
		equal(t, "enabled", s.enabled(id), true)
		equal(t, "requests", len(e.requests()), 0)
		s.call(200, "GET", "/events/"+event, "") // What was missed can be read.
	})
}

// TestDeliveryFaultMatches shows which attempts a rule is for, and that rules for
// deliveries and for API requests are apart.
func TestDeliveryFaultMatches(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		e := n.endpoint(nil)
		id := s.create(fmt.Sprintf(`{"types":["order.accepted","refund.failed"],"address":%q}`, e.url))
		for rule, want := range map[string]string{
			`{"kind":"late"}`:                                       "late",
			`{"kind":"late","type":"order.*"}`:                      "late",
			`{"kind":"late","type":"refund.*"}`:                     "",
			`{"kind":"late","webhook":"` + id + `"}`:                "late",
			`{"kind":"late","webhook":"other"}`:                     "",
			`{"kind":"late","type":"refund.*","webhook":"other"}`:   "",
			`{"kind":"late","probability":0}`:                       "",
			`{"kind":"status","status":500},{"kind":"drop"}`:        "drop",
			`{"kind":"bad_signature","times":1},{"kind":"late"}`:    "bad_signature",
			`{"kind":"status","status":500,"method":"OPTIONS"}`:     "",
			`{"kind":"duplicate","type":"*.accepted","times":1000}`: "duplicate",
		} {
			s.setFaults("[" + rule + "]")
			event := s.trigger(acceptedEvent)["id"].(string)
			settle()
			equal(t, rule, s.deliveries("?event=" + event)[0].Fault, want)
		}
		s.setFaults(`[{"kind":"drop","times":1}]`)
		s.call(200, "GET", "/webhooks", "")
		s.trigger(acceptedEvent)
		settle()
		equal(t, "rules left", s.control(200, "GET", "/faults", "").body, "[]")
	})
}

func TestDeliveryFaultsRefuse(t *testing.T) {
	s := start(t, sandbox.Options{})
	for body, want := range map[string][]string{
		`[{"kind":"late","type":"order"}]`:               {"invalid_parameter [0].type"},
		`[{"kind":"late","type":1}]`:                     {"invalid_parameter [0].type"},
		`[{"kind":"late","webhook":1}]`:                  {"invalid_parameter [0].webhook"},
		`[{"kind":"late","method":"POST","path":"/x"}]`:  {"invalid_parameter [0].method", "invalid_parameter [0].path"},
		`[{"kind":"late","status":500}]`:                 {"invalid_parameter [0].status"},
		`[{"kind":"late","retryAfter":1,"delay":"1s"}]`:  {"invalid_parameter [0].retryAfter", "invalid_parameter [0].delay"},
		`[{"kind":"slow","type":"order.*"}]`:             {"invalid_parameter [0].type"},
		`[{"kind":"slow","webhook":"x"},{"kind":"lat"}]`: {"invalid_parameter [0].webhook", "invalid_parameter [1].kind"},
		`[{"type":"order.*"}]`:                           {"missing_parameter [0].kind"},
		`[{"kind":"duplicate","probability":2}]`:         {"invalid_parameter [0].probability"},
	} {
		equal(t, body, s.control(400, "PUT", "/faults", body).errors(t), want)
	}
	r := s.control(400, "PUT", "/faults", `[{"kind":"drop","path":"/webhooks"}]`)
	if !strings.Contains(r.body, "[0].path applies only to the kinds status, html, ") {
		t.Error(r.body)
	}
	const rule = `[{"kind":"reorder","type":"order.*","webhook":"x","times":3}]`
	listed := s.control(200, "PUT", "/faults", rule).body
	equal(t, "put what was listed", s.control(200, "PUT", "/faults", listed).body, listed)
}
