// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// exampleResponse is the example of Digital River's guide:
// https://docs.digitalriver.com/digital-river-api/events-and-webhooks-1/webhooks/creating-a-webhook
const exampleResponse = `{
	"id": "177ef997-db7f-42f5-a28d-b0a1ee1267e9",
	"types": ["order.charge.cancel.failed", "order.charge.pending", "order.accepted"],
	"address": "https://company.com",
	"apiVersion": "default",
	"enabled": true,
	"liveMode": false,
	"transportType": "HTTP",
	"authentication": {"userName": "some username", "password": "some password"},
	"createdTime": "2020-11-19T15:44:34.622Z",
	"updatedTime": "2020-11-19T15:44:34.622Z"
}`

func exampleWebhook() *Webhook {
	at := time.Date(2020, 11, 19, 15, 44, 34, 622e6, time.UTC)
	return &Webhook{
		ID:             "177ef997-db7f-42f5-a28d-b0a1ee1267e9",
		Types:          []string{"order.charge.cancel.failed", "order.charge.pending", "order.accepted"},
		Address:        "https://company.com",
		Enabled:        true,
		APIVersion:     "default",
		TransportType:  TransportHTTP,
		LiveMode:       new(false),
		Authentication: &Authentication{UserName: "some username", Password: "some password"},
		CreatedTime:    at,
		UpdatedTime:    at,
	}
}

