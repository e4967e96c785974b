package sandbox

import (
	"maps"
	"net/http"
	"net/url"
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

// attempt is one that is to be made.
type attempt struct {
	EventID   string    `json:"eventId"`
	EventType string    `json:"eventType"`
	WebhookID string    `json:"webhookId"`
	LiveMode  bool      `json:"liveMode"`
	Number    int       `json:"number"`
	First     timestamp `json:"first"`
	Due       timestamp `json:"due"`

	// body is the event as it is sent; the file has it once for all attempts.
	body []byte
	// event is the event's key in the file.
	event uint64
}

// testRetries are when an attempt is made again in test mode, counted from the
// first one [decided].
var testRetries = []time.Duration{10 * time.Minute, time.Hour, 3 * time.Hour}

// giveUpAfter is for how long deliveries are tried in live mode, and how long a
// webhook may go without an acknowledgement before it is disabled.
const giveUpAfter = 72 * time.Hour

// next is the attempt after a, or nil where that was the last one. In live mode
// the pause doubles, from a minute on [decided].
func (a attempt) next() *attempt {
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
	a.Number++
	a.Due = timestamp{a.First.Add(wait)}
	return &a
}

// delivery is an attempt that was made. It holds no header, no body and no
// credential, so that it can leak none.
type delivery struct {
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

// failed says whether the endpoint is to blame for a missing acknowledgement.
func (d delivery) failed() bool {
	return d.Outcome != outcomeAcknowledged && d.Outcome != outcomeNotSent
}

// listDeliveries answers with the attempts so far, newest first.
func (s *Sandbox) listDeliveries(query url.Values, _ []byte) (answer, error) {
	var p problems
	for _, name := range slices.Sorted(maps.Keys(query)) {
		p.expect(name == "webhook" || name == "event", name, "%s is not a filter of deliveries: there are webhook and event.", name)
	}
	if err := p.err(); err != nil {
		return answer{}, err
	}
	matches := func(name, value string) bool { return !query.Has(name) || query.Get(name) == value }
	found := []delivery{}
	err := s.store.eachDelivery(func(d delivery) {
		if matches("webhook", d.WebhookID) && matches("event", d.EventID) {
			found = append(found, d)
		}
	})
	return jsonAnswer(http.StatusOK, encode(found)), err
}
