package sandbox

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
)

// maxSecrets is how many secrets of a webhook can be active at a time.
const maxSecrets = 5

// secret is a signing secret as answers show it.
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

// activeSecrets are those that work at now, newest first as they are stored.
func activeSecrets(secrets []secret, now time.Time) []secret {
	active := []secret{}
	for _, s := range secrets {
		if s.active(now) {
			active = append(active, s)
		}
	}
	return active
}

// rotate puts a new secret before the active ones, which work for overlap more
// at most.
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
		"This webhook has %d active secrets, which is the most; the next one expires at %s.", maxSecrets, next.Format(time.RFC3339))
}

// overlapHours are the values of expiresIn.
var overlapHours = []int{0, 1, 3, 6, 12, 24}

// decodeRotation reads how long the secrets so far go on working.
func decodeRotation(body []byte) (time.Duration, error) {
	members, err := decodeObject(body)
	if err != nil {
		return 0, err
	}
	var p problems
	hours := -1
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if name != "expiresIn" {
			p.add(codeInvalid, name, "%s is not a member of a rotation.", name)
			continue
		}
		hours = decode[int](&p, name, "a whole number of hours", members[name])
		p.expect(slices.Contains(overlapHours, hours), name, "expiresIn must be one of %v hours.", overlapHours)
	}
	if _, given := members["expiresIn"]; !given {
		p.add(codeMissing, "expiresIn", "expiresIn must be given: one of %v hours.", overlapHours)
	}
	return time.Duration(hours) * time.Hour, p.err()
}
