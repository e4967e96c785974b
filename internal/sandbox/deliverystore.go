// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"go.etcd.io/bbolt"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/delivery"
)

// maxDeliveries is the length of the log of deliveries. Beyond it, the oldest
// are dropped.
const maxDeliveries = 20_000

// maxTranscripts is the number of transcripts that are kept, each of 64 KiB or
// little more at most. Beyond it, the oldest are dropped.
const maxTranscripts = 1000

// eventRetention is how long events are kept, as documented for GET /events.
const eventRetention = 30 * 24 * time.Hour

// storedEvent is an event of the last 30 days, or one that still has attempts to
// be made.
type storedEvent struct {
	event   delivery.Event
	created time.Time
	body    []byte // The event as it is delivered.
	fileKey string // The key in the data file.
}

func (e *storedEvent) id() string   { return e.event.ID }
func (e *storedEvent) key() string  { return e.fileKey }
func (e *storedEvent) live() bool   { return e.event.LiveMode }
func (e *storedEvent) file() []byte { return encode(e.event) }

func decodeStoredEvent(key, value []byte) (*storedEvent, error) {
	e := &storedEvent{fileKey: string(key)}
	if err := json.Unmarshal(value, &e.event); err != nil {
		return nil, err
	}
	var err error
	if e.body, err = e.event.Encode(); err != nil {
		return nil, err
	}
	e.created, err = time.Parse(time.RFC3339, e.event.CreatedTime)
	return e, err
}

// listEvents returns the events of a mode from the last 30 days, oldest first.
func (s *store) listEvents(live bool) []*storedEvent {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.DeleteFunc(s.events.list(live), s.hidden)
}

func (s *store) getEvent(live bool, id string) (*storedEvent, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, found := s.events.get(live, id)
	if !found || s.hidden(e) {
		err := newError(http.StatusNotFound, "not_found",
			"There is no event %q in %s mode in the last 30 days.", id, modeName(live))
		err.problems[0].Parameter = "id"
		return nil, err
	}
	return e, nil
}

// hidden reports whether GET /events leaves an event out: it is too old, or it
// belongs to the Commerce API.
func (s *store) hidden(e *storedEvent) bool { return s.expired(e) || e.event.Commerce }

// expired reports whether an event is too old for the API.
func (s *store) expired(e *storedEvent) bool {
	return s.clock.now().Sub(e.created) > eventRetention
}

// deleteExpired deletes the events that are too old and have no attempts to be
// made.
func (s *store) deleteExpired(tx *bbolt.Tx) error {
	for _, e := range s.events.sorted {
		if !s.expired(e) {
			break
		}
		if len(s.attempts.withPrefix(e.fileKey)) > 0 {
			continue
		}
		if err := s.events.delete(tx, e); err != nil {
			return err
		}
	}
	return nil
}

func (a *attempt) id() string   { return a.key() }
func (a *attempt) key() string  { return a.eventKey + a.WebhookID }
func (a *attempt) live() bool   { return a.LiveMode }
func (a *attempt) file() []byte { return encode(a) }

func decodeAttempt(key, value []byte) (*attempt, error) {
	a := &attempt{}
	err := json.Unmarshal(value, a)
	a.eventKey = string(key[:len(key)-len(a.WebhookID)])
	return a, err
}

// allAttempts returns all attempts that are to be made.
func (s *store) allAttempts() []*attempt {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.attempts.sorted)
}

