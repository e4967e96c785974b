// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/delivery"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox/readings"
)

const (
	transportHTTP  = "HTTP"
	transportOAuth = "OAUTH"
)

// versions are the published versions of the API, from the release notes.
var versions = []string{"2020-01-07", "2020-09-30", "2020-12-17", "2021-02-23", "2021-03-23", delivery.Version}

// webhook is a webhook as the data file holds it.
type webhook struct {
	ID             string          `json:"id"`
	Types          []string        `json:"types"`
	Address        string          `json:"address"`
	APIVersion     string          `json:"apiVersion"`
	Enabled        bool            `json:"enabled"`
	LiveMode       bool            `json:"liveMode"`
	TransportType  string          `json:"transportType"`
	Authentication *authentication `json:"authentication,omitempty"`
	OAuth          *oauth          `json:"oauth,omitempty"`
	CreatedTime    timestamp       `json:"createdTime"`
	UpdatedTime    timestamp       `json:"updatedTime"`
}

// authentication has the credentials of a webhook with transportType HTTP.
type authentication struct {
	UserName string `json:"userName"`
	Password string `json:"password"`
}

// oauth has the credentials of a webhook with transportType OAUTH.
type oauth struct {
	TokenEndPoint string `json:"tokenEndPoint"`
	ClientID      string `json:"clientID"`
	ClientSecret  string `json:"clientSecret"`
	GrantType     string `json:"grantType"`
	UserName      string `json:"userName,omitempty"`
	Password      string `json:"password,omitempty"`
	Audience      string `json:"audience,omitempty"`
}

func (s *Sandbox) createWebhook(c call) (response, error) {
	w := newWebhook()
	if err := w.merge(c.body, s.reading); err != nil {
		return response{}, err
	}
	r, err := s.store.createWebhook(func() *record {
		w.ID, w.LiveMode = uuid.NewString(), c.key.live()
		w.touch(s.store.clock.now())
		w.CreatedTime = w.UpdatedTime
		return &record{Webhook: w, Secrets: []secret{newSecret(w.CreatedTime)}}
	})
	if err != nil {
		return response{}, err
	}
	return jsonResponse(http.StatusCreated, r.encoded), nil
}

func (s *Sandbox) getWebhook(c call) (response, error) {
	r, err := s.store.getWebhook(c.key.live(), c.id)
	if err != nil {
		return response{}, err
	}
	return jsonResponse(http.StatusOK, r.encoded), nil
}

func (s *Sandbox) updateWebhook(c call) (response, error) {
	var switched bool
	r, err := s.store.updateWebhook(c.key.live(), c.id, func(r *record) error {
		before := r.Webhook.Enabled
		r.Webhook.touch(s.store.clock.now())
		if err := r.Webhook.merge(c.body, s.reading); err != nil {
			return err
		}
		if r.Webhook.Enabled {
			r.DisabledReason = ""
		} else {
			r.FailingSince = nil
		}
		if switched = r.Webhook.Enabled != before; switched {
			r.switched()
		}
		return nil
	})
	if err != nil {
		return response{}, err
	}
	if switched {
		s.feed.switched(r)
	}
	return jsonResponse(http.StatusOK, r.encoded), nil
}

func (s *Sandbox) deleteWebhook(c call) (response, error) {
	return noContent, s.store.deleteWebhook(c.key.live(), c.id)
}

// newWebhook returns the defaults of a webhook, into which a create request is
// merged.
func newWebhook() webhook {
	return webhook{Enabled: true, APIVersion: "default", TransportType: transportHTTP}
}

// touch sets updatedTime to now. It moves on even within one millisecond.
func (w *webhook) touch(now time.Time) {
	w.UpdatedTime = after(w.UpdatedTime, now)
}

// after returns now, or the first millisecond after t if now is not later.
func after(t timestamp, now time.Time) timestamp {
	now = now.UTC().Truncate(time.Millisecond)
	if now.After(t.Time) {
		return timestamp{now}
	}
	return timestamp{t.Add(time.Millisecond)}
}

// merge replaces the members that the body of a create or update has, and checks
// the result. A change of the transport type drops the other transport's object,
// unless the body has that object, which is an error. merge does not change what
// w's slices and pointers refer to.
func (w *webhook) merge(body []byte, r reading) error {
	members, err := decodeObject(body)
	if err != nil {
		return err
	}
	var p problems
	fields{
		"types":          fieldBy(&w.Types, decodeTypes),
		"address":        field(&w.Address, "a string"),
		"apiVersion":     field(&w.APIVersion, "a string"),
		"enabled":        field(&w.Enabled, "true or false"),
		"transportType":  field(&w.TransportType, "a string"),
		"authentication": fieldBy(&w.Authentication, r.decodeAuthentication),
		"oauth":          fieldBy(&w.OAuth, r.decodeOAuth),
	}.read(&p, "", "a webhook request", members)
	if _, given := members["authentication"]; !given && w.TransportType == transportOAuth {
		w.Authentication = nil
	}
	if _, given := members["oauth"]; !given && w.TransportType == transportHTTP {
		w.OAuth = nil
	}
	w.check(&p, r)
	return r.refused(p).err()
}

