package sandbox

import (
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	transportHTTP  = "HTTP"
	transportOAuth = "OAUTH"

	// newestVersion is what an answer gives for apiVersion latest [decided].
	newestVersion = "2021-12-13"
)

// webhook is a webhook as answers show it.
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

type authentication struct {
	UserName string `json:"userName"`
	Password string `json:"password"`
}

type oauth struct {
	TokenEndPoint string `json:"tokenEndPoint"`
	ClientID      string `json:"clientID"`
	ClientSecret  string `json:"clientSecret"`
	GrantType     string `json:"grantType"`
	UserName      string `json:"userName,omitempty"`
	Password      string `json:"password,omitempty"`
	Audience      string `json:"audience,omitempty"`
}

// newWebhook is what the members of a create request are merged into.
func newWebhook() webhook {
	return webhook{Enabled: true, APIVersion: "default", TransportType: transportHTTP}
}

// touch moves updatedTime on, also within one millisecond.
func (w *webhook) touch(now time.Time) {
	w.UpdatedTime = after(w.UpdatedTime, now)
}

// after is now, or the first millisecond after t where now is not later.
func after(t timestamp, now time.Time) timestamp {
	now = now.UTC().Truncate(time.Millisecond)
	if now.After(t.Time) {
		return timestamp{now}
	}
	return timestamp{t.Add(time.Millisecond)}
}

// merge replaces what the body of a create or an update gives and checks the
// whole. An object of the transport that is not used goes, unless the body
// gives it, which is wrong. What w's slices and pointers led to stays as it is.
func (w *webhook) merge(body []byte) error {
	members, err := decodeObject(body)
	if err != nil {
		return err
	}
	var p problems
	for _, name := range slices.Sorted(maps.Keys(members)) {
		w.set(&p, name, members[name])
	}
	if _, given := members["authentication"]; !given && w.TransportType == transportOAuth {
		w.Authentication = nil
	}
	if _, given := members["oauth"]; !given && w.TransportType == transportHTTP {
		w.OAuth = nil
	}
	w.check(&p)
	return p.err()
}

// decodeObject reads a body that must be one JSON object.
func decodeObject(body []byte) (map[string]json.RawMessage, error) {
	return decodeBody[map[string]json.RawMessage](body, "object")
}

// decodeBody reads a request's body, which must be one JSON value with nothing
// after it and not null.
func decodeBody[T map[string]json.RawMessage | []json.RawMessage](body []byte, kind string) (T, error) {
	if len(body) > maxBody {
		return nil, newError(http.StatusRequestEntityTooLarge, "body_too_large", "The body is larger than %d bytes.", maxBody)
	}
	var v T
	if err := json.Unmarshal(body, &v); err != nil || v == nil {
		return nil, badRequest("invalid_body", "", "The body must be one JSON %s.", kind)
	}
	return v, nil
}

func (w *webhook) set(p *problems, name string, value json.RawMessage) {
	switch name {
	case "types":
		w.Types = decodeTypes(p, value)
	case "address":
		w.Address = decode[string](p, name, "a string", value)
	case "apiVersion":
		w.APIVersion = decode[string](p, name, "a string", value)
		if w.APIVersion == "latest" {
			w.APIVersion = newestVersion
		}
	case "enabled":
		w.Enabled = decode[bool](p, name, "true or false", value)
	case "transportType":
		w.TransportType = decode[string](p, name, "a string", value)
	case "authentication":
		w.Authentication = decodeAuthentication(p, value)
	case "oauth":
		w.OAuth = decodeOAuth(p, value)
	default:
		p.add(codeInvalid, name, "%s is not a member of a webhook request.", name)
	}
}

// decode reads a value of the one type that is accepted; null is not.
func decode[T any](p *problems, parameter, want string, value json.RawMessage) T {
	var v *T
	if err := json.Unmarshal(value, &v); err != nil || v == nil {
		p.add(codeInvalid, parameter, "%s must be %s.", parameter, want)
		return *new(T)
	}
	return *v
}

// decodeTypes turns the order round, so that no client relies on it.
func decodeTypes(p *problems, value json.RawMessage) []string {
	var types []string
	for _, element := range slices.Backward(decode[[]json.RawMessage](p, "types", "an array of strings", value)) {
		var t *string
		if err := json.Unmarshal(element, &t); err != nil || t == nil {
			p.add(codeInvalid, "types", "types: %s is no string.", element)
			continue
		}
		types = append(types, *t)
	}
	return types
}

// decodeStrings reads an object all of whose members are strings. It is false
// for null and for what is no object.
func decodeStrings(p *problems, name string, value json.RawMessage, into map[string]*string) bool {
	if string(value) == "null" {
		return false
	}
	members := decode[map[string]json.RawMessage](p, name, "an object", value)
	for _, member := range slices.Sorted(maps.Keys(members)) {
		parameter := name + "." + member
		if field := into[member]; field != nil {
			*field = decode[string](p, parameter, "a string", members[member])
		} else {
			p.add(codeInvalid, parameter, "%s is not a member of %s.", member, name)
		}
	}
	return members != nil
}

