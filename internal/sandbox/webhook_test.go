// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"slices"
	"testing"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

// withoutVariable checks the members of a webhook that differ each time, and
// returns the others.
func withoutVariable(t *testing.T, webhook map[string]any) map[string]any {
	t.Helper()
	if id := webhook["id"].(string); !uuidForm.MatchString(id) {
		t.Errorf("id %q", id)
	}
	for _, name := range []string{"createdTime", "updatedTime"} {
		if at := webhook[name].(string); !timeForm.MatchString(at) {
			t.Errorf("%s %q", name, at)
		}
		delete(webhook, name)
	}
	delete(webhook, "id")
	return webhook
}

func TestCreate(t *testing.T) {
	s := start(t, sandbox.Options{})
	const rest = `,"types":["a.b"],"address":"https://x"}`
	tests := []struct {
		name, body string
		// want has the members that differ from those of {"types":["a.b"],"address":"https://x"}.
		want map[string]any
	}{
		{"defaults", `{"types":["a.b"],"address":"https://x"}`, nil},
		{"everything of HTTP", `{"types":["order.accepted","order.charge.pending","a.b"],"address":"http://example.com",
			"apiVersion":"2020-09-30","enabled":false,"transportType":"HTTP",
			"authentication":{"userName":"u","password":"p"},"oauth":null}`, map[string]any{
			"types":          []any{"a.b", "order.charge.pending", "order.accepted"},
			"address":        "http://example.com",
			"apiVersion":     "2020-09-30",
			"enabled":        false,
			"authentication": map[string]any{"username": "u", "userName": "u", "password": "p"},
		}},
		{"username", `{"authentication":{"username":"u","password":"p"}` + rest, map[string]any{
			"authentication": map[string]any{"username": "u", "userName": "u", "password": "p"},
		}},
		{"both spellings", `{"authentication":{"username":"u","userName":"u","password":"p"}` + rest, map[string]any{
			"authentication": map[string]any{"username": "u", "userName": "u", "password": "p"},
		}},
		{"event type with digits", `{"types":["AT787.HTTP.Test"],"address":"https://x"}`, map[string]any{
			"types": []any{"AT787.HTTP.Test"},
		}},
		{"latest", `{"apiVersion":"latest"` + rest, map[string]any{"apiVersion": "2021-12-13"}},
		{"OAUTH", `{"transportType":"OAUTH",` + oauthMember + rest, map[string]any{
			"transportType": "OAUTH",
			"oauth": map[string]any{
				"tokenEndPoint": "https://id.example.com/token", "clientID": "id", "clientSecret": "cs", "grantType": "password",
			},
		}},
		{"everything of OAUTH", `{"transportType":"OAUTH","authentication":null,"oauth":{
			"tokenEndPoint":"http://127.0.0.1:1/t","clientID":"<id>","clientSecret":"&",
			"grantType":"client_credentials","userName":"u","password":"p","audience":"a"}` + rest, map[string]any{
			"transportType": "OAUTH",
			"oauth": map[string]any{
				"tokenEndPoint": "http://127.0.0.1:1/t", "clientID": "<id>", "clientSecret": "&",
				"grantType": "client_credentials", "userName": "u", "password": "p", "audience": "a",
			},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := s.in(t)
			want := map[string]any{
				"types": []any{"a.b"}, "address": "https://x", "apiVersion": "default",
				"enabled": true, "liveMode": false, "transportType": "HTTP",
			}
			for name, value := range test.want {
				want[name] = value
			}
			created := s.call(201, "POST", "/webhooks", test.body)
			webhook := created.object(t)
			equal(t, "read", s.call(200, "GET", "/webhooks/"+webhook["id"].(string), "").body, created.body)
			equal(t, "createdTime", webhook["createdTime"], webhook["updatedTime"])
			equal(t, "created", withoutVariable(t, webhook), want)
		})
	}
}

