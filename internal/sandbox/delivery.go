// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/signature"
)

// The outcomes of an attempt to deliver an event.
const (
	outcomeAcknowledged = "acknowledged"
	outcomeRejected     = "rejected"
	outcomeRedirected   = "redirected"
	outcomeTimedOut     = "timed_out"
	outcomeUnreachable  = "unreachable"
	outcomeTokenRefused = "token_refused"
	outcomeNotSent      = "not_sent"
)

// attempt is an attempt that is to be made.
type attempt struct {
	EventID   string    `json:"eventId"`
	EventType string    `json:"eventType"`
	WebhookID string    `json:"webhookId"`
	LiveMode  bool      `json:"liveMode"`
	Number    int       `json:"number"`
	First     timestamp `json:"first"`
	Due       timestamp `json:"due"`

	eventKey string // The key of the event in the data file.
}

// giveUpAfter is how long a delivery is retried in live mode, and how long a
// webhook may acknowledge nothing before it is disabled.
const giveUpAfter = 72 * time.Hour

// next returns the attempt after a, or nil if that was the last one. In live
// mode the pause begins at a minute and doubles. In test mode, the retries have
// their times after the first attempt.
func (a *attempt) next(testRetries []time.Duration) *attempt {
	var wait time.Duration
	switch retry := a.Number; {
	case a.LiveMode:
		wait = time.Duration(1<<retry-1) * time.Minute
		if wait > giveUpAfter {
			return nil
		}
	case retry > len(testRetries):
		return nil
	default:
		wait = testRetries[retry-1]
	}
	following := *a
	following.Number++
	following.Due = timestamp{a.First.Add(wait)}
	return &following
}

// attemptResult is an attempt that has been made. It has no header and no
// credential, so it cannot leak one. Of the response's body, it has the first line
// if the endpoint refused the event.
type attemptResult struct {
	ID          string     `json:"id"`
	EventID     string     `json:"eventId"`
	EventType   string     `json:"eventType"`
	WebhookID   string     `json:"webhookId"`
	Attempt     int        `json:"attempt"`
	Time        timestamp  `json:"time"`
	DurationMS  int64      `json:"durationMs"`
	Status      int        `json:"status"`
	Outcome     string     `json:"outcome"`
	Reason      string     `json:"reason,omitempty"`
	Fault       string     `json:"fault"`
	NextAttempt *timestamp `json:"nextAttempt"`
}

// failed reports whether the endpoint is the reason that the attempt was not
// acknowledged.
func (r attemptResult) failed() bool {
	return r.Outcome != outcomeAcknowledged && r.Outcome != outcomeNotSent
}

// listDeliveries returns the attempts that have been made, newest first.
func (s *Sandbox) listDeliveries(c call) (response, error) {
	query, err := c.parameters()
	if err != nil {
		return response{}, err
	}
	var p problems
	for _, name := range slices.Sorted(maps.Keys(query)) {
		p.expect(name == "webhook" || name == "event" || name == "limit", name,
			"%s is not a parameter; deliveries have webhook, event and limit.", name)
	}
	limit := pageLimit(&p, query, maxDeliveries)
	if err := p.err(); err != nil {
		return response{}, err
	}
	matches := func(name, value string) bool { return !query.Has(name) || query.Get(name) == value }
	found := []attemptResult{}
	err = s.store.eachDelivery(func(r attemptResult) bool {
		if matches("webhook", r.WebhookID) && matches("event", r.EventID) {
			found = append(found, r)
		}
		return len(found) < limit
	})
	return jsonResponse(http.StatusOK, encode(found)), err
}

// getDelivery returns an attempt that has been made, with what it sent and got.
func (s *Sandbox) getDelivery(c call) (response, error) {
	d, err := s.store.getDelivery(c.id)
	if err != nil {
		return response{}, err
	}
	return jsonResponse(http.StatusOK, encode(d.view())), nil
}

// resendDelivery sends the event of an attempt to its webhook again: at once, and
// then as if it were new.
func (s *Sandbox) resendDelivery(c call) (response, error) {
	a, err := s.store.resend(c.id)
	if err != nil {
		return response{}, err
	}
	s.courier.schedule(a)
	return jsonResponse(http.StatusAccepted, encode(struct {
		EventID   string `json:"eventId"`
		WebhookID string `json:"webhookId"`
	}{a.EventID, a.WebhookID})), nil
}

// loggedDelivery is an attempt that has been made with what is known about it.
type loggedDelivery struct {
	result     attemptResult
	transcript *transcript  // nil if nothing was sent, or too long ago.
	event      *storedEvent // nil if the event was deleted.
	record     *record      // nil if the webhook was deleted.
}

// deliveryView is an attempt that has been made as GET /_sandbox/deliveries/{id}
// returns it.
type deliveryView struct {
	attemptResult
	Request   *requestView   `json:"request"`
	Signature *signatureView `json:"signature"`
	Response  *responseView  `json:"response"`
	Timing    *timing        `json:"timing"`
}

type requestView struct {
	URL     string      `json:"url"`
	Headers http.Header `json:"headers"`
	Body    *string     `json:"body"`
}

type responseView struct {
	Headers http.Header `json:"headers"`
	Body    string      `json:"body"`
}

func (d loggedDelivery) view() deliveryView {
	v := deliveryView{attemptResult: d.result}
	t := d.transcript
	if t == nil {
		return v
	}
	v.Timing = &t.Timing
	v.Request = &requestView{URL: t.URL, Headers: t.RequestHeader}
	if d.event != nil {
		body := string(d.event.body)
		v.Request.Body = &body
		if d.record != nil {
			header := t.RequestHeader.Get(signature.HeaderName)
			v.Signature = checkSignature(header, d.event.body, d.record.Secrets, d.result.Time, t.RealTime)
		}
	}
	if t.Responded {
		v.Response = &responseView{t.ResponseHeader, string(t.ResponseBody)}
	}
	return v
}