// decodeAuthentication reads both spellings of the user name: the one of the
// documentation and the one of the SDK.
func decodeAuthentication(p *problems, value json.RawMessage) *authentication {
	var a authentication
	var sdkName string
	if !decodeStrings(p, "authentication", value, map[string]*string{
		"userName": &a.UserName, "username": &sdkName, "password": &a.Password,
	}) {
		return nil
	}
	switch {
	case sdkName == "":
	case a.UserName == "":
		a.UserName = sdkName
	default:
		p.add(codeInvalid, "authentication.username", "authentication cannot have both userName and username.")
	}
	return &a
}

func decodeOAuth(p *problems, value json.RawMessage) *oauth {
	o := oauth{GrantType: "password"}
	if !decodeStrings(p, "oauth", value, map[string]*string{
		"tokenEndPoint": &o.TokenEndPoint, "clientID": &o.ClientID, "clientSecret": &o.ClientSecret,
		"grantType": &o.GrantType, "userName": &o.UserName, "password": &o.Password, "audience": &o.Audience,
	}) {
		return nil
	}
	return &o
}

// check finds what is wrong with the webhook as a whole. What could not even be
// decoded is not looked at again.
func (w *webhook) check(p *problems) {
	w.checkTypes(p)
	p.require("address", w.Address)
	p.expect(w.Address == "" || validURL(w.Address, "http", "https"),
		"address", "address must begin with http:// or https:// and name a host.")
	p.expect(w.APIVersion == "default" || validDate(w.APIVersion),
		"apiVersion", "apiVersion must be default, latest or a date such as %s.", newestVersion)
	switch w.TransportType {
	case transportHTTP:
		p.expect(w.OAuth == nil, "oauth", "oauth goes only with transportType OAUTH.")
	case transportOAuth:
		p.expect(w.Authentication == nil, "authentication", "authentication goes only with transportType HTTP.")
		if w.OAuth == nil && !p.has("oauth") {
			p.add(codeMissing, "oauth", "transportType OAUTH needs oauth.")
		}
	default:
		p.expect(false, "transportType", "transportType must be HTTP or OAUTH.")
	}
	w.Authentication.check(p)
	w.OAuth.check(p)
}

func (w *webhook) checkTypes(p *problems) {
	if len(w.Types) == 0 && !p.has("types") {
		p.add(codeMissing, "types", "types must have at least one event type.")
	}
	seen := map[string]bool{}
	for _, t := range w.Types {
		if !validType(t) {
			p.add(codeInvalid, "types", "types: %q is no event type such as order.accepted.", t)
		}
		if seen[t] {
			p.add(codeInvalid, "types", "types: %q is there more than once.", t)
		}
		seen[t] = true
	}
}

func (a *authentication) check(p *problems) {
	if a == nil {
		return
	}
	p.require("authentication.userName", a.UserName)
	p.require("authentication.password", a.Password)
}

func (o *oauth) check(p *problems) {
	if o == nil {
		return
	}
	p.require("oauth.tokenEndPoint", o.TokenEndPoint)
	p.require("oauth.clientID", o.ClientID)
	p.require("oauth.clientSecret", o.ClientSecret)
	p.expect(o.TokenEndPoint == "" || validURL(o.TokenEndPoint, "https") || validURL(o.TokenEndPoint, "http") && loopback(o.TokenEndPoint),
		"oauth.tokenEndPoint", "oauth.tokenEndPoint must begin with https:// and name a host; only a loopback host may have http://.")
	p.expect(o.GrantType == "password" || o.GrantType == "client_credentials",
		"oauth.grantType", "oauth.grantType must be password or client_credentials.")
}

// require finds an empty value missing, unless it is known to be wrong.
func (p *problems) require(parameter, value string) {
	if value == "" && !p.has(parameter) {
		p.add(codeMissing, parameter, "%s must be given and not be empty.", parameter)
	}
}

// expect finds a value invalid, unless it is known to be wrong.
func (p *problems) expect(ok bool, parameter, format string, args ...any) {
	if !ok && !p.has(parameter) {
		p.add(codeInvalid, parameter, format, args...)
	}
}

var eventType = regexp.MustCompile(`^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)+$`)

func validType(t string) bool { return eventType.MatchString(t) }

func validDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

func validURL(s string, schemes ...string) bool {
	scheme, _, _ := strings.Cut(s, "://")
	u, err := url.Parse(s)
	return err == nil && slices.Contains(schemes, scheme) && u.Hostname() != ""
}

func loopback(s string) bool {
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}