func TestCreateRefuses(t *testing.T) {
	s := start(t, sandbox.Options{})
	const rest = `,"types":["a.b"],"address":"https://x"}`
	const both = `{"transportType":"OAUTH",` + authenticationMember + `,` + oauthMember + rest
	tests := []struct {
		name, body string
		want       []string
	}{
		{"nothing", `{}`, []string{"missing_parameter types", "missing_parameter address"}},
		{"empty types", `{"types":[],"address":"https://x"}`, []string{"missing_parameter types"}},
		{"null types", `{"types":null,"address":"https://x"}`, []string{"invalid_parameter types"}},
		{"types not an array", `{"types":"a.b","address":"https://x"}`, []string{"invalid_parameter types"}},
		{"types not strings", `{"types":[1,null,"a.b"],"address":"https://x"}`,
			[]string{"invalid_parameter types", "invalid_parameter types"}},
		{"types not dotted names", `{"types":["order","a.","a.b c","a.*","a.b"],"address":"https://x"}`,
			slices.Repeat([]string{"invalid_parameter types"}, 4)},
		{"duplicate types", `{"types":["a.b","c.d","a.b"],"address":"https://x"}`, []string{"invalid_parameter types"}},
		{"address without scheme", `{"types":["a.b"],"address":"example.com"}`, []string{"invalid_parameter address"}},
		{"address without host", `{"types":["a.b"],"address":"https:///path"}`, []string{"invalid_parameter address"}},
		{"address with only a port", `{"types":["a.b"],"address":"https://:443"}`, []string{"invalid_parameter address"}},
		{"address ftp", `{"types":["a.b"],"address":"ftp://example.com"}`, []string{"invalid_parameter address"}},
		{"address not a URL", `{"types":["a.b"],"address":"https://exa mple.com"}`,
			[]string{"invalid_parameter address"}},
		{"address empty", `{"types":["a.b"],"address":""}`, []string{"missing_parameter address"}},
		{"address not a string", `{"types":["a.b"],"address":5}`, []string{"invalid_parameter address"}},
		{"enabled", `{"enabled":"true"` + rest, []string{"invalid_parameter enabled"}},
		{"enabled null", `{"enabled":null` + rest, []string{"invalid_parameter enabled"}},
		{"apiVersion", `{"apiVersion":"2021-13-45"` + rest, []string{"invalid_parameter apiVersion"}},
		{"apiVersion that was not published", `{"apiVersion":"2021-12-14"` + rest, []string{"invalid_parameter apiVersion"}},
		{"apiVersion word", `{"apiVersion":"newest"` + rest, []string{"invalid_parameter apiVersion"}},
		{"apiVersion empty", `{"apiVersion":""` + rest, []string{"invalid_parameter apiVersion"}},
		{"transportType", `{"transportType":"http"` + rest, []string{"invalid_parameter transportType"}},
		{"transportType not a string", `{"transportType":1` + rest, []string{"invalid_parameter transportType"}},
		{"authentication not an object", `{"authentication":"u:p"` + rest, []string{"invalid_parameter authentication"}},
		{"authentication empty", `{"authentication":{}` + rest, []string{
			"missing_parameter authentication.username", "missing_parameter authentication.password",
		}},
		{"authentication wrong", `{"authentication":{"userName":1,"password":null,"x":1}` + rest, []string{
			"invalid_parameter authentication.password", "invalid_parameter authentication.userName",
			"unknown_parameter authentication.x",
		}},
		{"two user names", `{"authentication":{"userName":"a","username":"b","password":"p"}` + rest,
			[]string{"invalid_parameter authentication.username"}},
		{"authentication with OAUTH", both, []string{"invalid_parameter authentication"}},
		{"OAUTH without oauth", `{"transportType":"OAUTH"` + rest, []string{"missing_parameter oauth"}},
		{"oauth null", `{"transportType":"OAUTH","oauth":null` + rest, []string{"missing_parameter oauth"}},
		{"oauth not an object", `{"transportType":"OAUTH","oauth":[]` + rest, []string{"invalid_parameter oauth"}},
		{"oauth with HTTP", `{` + oauthMember + rest, []string{"invalid_parameter oauth"}},
		{"oauth empty", `{"transportType":"OAUTH","oauth":{}` + rest, []string{
			"missing_parameter oauth.tokenEndPoint", "missing_parameter oauth.clientID",
			"missing_parameter oauth.clientSecret",
		}},
		{"oauth wrong", `{"transportType":"OAUTH","oauth":{"tokenEndPoint":"http://example.com","clientID":"a",
			"clientSecret":"b","grantType":"x","audience":1,"username":"u"}` + rest, []string{
			"invalid_parameter oauth.audience", "unknown_parameter oauth.username",
			"invalid_parameter oauth.grantType", "invalid_parameter oauth.tokenEndPoint",
		}},
		{"members of responses", `{"id":"1","liveMode":true,"createdTime":"x","updatedTime":"x"` + rest, []string{
			"unknown_parameter createdTime", "unknown_parameter id", "unknown_parameter liveMode",
			"unknown_parameter updatedTime",
		}},
		{"another case", `{"Enabled":true` + rest, []string{"unknown_parameter Enabled"}},
		{"everything at once",
			`{"types":["x"],"address":"x","enabled":1,"apiVersion":"x","transportType":"x","x":1}`, []string{
				"invalid_parameter enabled", "unknown_parameter x", "invalid_parameter types", "invalid_parameter address",
				"invalid_parameter apiVersion", "invalid_parameter transportType",
			}},
		{"not JSON", `types=a.b`, []string{"invalid_format"}},
		{"empty", ``, []string{"invalid_format"}},
		{"null", `null`, []string{"invalid_format"}},
		{"array", `[` + simpleWebhook + `]`, []string{"invalid_format"}},
		{"two objects", simpleWebhook + simpleWebhook, []string{"invalid_format"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := s.in(t)
			r := s.call(400, "POST", "/webhooks", test.body)
			equal(t, "errors", r.errors(t), test.want)
			equal(t, "type", r.object(t)["type"], any("bad_request"))
			equal(t, "list", s.call(200, "GET", "/webhooks", "").body, "[]")
		})
	}
}