func TestDecodeWebhook(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := map[string]struct {
		body string
		want *Webhook
	}{
		"the example of the guide": {exampleResponse, exampleWebhook()},
		"only an ID": {`{"id": "a"}`, &Webhook{
			ID: "a", Enabled: true, APIVersion: "default", TransportType: TransportHTTP}},
		"null but for the ID": {
			`{"id": "a", "types": null, "address": null, "enabled": null, "apiVersion": null, "transportType": null,
			"authentication": null, "oauth": null, "liveMode": null, "createdTime": null, "updatedTime": null}`,
			&Webhook{ID: "a", Enabled: true, APIVersion: "default", TransportType: TransportHTTP}},
		"unknown members": {`{"extra": {"id": 7}, "id": "a", "enabled": false, "liveMode": true, "version": 3,
			"authentication": {"userName": "u", "password": "p", "realm": [1]}}`,
			&Webhook{ID: "a", APIVersion: "default", TransportType: TransportHTTP, LiveMode: new(true),
				Authentication: &Authentication{UserName: "u", Password: "p"}}},
		"the SDK's spelling": {`{"id": "a", "authentication": {"username": "u", "password": "p"}}`,
			&Webhook{ID: "a", Enabled: true, APIVersion: "default", TransportType: TransportHTTP,
				Authentication: &Authentication{UserName: "u", Password: "p"}}},
		"both spellings of the user name": {
			`{"id": "a", "authentication": {"username": "u", "userName": "", "password": "p"}}`,
			&Webhook{ID: "a", Enabled: true, APIVersion: "default", TransportType: TransportHTTP,
				Authentication: &Authentication{UserName: "u", Password: "p"}}},
		"a masked password": {`{"id": "a", "authentication": {"username": "u", "password": "********"}}`,
			&Webhook{ID: "a", Enabled: true, APIVersion: "default", TransportType: TransportHTTP,
				Authentication: &Authentication{UserName: "u"}}},
		"masked and absent secrets": {`{"id": "a", "oauth": {"clientID": "c", "clientSecret": "se***"}}`,
			&Webhook{ID: "a", Enabled: true, APIVersion: "default", TransportType: TransportOAuth,
				OAuth: &OAuth{ClientID: "c"}}},
		"times without fraction": {`{"id": "a", "createdTime": "2026-01-02T03:04:05Z"}`,
			&Webhook{ID: "a", Enabled: true, APIVersion: "default", TransportType: TransportHTTP, CreatedTime: at}},
		"oauth": {`{"id": "a", "transportType": "OAUTH", "authentication": {"userName": "u"}, "oauth": {
			"tokenEndPoint": "https://t", "clientID": "c", "clientSecret": "s", "grantType": "password",
			"userName": "u", "password": "p", "audience": "x"}}`,
			&Webhook{ID: "a", Enabled: true, APIVersion: "default", TransportType: TransportOAuth, OAuth: &OAuth{
				TokenEndPoint: "https://t", ClientID: "c", ClientSecret: "s", GrantType: GrantPassword,
				UserName: "u", Password: "p", Audience: "x"}}},
		"transport type from oauth": {`{"id": "a", "oauth": {"clientID": "c"}}`,
			&Webhook{ID: "a", Enabled: true, APIVersion: "default", TransportType: TransportOAuth,
				OAuth: &OAuth{ClientID: "c"}}},
		"members of another transport type": {
			`{"id": "a", "transportType": "HTTP", "oauth": {"clientID": "c"}, "authentication": {}}`,
			&Webhook{ID: "a", Enabled: true, APIVersion: "default", TransportType: TransportHTTP}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := decodeWebhook([]byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeWebhookError(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"no id":             {`{"address": "https://a"}`, "has no id"},
		"null":              {`null`, "has no id"},
		"an array":          {`[]`, "the body has the wrong type: array"},
		"a number for text": {`{"id": "a", "address": 4711}`, "address has the wrong type: number"},
		"text for a list":   {`{"id": "a", "types": "order.accepted"}`, "types has the wrong type: string"},
		"a number in types": {`{"id": "a", "types": ["order.accepted", 1]}`, "types has the wrong type: number"},
		"text for a flag":   {`{"id": "a", "enabled": "yes"}`, "enabled has the wrong type: string"},
		"a list for oauth":  {`{"id": "a", "oauth": []}`, "oauth has the wrong type: array"},
		"no time":           {`{"id": "a", "createdTime": "yesterday"}`, "a time is not in RFC 3339 format"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := decodeWebhook([]byte(test.body))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want it to say %q", err, test.want)
			}
			if isSyntaxError(err) {
				t.Error("it counts as a syntax error")
			}
		})
	}
}

func TestEncodeWebhook(t *testing.T) {
	tests := map[string]struct {
		webhook Webhook
		want    string
	}{
		"required members": {
			Webhook{Types: []string{"order.accepted"}, Address: "https://a"},
			`{"types":["order.accepted"],"address":"https://a","enabled":false}`},
		"HTTP": {
			Webhook{Types: []string{"a.b", "c.d"}, Address: "https://a", Enabled: true, APIVersion: "latest",
				TransportType: TransportHTTP, Authentication: &Authentication{UserName: "u", Password: "p"}},
			`{"types":["a.b","c.d"],"address":"https://a","enabled":true,"apiVersion":"latest",` +
				`"transportType":"HTTP","authentication":{"username":"u","password":"p"}}`},
		"OAUTH": {
			Webhook{Types: []string{"a.b"}, Address: "https://a", Enabled: true, TransportType: TransportOAuth,
				OAuth: &OAuth{TokenEndPoint: "https://t", ClientID: "c", ClientSecret: "s"}},
			`{"types":["a.b"],"address":"https://a","enabled":true,"transportType":"OAUTH",` +
				`"oauth":{"tokenEndPoint":"https://t","clientID":"c","clientSecret":"s"}}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, string(encode(test.webhook))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEncodePatch(t *testing.T) {
	tests := map[string]struct {
		webhook Webhook
		members []string
		want    string
	}{
		"nothing": {Webhook{Address: "https://b"}, nil, `{}`},
		"everything": {
			Webhook{Types: []string{"a.b"}, Address: "https://b", APIVersion: "2021-12-13",
				TransportType: TransportOAuth, OAuth: &OAuth{TokenEndPoint: "https://t"}},
			[]string{"types", "address", "enabled", "apiVersion", "transportType", "authentication", "oauth"},
			`{"address":"https://b","apiVersion":"2021-12-13","authentication":null,"enabled":false,` +
				`"oauth":{"tokenEndPoint":"https://t","clientID":"","clientSecret":""},` +
				`"transportType":"OAUTH","types":["a.b"]}`},
		"back to HTTP": {
			Webhook{Address: "https://b", Authentication: &Authentication{UserName: "u", Password: "p"}},
			[]string{"authentication", "oauth"},
			`{"authentication":{"username":"u","password":"p"},"oauth":null}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, string(encodePatch(test.webhook, test.members))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWebhookPath(t *testing.T) {
	tests := map[string]string{
		"177ef997-db7f": "/webhooks/177ef997-db7f",
		"a/b":           "/webhooks/a%2Fb",
		"a b?c#d%":      "/webhooks/a%20b%3Fc%23d%25",
		"..":            "/webhooks/%2E%2E",
		".":             "/webhooks/%2E",
		"ü":             "/webhooks/%C3%BC",
	}
	for id, want := range tests {
		if got := webhookPath(id); got != want {
			t.Errorf("%q is %s, want %s", id, got, want)
		}
	}
}

func FuzzDecodeWebhook(f *testing.F) {
	for _, seed := range []string{
		exampleResponse, `{"id":"a"}`, `{"id":1}`, `null`, ``, `{"id":"a","types":[null]}`, `{"id":"a","createdTime":""}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		webhook, err := decodeWebhook(body)
		if err == nil && (webhook.ID == "" || webhook.TransportType == "" || !json.Valid(body)) {
			t.Errorf("read as %+v", webhook)
		}
	})
}
