// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
)

// maxSecrets is the number of secrets of a webhook that can be active at a time.
const maxSecrets = 5

// overlapHours are the values of expiresIn.
var overlapHours = []int{0, 1, 3, 6, 12, 24}

// secret is a signing secret as the API returns it.
type secret struct {
	ID          string     `json:"id"`
	Secret      string     `json:"secret"`
	CreatedTime timestamp  `json:"createdTime"`
	ExpiresTime *timestamp `json:"expiresTime"`
}

func newSecret(created timestamp) secret {
	return secret{ID: uuid.NewString(), Secret: "whk_" + uuid.NewString(), CreatedTime: created}
}

func (s secret) active(now time.Time) bool {
	return s.ExpiresTime == nil || now.Before(s.ExpiresTime.Time)
}

func (s *Sandbox) listSecrets(c call) (response, error) {
	if err := s.reading.offersSecrets(c); err != nil {
		return response{}, err
	}
	r, err := s.store.getWebhook(c.key.live(), c.id)
	if err != nil {
		return response{}, err
	}
	return jsonResponse(http.StatusOK, encode(struct {
		Data []secret `json:"data"`
	}{activeSecrets(r.Secrets, s.store.clock.now())})), nil
}

func (s *Sandbox) rotateSecret(c call) (response, error) {
	if err := s.reading.offersSecrets(c); err != nil {
		return response{}, err
	}
	overlap, invalid := s.reading.decodeRotation(c.body)
	r, err := s.store.updateWebhook(c.key.live(), c.id, func(r *record) (err error) {
		if invalid != nil {
			return invalid // Reported only for a webhook that exists.
		}
		r.Secrets, err = rotate(r.Secrets, overlap, s.store.clock.now())
		return err
	})
	if err != nil {
		return response{}, err
	}
	return jsonResponse(http.StatusCreated, encode(r.Secrets[0])), nil
}

// decodeRotation returns how long the existing secrets stay active.
func (r reading) decodeRotation(body []byte) (time.Duration, error) {
	members, err := decodeObject(body)
	if err != nil {
		return 0, err
	}
	var p problems
	var hours int
	fields{"expiresIn": field(&hours, "a whole number of hours")}.read(&p, "", "a rotation", members)
	if _, given := members["expiresIn"]; !given {
		p.add(codeMissing, "expiresIn", "expiresIn must be given: one of %v hours.", overlapHours)
	}
	p.expect(slices.Contains(overlapHours, hours), "expiresIn", "expiresIn must be one of %v hours.", overlapHours)
	return time.Duration(hours) * time.Hour, r.refused(p).err()
}

// activeSecrets returns the secrets that are active at a time, newest first.
func activeSecrets(secrets []secret, now time.Time) []secret {
	active := []secret{}
	for _, s := range secrets {
		if s.active(now) {
			active = append(active, s)
		}
	}
	return active
}

// rotate puts a new secret before the active ones, which expire after overlap if
// they do not expire sooner.
func rotate(secrets []secret, overlap time.Duration, now time.Time) ([]secret, error) {
	expires := timestamp{now.UTC().Truncate(time.Millisecond).Add(overlap)}
	active := activeSecrets(secrets, now)
	if overlap > 0 && len(active) == maxSecrets {
		return nil, secretLimit(active)
	}
	for i := range active {
		if active[i].active(expires.Time) {
			active[i].ExpiresTime = &expires
		}
	}
	return append([]secret{newSecret(after(secrets[0].CreatedTime, now))}, active...), nil
}

func secretLimit(active []secret) error {
	next := active[0].ExpiresTime
	for _, s := range active {
		if next == nil || s.ExpiresTime != nil && s.ExpiresTime.Before(next.Time) {
			next = s.ExpiresTime
		}
	}
	return newError(http.StatusConflict, "secret_limit_exceeded",
		"This webhook already has %d active secrets, the maximum. The next one expires at %s.",
		maxSecrets, next.Format(time.RFC3339))
}