// decodeTypes reverses the order of the types, so that no client comes to rely
// on it.
func decodeTypes(p *problems, name string, value json.RawMessage) []string {
	var types []string
	for _, element := range slices.Backward(decode[[]json.RawMessage](p, name, "an array of strings", value)) {
		var t *string
		if err := json.Unmarshal(element, &t); err != nil || t == nil {
			p.add(codeInvalid, name, "%s: %s is not a string.", name, element)
			continue
		}
		types = append(types, *t)
	}
	return types
}

// decodeAuthentication accepts each spelling of the user name that the reading
// has, also both together if they have the same value.
func (r reading) decodeAuthentication(p *problems, name string, value json.RawMessage) *authentication {
	var a authentication
	members := fields{"password": field(&a.Password, "a string")}
	for _, spelling := range r.userNames() {
		members[spelling] = func(p *problems, parameter string, value json.RawMessage) {
			userName := decode[string](p, parameter, "a string", value)
			p.expect(a.UserName == "" || userName == "" || a.UserName == userName,
				name+".username", "%s.username and %s.userName must be the same.", name, name)
			a.UserName = cmp.Or(a.UserName, userName)
		}
	}
	if !decodeCredentials(p, name, value, members) {
		return nil
	}
	return &a
}

func (r reading) decodeOAuth(p *problems, name string, value json.RawMessage) *oauth {
	o := oauth{GrantType: "password"}
	members := fields{
		"tokenEndPoint": field(&o.TokenEndPoint, "a string"),
		"clientID":      field(&o.ClientID, "a string"),
		"clientSecret":  field(&o.ClientSecret, "a string"),
		"grantType":     field(&o.GrantType, "a string"),
		"userName":      field(&o.UserName, "a string"),
		"password":      field(&o.Password, "a string"),
		"audience":      field(&o.Audience, "a string"),
	}
	if r.Has(readings.OAuthExtrasUnknown) {
		delete(members, "audience")
	}
	if !decodeCredentials(p, name, value, members) {
		return nil
	}
	p.expect(slices.Contains(r.grantTypes(), o.GrantType),
		name+".grantType", "%s.grantType must be %s.", name, strings.Join(r.grantTypes(), " or "))
	return &o
}

// decodeCredentials reads an object, and reports whether there is one: null
// removes it.
func decodeCredentials(p *problems, name string, value json.RawMessage, f fields) bool {
	if string(value) == "null" {
		return false
	}
	members := decode[map[string]json.RawMessage](p, name, "an object", value)
	f.read(p, name+".", name, members)
	return members != nil
}

// check finds the problems of the webhook as a whole. A member that could not be
// decoded already has one, and gets no other.
func (w *webhook) check(p *problems, r reading) {
	w.checkTypes(p)
	p.require("address", w.Address)
	p.expect(w.Address == "" || validURL(w.Address, "http", "https"),
		"address", "address must begin with http:// or https:// and name a host.")
	p.expect(w.APIVersion == "default" || w.APIVersion == "latest" || slices.Contains(versions, w.APIVersion),
		"apiVersion", "apiVersion must be default, latest or one of %s.", strings.Join(versions, ", "))
	switch w.TransportType {
	case transportHTTP:
		p.expect(w.OAuth == nil, "oauth", "oauth is allowed only with transportType OAUTH.")
	case transportOAuth:
		p.expect(w.Authentication == nil,
			"authentication", "authentication is allowed only with transportType HTTP.")
		if w.OAuth == nil && !p.has("oauth") {
			p.add(codeMissing, "oauth", "transportType OAUTH needs oauth.")
		}
	default:
		p.expect(false, "transportType", "transportType must be HTTP or OAUTH.")
	}
	w.Authentication.check(p, r)
	w.OAuth.check(p)
}

func (w *webhook) checkTypes(p *problems) {
	if len(w.Types) == 0 && !p.has("types") {
		p.add(codeMissing, "types", "types must have at least one event type.")
	}
	seen := map[string]bool{}
	for _, t := range w.Types {
		if !catalog.ValidName(t) {
			p.add(codeInvalid, "types", "types: %q is not an event type such as order.accepted.", t)
		}
		if seen[t] {
			p.add(codeInvalid, "types", "types: %q is listed more than once.", t)
		}
		seen[t] = true
	}
}

func (a *authentication) check(p *problems, r reading) {
	if a == nil {
		return
	}
	names := r.userNames()
	if !p.has("authentication." + names[len(names)-1]) {
		p.require("authentication."+names[0], a.UserName)
	}
	p.require("authentication.password", a.Password)
}

func (o *oauth) check(p *problems) {
	if o == nil {
		return
	}
	p.require("oauth.tokenEndPoint", o.TokenEndPoint)
	p.require("oauth.clientID", o.ClientID)
	p.require("oauth.clientSecret", o.ClientSecret)
	secure := validURL(o.TokenEndPoint, "https") || validURL(o.TokenEndPoint, "http") && loopbackURL(o.TokenEndPoint)
	p.expect(o.TokenEndPoint == "" || secure, "oauth.tokenEndPoint",
		"oauth.tokenEndPoint must begin with https:// and name a host; http:// is allowed only for a loopback host.")
}
