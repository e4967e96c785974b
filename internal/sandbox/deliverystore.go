package sandbox

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"slices"
	"time"

	"go.etcd.io/bbolt"
)

var (
	// bucketEvents has the bodies of events that have attempts left.
	bucketEvents = []byte("events")
	// bucketAttempts has the attempts to be made, by event and webhook.
	bucketAttempts   = []byte("attempts")
	bucketDeliveries = []byte("deliveries")
)

// maxDeliveries bounds the log of attempts; the oldest are dropped beyond it.
const maxDeliveries = 20_000

func (a attempt) key() string {
	return string(sequenceKey(a.event)) + a.WebhookID
}

// loadAttempts reads what is left to be delivered.
func (s *store) loadAttempts(tx *bbolt.Tx) error {
	events := tx.Bucket(bucketEvents)
	return tx.Bucket(bucketAttempts).ForEach(func(k, v []byte) error {
		a := attempt{event: binary.BigEndian.Uint64(k), body: bytes.Clone(events.Get(k[:8]))}
		if err := json.Unmarshal(v, &a); err != nil {
			return err
		}
		s.pending[a.key()] = a
		return nil
	})
}

// attempts are all that are to be made.
func (s *store) attempts() []attempt {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var attempts []attempt
	for _, a := range s.pending {
		attempts = append(attempts, a)
	}
	return attempts
}

// addEvent addresses an event to the webhooks that it goes to, and stores the
// first attempts.
func (s *store) addEvent(e *event) ([]attempt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.CreatedTime = timestamp{s.clock.now().UTC().Truncate(time.Millisecond)}
	for _, r := range s.records {
		if w := r.Webhook; w.Enabled && w.LiveMode == e.LiveMode && slices.Contains(w.Types, e.Type) {
			e.WebhookIDs = append(e.WebhookIDs, w.ID)
		}
	}
	if len(e.WebhookIDs) == 0 {
		return nil, nil
	}
	body := encode(e)
	var attempts []attempt
	err := s.db.Update(func(tx *bbolt.Tx) error {
		events := tx.Bucket(bucketEvents)
		sequence, _ := events.NextSequence()
		if err := events.Put(sequenceKey(sequence), body); err != nil {
			return err
		}
		for _, id := range e.WebhookIDs {
			a := attempt{
				EventID: e.ID, EventType: e.Type, WebhookID: id, LiveMode: e.LiveMode,
				Number: 1, First: e.CreatedTime, Due: e.CreatedTime, body: body, event: sequence,
			}
			if err := tx.Bucket(bucketAttempts).Put([]byte(a.key()), encode(a)); err != nil {
				return err
			}
			attempts = append(attempts, a)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, a := range attempts {
		s.pending[a.key()] = a
	}
	return attempts, nil
}

// finish stores how an attempt went and the one that is to follow, if any.
func (s *store) finish(a attempt, d delivery, next *attempt) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.afterDelivery(d)
	_, pending := s.pending[a.key()]
	err := s.db.Update(func(tx *bbolt.Tx) error {
		if err := logDelivery(tx, d); err != nil {
			return err
		}
		if r != nil {
			if err := tx.Bucket(bucketWebhooks).Put(sequenceKey(r.sequence), encode(r)); err != nil {
				return err
			}
		}
		switch {
		case !pending:
			return nil
		case next != nil:
			return tx.Bucket(bucketAttempts).Put([]byte(next.key()), encode(next))
		}
		return dropAttempt(tx, a)
	})
	if err != nil {
		return err
	}
	if r != nil {
		s.keep(r)
	}
	switch {
	case pending && next != nil:
		s.pending[next.key()] = *next
	case pending:
		delete(s.pending, a.key())
	}
	return nil
}

// afterDelivery is the webhook's record as the outcome changes it, or nil where
// it does not.
func (s *store) afterDelivery(d delivery) *record {
	old := s.byID[d.WebhookID]
	if old == nil || !old.Webhook.Enabled {
		return nil
	}
	r := *old
	switch {
	case d.Outcome == outcomeAcknowledged && r.FailingSince != nil:
		r.FailingSince = nil
	case d.failed() && r.FailingSince == nil:
		r.FailingSince = &d.Time
	default:
		return nil
	}
	return &r
}

func logDelivery(tx *bbolt.Tx, d delivery) error {
	b := tx.Bucket(bucketDeliveries)
	sequence, _ := b.NextSequence()
	if sequence > maxDeliveries {
		if err := b.Delete(sequenceKey(sequence - maxDeliveries)); err != nil {
			return err
		}
	}
	return b.Put(sequenceKey(sequence), encode(d))
}

// dropAttempt removes an attempt, and with the last one its event.
func dropAttempt(tx *bbolt.Tx, a attempt) error {
	attempts, event := tx.Bucket(bucketAttempts), sequenceKey(a.event)
	if err := attempts.Delete([]byte(a.key())); err != nil {
		return err
	}
	if k, _ := attempts.Cursor().Seek(event); bytes.HasPrefix(k, event) {
		return nil
	}
	return tx.Bucket(bucketEvents).Delete(event)
}

// dropAttempts removes the attempts for a webhook, within the transaction that
// deletes it.
func (s *store) dropAttempts(tx *bbolt.Tx, webhookID string) error {
	for _, a := range s.pending {
		if a.WebhookID != webhookID {
			continue
		}
		if err := dropAttempt(tx, a); err != nil {
			return err
		}
	}
	return nil
}

// eachDelivery goes through the attempts that were made, newest first.
func (s *store) eachDelivery(do func(delivery)) error {
	return s.db.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket(bucketDeliveries).Cursor()
		for k, v := c.Last(); k != nil; k, v = c.Prev() {
			var d delivery
			if err := json.Unmarshal(v, &d); err != nil {
				return err
			}
			do(d)
		}
		return nil
	})
}

// disableFailing disables the webhooks that have gone without an
// acknowledgement for too long, once the attempts that were due until then are
// made. It says when the next one may have to be disabled, if any.
func (s *store) disableFailing() (next time.Time, failing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.records {
		if r.FailingSince == nil {
			continue
		}
		limit := r.FailingSince.Add(giveUpAfter)
		now := s.clock.now()
		switch {
		case now.Before(limit):
			if !failing || limit.Before(next) {
				next, failing = limit, true
			}
		case !s.attemptDueUntil(r.Webhook.ID, limit):
			disabled := *r
			disabled.FailingSince = nil
			disabled.Webhook.Enabled = false
			disabled.Webhook.touch(now)
			_ = s.write(&disabled) // What cannot be written is tried again with the next failure.
		}
	}
	return next, failing
}

func (s *store) attemptDueUntil(webhookID string, limit time.Time) bool {
	for _, a := range s.pending {
		if a.WebhookID == webhookID && !a.Due.After(limit) {
			return true
		}
	}
	return false
}
