package digitalriver

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// seedAnswer is the example of seed 001.
const seedAnswer = `{
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

func seedWebhook() *Webhook {
	at := time.Date(2020, 11, 19, 15, 44, 34, 622e6, time.UTC)
	return &Webhook{
		ID:             "177ef997-db7f-42f5-a28d-b0a1ee1267e9",
		Types:          []string{"order.charge.cancel.failed", "order.charge.pending", "order.accepted"},
		Address:        "https://company.com",
		Enabled:        true,
		APIVersion:     "default",
		TransportType:  TransportHTTP,
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
		"the seed's example": {seedAnswer, seedWebhook()},
		"all but the id is absent": {`{"id": "a"}`, &Webhook{
			ID: "a", Enabled: true, APIVersion: "default", TransportType: TransportHTTP}},
		"all but the id is null": {
			`{"id": "a", "types": null, "address": null, "enabled": null, "apiVersion": null, "transportType": null,
			"authentication": null, "oauth": null, "liveMode": null, "createdTime": null, "updatedTime": null}`,
			&Webhook{ID: "a", Enabled: true, APIVersion: "default", TransportType: TransportHTTP}},
		"unknown members": {`{"extra": {"id": 7}, "id": "a", "enabled": false, "liveMode": true, "version": 3,
			"authentication": {"userName": "u", "password": "p", "realm": [1]}}`,
			&Webhook{ID: "a", APIVersion: "default", TransportType: TransportHTTP, LiveMode: true,
				Authentication: &Authentication{UserName: "u", Password: "p"}}},
		"the SDK's spelling": {`{"id": "a", "authentication": {"username": "u", "password": "p"}}`,
			&Webhook{ID: "a", Enabled: true, APIVersion: "default", TransportType: TransportHTTP,
				Authentication: &Authentication{UserName: "u", Password: "p"}}},
		"times without fraction": {`{"id": "a", "createdTime": "2026-01-02T03:04:05Z"}`,
			&Webhook{ID: "a", Enabled: true, APIVersion: "default", TransportType: TransportHTTP, CreatedTime: at}},
		"oauth": {`{"id": "a", "transportType": "OAUTH", "authentication": {"userName": "u"}, "oauth": {
			"tokenEndPoint": "https://t", "clientID": "c", "clientSecret": "s", "grantType": "password",
			"userName": "u", "password": "p", "audience": "x"}}`,
			&Webhook{ID: "a", Enabled: true, APIVersion: "default", TransportType: TransportOAuth, OAuth: &OAuth{
				TokenEndPoint: "https://t", ClientID: "c", ClientSecret: "s", GrantType: GrantPassword,
				UserName: "u", Password: "p", Audience: "x"}}},
		"oauth tells the transport": {`{"id": "a", "oauth": {"clientID": "c"}}`,
			&Webhook{ID: "a", Enabled: true, APIVersion: "default", TransportType: TransportOAuth,
				OAuth: &OAuth{ClientID: "c"}}},
		"oauth of another transport": {`{"id": "a", "transportType": "HTTP", "oauth": {"clientID": "c"}, "authentication": {}}`,
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

func TestDecodeWebhookNotUnderstood(t *testing.T) {
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
				t.Error("taken for a body that is no JSON")
			}
		})
	}
}

func TestDecodePage(t *testing.T) {
	tests := map[string]struct {
		body string
		ids  []string
		more bool
		err  string
	}{
		"array":              {body: `[{"id": "a"}, {"id": "b"}]`, ids: []string{"a", "b"}},
		"no webhooks":        {body: ` [] `, ids: []string{}},
		"object":             {body: `{"data": [{"id": "a"}]}`, ids: []string{"a"}},
		"page":               {body: "\n{\"hasMore\": true, \"data\": [{\"id\": \"a\"}]}", ids: []string{"a"}, more: true},
		"no data":            {body: `{"hasMore": false}`, err: "no data"},
		"null data":          {body: `{"data": null}`, err: "no data"},
		"null":               {body: `null`, err: "null"},
		"text":               {body: `"webhooks"`, err: "wrong type"},
		"empty":              {body: ``, err: "unexpected end"},
		"cut off":            {body: `[{"id": "a"}, {"id"`, err: "unexpected end"},
		"one without id":     {body: `[{"id": "a"}, {}]`, err: "element 1 of the list: the webhook has no id"},
		"one of wrong type":  {body: `[{"id": "a"}, {"id": "b", "address": []}]`, err: "element 1 of the list: address"},
		"one that is a text": {body: `{"data": ["a"]}`, err: "element 0 of the list: the body"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := decodePage([]byte(test.body))
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got %v, want it to say %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.ids, ids(got.webhooks)); diff != "" || got.hasMore != test.more {
				t.Errorf("more %v, ids %s", got.hasMore, diff)
			}
		})
	}
}

func ids(webhooks []*Webhook) []string {
	ids := make([]string, len(webhooks))
	for i, webhook := range webhooks {
		ids[i] = webhook.ID
	}
	return ids
}

func TestEncodeNewWebhook(t *testing.T) {
	tests := map[string]struct {
		webhook NewWebhook
		want    string
	}{
		"no more than must be": {
			NewWebhook{Types: []string{"order.accepted"}, Address: "https://a"},
			`{"types":["order.accepted"],"address":"https://a","enabled":false}`},
		"HTTP": {
			NewWebhook{Types: []string{"a.b", "c.d"}, Address: "https://a", Enabled: true, APIVersion: "latest",
				TransportType: TransportHTTP, Authentication: &Authentication{UserName: "u", Password: "p"}},
			`{"types":["a.b","c.d"],"address":"https://a","enabled":true,"apiVersion":"latest","transportType":"HTTP",` +
				`"authentication":{"userName":"u","password":"p"}}`},
		"OAUTH": {
			NewWebhook{Types: []string{"a.b"}, Address: "https://a", Enabled: true, TransportType: TransportOAuth,
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
	address, enabled, version, transport := "https://b", false, "2021-12-13", TransportOAuth
	tests := map[string]struct {
		patch WebhookPatch
		want  string
	}{
		"nothing": {WebhookPatch{}, `{}`},
		"everything": {
			WebhookPatch{Types: []string{"a.b"}, Address: &address, Enabled: &enabled, APIVersion: &version,
				TransportType: &transport, RemoveAuthentication: true, OAuth: &OAuth{TokenEndPoint: "https://t"}},
			`{"types":["a.b"],"address":"https://b","enabled":false,"apiVersion":"2021-12-13",` +
				`"transportType":"OAUTH","authentication":null,` +
				`"oauth":{"tokenEndPoint":"https://t","clientID":"","clientSecret":""}}`},
		"back to HTTP": {
			WebhookPatch{RemoveOAuth: true, Authentication: &Authentication{UserName: "u", Password: "p"}},
			`{"authentication":{"userName":"u","password":"p"},"oauth":null}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, string(encode(test.patch))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeSecrets(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	got, err := decodeSecrets([]byte(`{"data": [
		{"id": "2", "secret": "whk_2", "createdTime": "2026-01-02T03:04:05.000Z", "expiresTime": null, "new": 1},
		{"id": "1", "secret": "whk_1", "createdTime": "2026-01-02T03:04:05Z", "expiresTime": "2026-01-02T03:04:05Z"}]}`))
	want := []Secret{
		{ID: "2", Secret: "whk_2", CreatedTime: at},
		{ID: "1", Secret: "whk_1", CreatedTime: at, ExpiresTime: &at},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	for _, body := range []string{`null`, `[]`, `{}`, `{"data": [{}]}`, `{"data": [{"id": "1"}]}`, `{"data": [{"id": 1}]}`} {
		if got, err := decodeSecrets([]byte(body)); err == nil {
			t.Errorf("%s was read as %v", body, got)
		}
	}
}

func FuzzDecodeWebhook(f *testing.F) {
	for _, seed := range []string{seedAnswer, `{"id":"a"}`, `{"id":1}`, `null`, ``, `{"id":"a","types":[null]}`, `{"id":"a","createdTime":""}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		webhook, err := decodeWebhook(body)
		if err == nil && (webhook.ID == "" || webhook.TransportType == "" || !json.Valid(body)) {
			t.Errorf("read as %+v", webhook)
		}
		_, _ = decodeSecret(body)
		_, _ = decodeSecrets(body)
	})
}

func FuzzDecodeList(f *testing.F) {
	for _, seed := range []string{
		"[" + seedAnswer + "]", `{"data":[` + seedAnswer + `],"hasMore":true}`, `[]`, `{}`, `{"data":null}`,
		`[{"id":"a"},{"id":"a"}]`, `[1]`, `[{"id":"a"`, ` `,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := decodePage(body)
		if err != nil {
			return
		}
		for _, webhook := range p.webhooks {
			if webhook == nil || webhook.ID == "" {
				t.Errorf("read as %+v", webhook)
			}
		}
	})
}

// listBody is an answer with n webhooks of some types each.
func listBody(n, types int) []byte {
	var b strings.Builder
	b.WriteByte('[')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"00000000-0000-4000-8000-%012d","types":[`, i)
		for k := range types {
			if k > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `"resource_%d.something.happened"`, k)
		}
		fmt.Fprintf(&b, `],"address":"https://example.com/hooks/%d","enabled":true,"apiVersion":"default",`+
			`"transportType":"HTTP","liveMode":false,"createdTime":"2026-01-02T03:04:05.678Z",`+
			`"updatedTime":"2026-01-02T03:04:05.678Z"}`, i)
	}
	b.WriteByte(']')
	return []byte(b.String())
}

func BenchmarkDecodeList(b *testing.B) {
	for _, size := range []struct{ webhooks, types int }{{1000, 10}, {5000, 60}} {
		b.Run(fmt.Sprintf("%dx%d", size.webhooks, size.types), func(b *testing.B) {
			body := listBody(size.webhooks, size.types)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := decodePage(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