// addEvent completes an event with its time and the webhooks that it goes to,
// stores it, and returns the first attempts. It deletes events that are too old.
func (s *store) addEvent(e *delivery.Event) ([]*attempt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	created := timestamp{s.clock.now().UTC().Truncate(time.Millisecond)}
	e.CreatedTime = delivery.FormatTime(created.Time)
	for _, r := range s.webhooks.list(e.LiveMode) {
		if r.Webhook.Enabled && slices.Contains(r.Webhook.Types, e.Type) {
			e.WebhookIDs = append(e.WebhookIDs, r.Webhook.ID)
		}
	}
	body, err := e.Encode()
	if err != nil {
		return nil, err
	}
	var attempts []*attempt
	err = s.db.Update(func(tx *bbolt.Tx) error {
		if err := s.deleteExpired(tx); err != nil {
			return err
		}
		fileKey, err := s.events.newKey(tx)
		if err != nil {
			return err
		}
		stored := &storedEvent{event: *e, created: created.Time, body: body, fileKey: fileKey}
		if err := s.events.put(tx, stored); err != nil {
			return err
		}
		for _, id := range e.WebhookIDs {
			a := newAttempt(stored, id, created)
			if err := s.attempts.put(tx, a); err != nil {
				return err
			}
			attempts = append(attempts, a)
		}
		return nil
	})
	return attempts, err
}

// prepare returns what an attempt needs. It is false when the attempt is no longer
// to be made: its webhook was deleted, or a resend has taken its place.
func (s *store) prepare(a *attempt) (r *record, body []byte, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.current(a) {
		return nil, nil, false
	}
	r, found := s.webhooks.get(a.LiveMode, a.WebhookID)
	if !found {
		return nil, nil, false
	}
	e, found := s.events.get(a.LiveMode, a.EventID)
	if !found {
		return nil, nil, false
	}
	return r, e.body, true
}

// current reports whether an attempt is still to be made.
func (s *store) current(a *attempt) bool {
	stored, found := s.attempts.get(a.LiveMode, a.id())
	return found && stored == a
}

// finish stores the result of an attempt, and the attempt after it if there is
// one. It completes the result with its id and the time of that attempt. It is
// false if no attempt is to follow.
func (s *store) finish(a *attempt, result *attemptResult, t *transcript, next *attempt) (follows bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := s.afterAttempt(*result)
	// It no longer is after a duplicate, or if the webhook was deleted or the event
	// sent again meanwhile.
	current := s.current(a)
	if current && next != nil {
		follows, result.NextAttempt = true, &next.Due
	}
	return follows, s.db.Update(func(tx *bbolt.Tx) error {
		if err := logDelivery(tx, result, t); err != nil {
			return err
		}
		if changed != nil {
			if err := s.putWebhook(tx, changed); err != nil {
				return err
			}
		}
		switch {
		case !current:
			return nil
		case next != nil:
			return s.attempts.put(tx, next)
		}
		return s.attempts.delete(tx, a)
	})
}

// resend replaces the attempt that is to be made for the event and webhook of a
// logged one, if any, by a first attempt that is due at once.
func (s *store) resend(id string) (*attempt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.findDelivery(id)
	if err != nil {
		return nil, err
	}
	if d.event == nil {
		return nil, newError(http.StatusConflict, "conflict",
			"The event %q is older than 30 days, so it cannot be sent again.", d.result.EventID)
	}
	webhookID := d.result.WebhookID
	if _, found := s.webhooks.get(d.event.live(), webhookID); !found {
		return nil, newError(http.StatusConflict, "conflict", "The webhook %q was deleted.", webhookID)
	}
	a := newAttempt(d.event, webhookID, timestamp{s.clock.now().UTC().Truncate(time.Millisecond)})
	return a, s.db.Update(func(tx *bbolt.Tx) error { return s.attempts.put(tx, a) })
}

// newAttempt returns the first attempt to deliver an event to a webhook.
func newAttempt(e *storedEvent, webhookID string, due timestamp) *attempt {
	return &attempt{
		EventID: e.event.ID, EventType: e.event.Type, WebhookID: webhookID, LiveMode: e.event.LiveMode,
		Number: 1, First: due, Due: due, eventKey: e.fileKey,
	}
}

// afterAttempt returns the webhook's record as the result changes it, or nil if
// it does not.
func (s *store) afterAttempt(result attemptResult) *record {
	old := s.webhooks.byID[result.WebhookID]
	if old == nil || !old.Webhook.Enabled {
		return nil
	}
	r := *old
	switch {
	case result.Outcome == outcomeAcknowledged && r.FailingSince != nil:
		r.FailingSince = nil
	case result.failed() && r.FailingSince == nil:
		r.FailingSince = &result.Time
	default:
		return nil
	}
	return &r
}

