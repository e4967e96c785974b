// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"

	"go.etcd.io/bbolt"
)

// record is a webhook with its signing secrets.
type record struct {
	Webhook webhook  `json:"webhook"`
	Secrets []secret `json:"secrets"`
	// FailingSince is the time of the first failed attempt since the last
	// acknowledgement.
	FailingSince *timestamp `json:"failingSince,omitempty"`
	// DisabledReason is why the sandbox disabled the webhook, which nobody has
	// enabled since.
	DisabledReason string `json:"disabledReason,omitempty"`
	// Switches are the newest times at which the webhook was enabled or disabled,
	// oldest first.
	Switches []switching `json:"switches,omitempty"`

	fileKey string // The key in the data file.
	encoded []byte // The webhook as the API returns it.
}

// switching is the time at which a webhook was enabled or disabled.
type switching struct {
	Time    timestamp `json:"time"`
	Enabled bool      `json:"enabled"`
	Reason  string    `json:"reason"` // Why the sandbox disabled it; empty for a request to the API.
}

// maxSwitches is the number of switches that are kept for a webhook.
const maxSwitches = 20

// switched records that the webhook was enabled or disabled at its updatedTime.
func (r *record) switched() {
	all := append(slices.Clone(r.Switches), switching{r.Webhook.UpdatedTime, r.Webhook.Enabled, r.DisabledReason})
	r.Switches = all[max(0, len(all)-maxSwitches):]
}

func (r *record) id() string   { return r.Webhook.ID }
func (r *record) key() string  { return r.fileKey }
func (r *record) live() bool   { return r.Webhook.LiveMode }
func (r *record) file() []byte { return encode(r) }

// recordDecoder returns the decoder of records. View encodes a webhook as the API
// returns it.
func recordDecoder(view func(webhook) []byte) func(key, value []byte) (*record, error) {
	return func(key, value []byte) (*record, error) {
		r := &record{fileKey: string(key)}
		err := json.Unmarshal(value, r)
		r.encoded = view(r.Webhook)
		return r, err
	}
}

// listWebhooks returns the records of a mode, oldest first.
func (s *store) listWebhooks(live bool) []*record {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.webhooks.list(live)
}

func (s *store) getWebhook(live bool, id string) (*record, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.findWebhook(live, id)
}

// findWebhook is getWebhook for callers that hold the lock.
func (s *store) findWebhook(live bool, id string) (*record, error) {
	r, found := s.webhooks.get(live, id)
	if !found {
		e := newError(http.StatusNotFound, "not_found", "There is no webhook %q in %s mode.", id, modeName(live))
		e.problems[0].Parameter = "id"
		return nil, e
	}
	return r, nil
}

// createWebhook stores the record that build returns.
func (s *store) createWebhook(build func() *record) (*record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := build()
	return r, s.db.Update(func(tx *bbolt.Tx) (err error) {
		if r.fileKey, err = s.webhooks.newKey(tx); err != nil {
			return err
		}
		return s.putWebhook(tx, r)
	})
}

// updateWebhook stores what edit makes of a copy of the record. Edit must not
// change what the copy's slices and pointers refer to.
func (s *store) updateWebhook(live bool, id string, edit func(*record) error) (*record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.findWebhook(live, id)
	if err != nil {
		return nil, err
	}
	r := *old
	if err := edit(&r); err != nil {
		return nil, err
	}
	return &r, s.db.Update(func(tx *bbolt.Tx) error { return s.putWebhook(tx, &r) })
}

// deleteWebhook also deletes the attempts that were still to be made.
func (s *store) deleteWebhook(live bool, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.findWebhook(live, id)
	if err != nil {
		return err
	}
	return s.db.Update(func(tx *bbolt.Tx) error {
		for _, a := range s.attempts.sorted {
			if a.WebhookID != id {
				continue
			}
			if err := s.attempts.delete(tx, a); err != nil {
				return err
			}
		}
		return s.webhooks.delete(tx, r)
	})
}

func (s *store) putWebhook(tx *bbolt.Tx, r *record) error {
	r.encoded = s.view(r.Webhook)
	return s.webhooks.put(tx, r)
}
