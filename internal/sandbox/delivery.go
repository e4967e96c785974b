package sandbox

import (
	"maps"
	"net/http"
	"slices"
	"time"
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

// attemptResult is an attempt that has been made. It has no header, body or
// credential, so it cannot leak one.
type attemptResult struct {
	EventID     string     `json:"eventId"`
	EventType   string     `json:"eventType"`
	WebhookID   string     `json:"webhookId"`
	Attempt     int        `json:"attempt"`
	Time        timestamp  `json:"time"`
	DurationMS  int64      `json:"durationMs"`
	Status      int        `json:"status"`
	Outcome     string     `json:"outcome"`
	Reason      string     `json:"reason,omitempty"`
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
		p.expect(name == "webhook" || name == "event", name,
			"%s is not a filter of deliveries; the filters are webhook and event.", name)
	}
	if err := p.err(); err != nil {
		return response{}, err
	}
	matches := func(name, value string) bool { return !query.Has(name) || query.Get(name) == value }
	found := []attemptResult{}
	err = s.store.eachDelivery(func(r attemptResult) {
		if matches("webhook", r.WebhookID) && matches("event", r.EventID) {
			found = append(found, r)
		}
	})
	return jsonResponse(http.StatusOK, encode(found)), err
}