func TestUpdate(t *testing.T) {
	s := start(t, sandbox.Options{})
	credentials := map[string]any{"username": "u", "userName": "u", "password": "p"}
	tests := []struct {
		name, start, change string
		// want has the members that differ afterwards. A nil member is gone.
		want map[string]any
	}{
		{"nothing", simpleWebhook, `{}`, nil},
		{"the same", simpleWebhook, `{"types":["order.accepted"]}`, nil},
		{"types", simpleWebhook, `{"types":["a.b","c.d"]}`, map[string]any{"types": []any{"c.d", "a.b"}}},
		{"address", simpleWebhook, `{"address":"https://other"}`, map[string]any{"address": "https://other"}},
		{"enabled", simpleWebhook, `{"enabled":false}`, map[string]any{"enabled": false}},
		{"apiVersion", simpleWebhook, `{"apiVersion":"latest"}`, map[string]any{"apiVersion": "2021-12-13"}},
		{"add authentication", simpleWebhook, `{` + authenticationMember + `}`,
			map[string]any{"authentication": credentials}},
		{"replace authentication", authenticationWebhook, `{"authentication":{"userName":"x","password":"y"}}`,
			map[string]any{"authentication": map[string]any{"username": "x", "userName": "x", "password": "y"}}},
		{"keep authentication", authenticationWebhook, `{"enabled":false}`, map[string]any{"enabled": false}},
		{"remove authentication", authenticationWebhook, `{"authentication":null}`,
			map[string]any{"authentication": nil}},
		{"remove what is missing", simpleWebhook, `{"authentication":null,"oauth":null}`, nil},
		{"to OAUTH", authenticationWebhook, `{"transportType":"OAUTH",` + oauthMember + `}`, map[string]any{
			"transportType": "OAUTH", "authentication": nil,
			"oauth": map[string]any{
				"tokenEndPoint": "https://id.example.com/token", "clientID": "id", "clientSecret": "cs", "grantType": "password",
			},
		}},
		{"to HTTP", oauthWebhook, `{"transportType":"HTTP"}`, map[string]any{"transportType": "HTTP", "oauth": nil}},
		{"to HTTP with authentication", oauthWebhook, `{"transportType":"HTTP",` + authenticationMember + `}`,
			map[string]any{"transportType": "HTTP", "oauth": nil, "authentication": credentials}},
		{"keep OAUTH", oauthWebhook, `{"transportType":"OAUTH","enabled":false}`, map[string]any{"enabled": false}},
		{"replace oauth", oauthWebhook,
			`{"oauth":{"tokenEndPoint":"https://x","clientID":"a","clientSecret":"b","audience":"c"}}`, map[string]any{
				"oauth": map[string]any{
					"tokenEndPoint": "https://x", "clientID": "a", "clientSecret": "b", "audience": "c", "grantType": "password",
				},
			}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := s.in(t)
			before := s.webhook(s.create(test.start))
			path := "/webhooks/" + before["id"].(string)
			changed := s.call(200, "PATCH", path, test.change)
			equal(t, "read", s.call(200, "GET", path, "").body, changed.body)
			after := changed.object(t)
			if was, is := before["updatedTime"].(string), after["updatedTime"].(string); is <= was {
				t.Errorf("updatedTime %s after %s", is, was)
			}
			delete(after, "updatedTime")
			delete(before, "updatedTime")
			for name, value := range test.want {
				before[name] = value
				if value == nil {
					delete(before, name)
				}
			}
			equal(t, "webhook", after, before)
		})
	}
}