// logDelivery logs a result, which it gives an id. The transcript may be nil.
func logDelivery(tx *bbolt.Tx, result *attemptResult, t *transcript) error {
	log, transcripts := tx.Bucket(bucketDeliveries), tx.Bucket(bucketTranscripts)
	sequence, err := log.NextSequence()
	if err != nil {
		return err
	}
	for bucket, limit := range map[*bbolt.Bucket]uint64{log: maxDeliveries, transcripts: maxTranscripts} {
		if sequence <= limit {
			continue
		}
		if err := bucket.Delete(sequenceKey(sequence - limit)); err != nil {
			return err
		}
	}
	if t != nil {
		if err := transcripts.Put(sequenceKey(sequence), encode(t)); err != nil {
			return err
		}
	}
	result.ID = strconv.FormatUint(sequence, 10)
	return log.Put(sequenceKey(sequence), encode(result))
}

func (s *store) getDelivery(id string) (loggedDelivery, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.findDelivery(id)
}

// findDelivery is getDelivery for callers that hold the lock.
func (s *store) findDelivery(id string) (d loggedDelivery, err error) {
	sequence, _ := strconv.ParseUint(id, 10, 64) // No delivery has the id 0.
	key := sequenceKey(sequence)
	err = s.db.View(func(tx *bbolt.Tx) error {
		result, t := tx.Bucket(bucketDeliveries).Get(key), tx.Bucket(bucketTranscripts).Get(key)
		if result == nil {
			e := newError(http.StatusNotFound, "not_found", "There is no delivery %q among the newest %d.", id, maxDeliveries)
			e.problems[0].Parameter = "id"
			return e
		}
		if err := json.Unmarshal(result, &d.result); err != nil || t == nil {
			return err
		}
		return json.Unmarshal(t, &d.transcript)
	})
	d.event, d.record = s.events.byID[d.result.EventID], s.webhooks.byID[d.result.WebhookID]
	return d, err
}

// eachDelivery calls do with the logged results, newest first, until it returns
// false.
func (s *store) eachDelivery(do func(attemptResult) (more bool)) error {
	return s.db.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket(bucketDeliveries).Cursor()
		for k, v := c.Last(); k != nil; k, v = c.Prev() {
			var result attemptResult
			if err := json.Unmarshal(v, &result); err != nil {
				return err
			}
			if !do(result) {
				return nil
			}
		}
		return nil
	})
}

// disableFailing disables the webhooks that have acknowledged nothing for too
// long, once the attempts that were due by then have been made. It returns those,
// and the time when the next one may follow, or the zero time.
func (s *store) disableFailing() (disabled []*record, next time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.now()
	for _, old := range s.webhooks.sorted {
		if old.FailingSince == nil {
			continue
		}
		limit := old.FailingSince.Add(giveUpAfter)
		switch {
		case now.Before(limit):
			next = earlier(next, limit)
		case !s.attemptDueBy(old.Webhook.ID, limit):
			r := *old
			r.DisabledReason = fmt.Sprintf("it has acknowledged nothing for %d hours, since %s",
				int(giveUpAfter.Hours()), r.FailingSince.UTC().Format(time.RFC3339))
			r.FailingSince = nil
			r.Webhook.Enabled = false
			r.Webhook.touch(now)
			r.switched()
			// A failure to write is not reported; the next attempt tries again.
			if s.db.Update(func(tx *bbolt.Tx) error { return s.putWebhook(tx, &r) }) == nil {
				disabled = append(disabled, &r)
			}
		}
	}
	return disabled, next
}

// attemptDueBy reports whether a webhook has an attempt to be made by a time.
func (s *store) attemptDueBy(webhookID string, limit time.Time) bool {
	return slices.ContainsFunc(s.attempts.sorted, func(a *attempt) bool {
		return a.WebhookID == webhookID && !a.Due.After(limit)
	})
}
