// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/redact"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/signature"
)

// The control endpoints in this file show what the API does not, or only to a key
// of one mode and under the readings that are served. The inspector uses them.

// webhookState is a webhook as GET /_sandbox/webhooks returns it. It has no
// credential and no value of a secret.
type webhookState struct {
	ID             string        `json:"id"`
	Address        string        `json:"address"` // Without credentials and query.
	Types          []string      `json:"types"`
	Mode           string        `json:"mode"`
	Enabled        bool          `json:"enabled"`
	DisabledReason string        `json:"disabledReason"` // Empty unless the sandbox disabled it.
	FailingSince   *timestamp    `json:"failingSince"`
	DisableTime    *timestamp    `json:"disableTime"` // When it will be disabled if it acknowledges nothing.
	Pending        int           `json:"pending"`     // The attempts to be made.
	Switches       []switching   `json:"switches"`    // The newest times when it was enabled or disabled, oldest first.
	TransportType  string        `json:"transportType"`
	CreatedTime    timestamp     `json:"createdTime"`
	Secrets        []secretState `json:"secrets"` // The active ones, newest first.
}

type secretState struct {
	ID          string     `json:"id"`
	CreatedTime timestamp  `json:"createdTime"`
	ExpiresTime *timestamp `json:"expiresTime"`
}

// listWebhookStates returns the webhooks of both modes, newest first.
func (s *Sandbox) listWebhookStates(call) (response, error) {
	return jsonResponse(http.StatusOK, encode(s.store.webhookStates())), nil
}

func (s *store) webhookStates() []webhookState {
	s.mu.RLock()
	defer s.mu.RUnlock()
	pending := map[string]int{}
	for _, a := range s.attempts.sorted {
		pending[a.WebhookID]++
	}
	states := []webhookState{}
	for _, r := range slices.Backward(s.webhooks.sorted) {
		w := r.Webhook
		state := webhookState{
			ID: w.ID, Address: redact.URL(w.Address), Types: slices.Sorted(slices.Values(w.Types)), Mode: modeName(w.LiveMode),
			Enabled: w.Enabled, DisabledReason: r.DisabledReason, FailingSince: r.FailingSince, Pending: pending[w.ID],
			TransportType: w.TransportType, CreatedTime: w.CreatedTime, Secrets: []secretState{},
			Switches: append([]switching{}, r.Switches...),
		}
		if r.FailingSince != nil {
			state.DisableTime = &timestamp{r.FailingSince.Add(giveUpAfter)}
		}
		for _, one := range activeSecrets(r.Secrets, s.clock.now()) {
			state.Secrets = append(state.Secrets, secretState{one.ID, one.CreatedTime, one.ExpiresTime})
		}
		states = append(states, state)
	}
	return states
}

// listAllSecrets returns the active secrets of a webhook of any mode, as the
// dashboard would, whether or not the API offers them.
func (s *Sandbox) listAllSecrets(c call) (response, error) {
	r, err := s.store.getWebhook(false, c.id)
	if err != nil {
		r, err = s.store.getWebhook(true, c.id)
	}
	if err != nil {
		return response{}, newError(http.StatusNotFound, "not_found", "There is no webhook %q.", c.id)
	}
	return jsonResponse(http.StatusOK, encode(activeSecrets(r.Secrets, s.store.clock.now()))), nil
}

// listAllEvents returns the events of both modes and both products, newest first.
func (s *Sandbox) listAllEvents(c call) (response, error) {
	query, err := c.parameters()
	if err != nil {
		return response{}, err
	}
	var p problems
	for _, name := range slices.Sorted(maps.Keys(query)) {
		p.expect(name == "limit", name, "%s is not a parameter; events have limit.", name)
	}
	limit := pageLimit(&p, query, maxLimit)
	if err := p.err(); err != nil {
		return response{}, err
	}
	return jsonResponse(http.StatusOK, encode(s.store.eventStates(limit))), nil
}

// eventState is an event as GET /_sandbox/events returns it.
type eventState struct {
	ID          string   `json:"id"`
	Type        string   `json:"type"`
	Mode        string   `json:"mode"`
	CreatedTime string   `json:"createdTime"`
	WebhookIDs  []string `json:"webhookIds"`
}

func (s *store) eventStates(limit int) []eventState {
	s.mu.RLock()
	defer s.mu.RUnlock()
	states := []eventState{}
	for _, e := range slices.Backward(s.events.sorted) {
		if len(states) == limit {
			break
		}
		states = append(states, eventState{
			e.event.ID, e.event.Type, modeName(e.event.LiveMode), e.event.CreatedTime, e.event.WebhookIDs,
		})
	}
	return states
}

// listEventTypes returns the catalog.
func (s *Sandbox) listEventTypes(call) (response, error) {
	type entry struct {
		Type        string `json:"type"`
		Product     string `json:"product"`
		Description string `json:"description"`
		ReplacedBy  string `json:"replacedBy"` // Empty unless the type is an older one.
	}
	var list []entry
	for _, t := range catalog.EventTypes() {
		list = append(list, entry{t.Type, t.Product, t.Description, t.ReplacedBy})
	}
	return jsonResponse(http.StatusOK, encode(list)), nil
}

// getSample returns the sample data of an event type.
func (s *Sandbox) getSample(c call) (response, error) {
	query, err := c.parameters()
	if err != nil {
		return response{}, err
	}
	var p problems
	t := findEventType(&p, c.id, query.Get("product"), query.Has("product"))
	if err := p.err(); err != nil {
		return response{}, err
	}
	return jsonResponse(http.StatusOK, encode(sampleData(t, false, nil))), nil
}

// signatureTolerance is how old a signature may be, as receivers are advised.
const signatureTolerance = 5 * time.Minute

// signatureView is what the receiver of a delivery finds in its signature header.
type signatureView struct {
	Timestamp  string `json:"timestamp"`
	AgeSeconds int64  `json:"ageSeconds"` // When the attempt was made.
	Fresh      bool   `json:"fresh"`      // Whether a receiver should accept that age.
	// RealAgeSeconds is the age for a receiver that has the time of this machine.
	RealAgeSeconds int64            `json:"realAgeSeconds"`
	Signatures     []signatureMatch `json:"signatures"`
	Valid          bool             `json:"valid"` // Whether a receiver with the active secrets accepts it.
}

type signatureMatch struct {
	Signature string `json:"signature"`
	SecretID  string `json:"secretId"` // Of the secret that it was made with; empty if that is not known.
	Active    bool   `json:"active"`   // Whether that secret was active when the attempt was made.
}

// checkSignature checks the signature header of an attempt as a receiver does that
// has the webhook's secrets. It returns nil if the header cannot be parsed.
func checkSignature(header string, body []byte, secrets []secret, made, realTime timestamp) *signatureView {
	parts, err := signature.Parse(header)
	if err != nil {
		return nil
	}
	age := made.Sub(parts.Time)
	v := &signatureView{
		Timestamp: parts.Timestamp, AgeSeconds: int64(age.Seconds()), Fresh: age.Abs() <= signatureTolerance,
		RealAgeSeconds: int64(realTime.Sub(parts.Time).Round(time.Second).Seconds()),
	}
	for _, sent := range parts.Signatures {
		match := signatureMatch{Signature: sent}
		for _, one := range secrets {
			if signature.Sign(one.Secret, parts.Timestamp, body) == sent {
				match.SecretID, match.Active = one.ID, one.active(made.Time)
			}
		}
		v.Valid = v.Valid || match.Active && v.Fresh
		v.Signatures = append(v.Signatures, match)
	}
	return v
}