func TestUpdateRefuses(t *testing.T) {
	s := start(t, sandbox.Options{})
	tests := []struct {
		name, start, change string
		want                []string
	}{
		{"to OAUTH without oauth", simpleWebhook, `{"transportType":"OAUTH"}`, []string{"missing_parameter oauth"}},
		{"remove oauth", oauthWebhook, `{"oauth":null}`, []string{"missing_parameter oauth"}},
		{"oauth on HTTP", simpleWebhook, `{` + oauthMember + `}`, []string{"invalid_parameter oauth"}},
		{"authentication on OAUTH", oauthWebhook, `{` + authenticationMember + `}`,
			[]string{"invalid_parameter authentication"}},
		{"partial oauth", oauthWebhook, `{"oauth":{"clientSecret":"new"}}`,
			[]string{"missing_parameter oauth.tokenEndPoint", "missing_parameter oauth.clientID"}},
		{"no types", simpleWebhook, `{"types":[]}`, []string{"missing_parameter types"}},
		{"unknown member", simpleWebhook, `{"enabled":false,"id":"x"}`, []string{"unknown_parameter id"}},
		{"not JSON", simpleWebhook, `{`, []string{"invalid_format"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := s.in(t)
			id := s.create(test.start)
			before := s.webhook(id)
			equal(t, "errors", s.call(400, "PATCH", "/webhooks/"+id, test.change).errors(t), test.want)
			equal(t, "webhook", s.webhook(id), before)
		})
	}
}

func TestDelete(t *testing.T) {
	s := start(t, sandbox.Options{})
	first, second, third := s.create(simpleWebhook), s.create(simpleWebhook), s.create(simpleWebhook)
	if r := s.call(204, "DELETE", "/webhooks/"+second, ""); r.body != "" {
		t.Errorf("body %q", r.body)
	}
	for _, call := range [][3]string{
		{"GET", "", ""}, {"PATCH", "", `{}`}, {"DELETE", "", ""},
		{"GET", "/secrets", ""}, {"POST", "/secrets", `{"expiresIn":1}`},
	} {
		r := s.call(404, call[0], "/webhooks/"+second+call[1], call[2])
		equal(t, call[0]+call[1], r.errors(t), []string{"not_found id"})
	}
	equal(t, "list", s.ids("/webhooks"), []string{third, first})
}
