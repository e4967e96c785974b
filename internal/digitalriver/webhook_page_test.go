// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

func TestPages(t *testing.T) {
	for n, want := range map[int]int{0: 1, 1: 1, 10: 1, 11: 2, 35: 4} {
		synctest.Test(t, func(t *testing.T) {
			api := &fakeAPI{reading: reading{listing: listObjects}}
			api.addWebhooks(n)
			webhooks, _, err := api.newClient(t).ListWebhooks(t.Context())
			requests := api.takeRequestLines()
			if err != nil || len(webhooks) != n || len(requests) != want {
				t.Errorf("%d of %d webhooks in %v: %v", len(webhooks), n, requests, err)
			}
			if want > 1 && requests[1] != "GET /webhooks?startingAfter=w10&limit=100" {
				t.Errorf("the second page was requested with %s", requests[1])
			}
		})
	}
}

// A response of exactly 100 webhooks may be cut off. Only an API that knows
// startingAfter shows that it is not.
func TestListThatMayBeCutOff(t *testing.T) {
	tests := map[string]struct {
		list     string // how the API lists; see reading
		webhooks int
		listed   int
		complete bool
		requests int
	}{
		"below the limit":       {listCapped, 99, 99, true, 1},
		"refused":               {listCapped, 100, 100, false, 2},
		"refused, more":         {listCapped, 106, 100, false, 2},
		"ignored":               {listIgnoring, 106, 100, false, 2},
		"pages, at the limit":   {listCursor, 100, 100, true, 2},
		"pages, one more":       {listCursor, 101, 101, true, 2},
		"pages, at the limit 2": {listCursor, 200, 200, true, 3},
		"pages, several":        {listCursor, 250, 250, true, 3},
		"all at once":           {listAll, 106, 106, true, 1},
		"objects":               {listObjects, 106, 106, true, 11},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{reading: reading{listing: test.list}}
				api.addWebhooks(test.webhooks)
				client := api.newClient(t)
				webhooks, complete, err := client.ListWebhooks(t.Context())
				if err != nil || len(webhooks) != test.listed || complete != test.complete {
					t.Errorf("%d webhooks, complete: %t, %v", len(webhooks), complete, err)
				}
				if lines := api.takeRequestLines(); len(lines) != test.requests {
					t.Errorf("%v", lines)
				}
				// A webhook that is not in the list is read by itself.
				mustRead(t, client, test.webhooks)
			})
		})
	}
}

// A webhook that was created since does not make a list complete that is cut off.
func TestListStaysCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{reading: reading{listing: listCapped}}
		api.addWebhooks(106)
		client := api.newClient(t)
		mustRun(t, client, "list")
		for _, operation := range []string{"create", "update", "delete"} {
			mustRun(t, client, operation)
			if _, complete, err := client.ListWebhooks(t.Context()); complete || err != nil {
				t.Errorf("after a %s, complete: %t, %v", operation, complete, err)
			}
		}
	})
}

// The webhook that the next page is requested by may be deleted in the meantime.
func TestCursorIsDeletedBetweenPages(t *testing.T) {
	for name, list := range map[string]string{"objects": listObjects, "refused": listCursor} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{reading: reading{listing: list}}
				api.addWebhooks(350)
				deleteCursor := func(req *http.Request, carryOut func() *http.Response) (*http.Response, error) {
					cursor := req.URL.Query().Get("startingAfter")
					if i := api.index(cursor); i >= 0 {
						api.webhooks = slices.Delete(api.webhooks, i, i+1)
					}
					return carryOut(), nil
				}
				api.failNext("GET", noFault, noFault, deleteCursor)
				webhooks, complete, err := api.newClient(t).ListWebhooks(t.Context())
				if err != nil || len(webhooks) != 349 || !complete {
					t.Errorf("%d webhooks, complete: %t, %v", len(webhooks), complete, err)
				}
			})
		})
	}
}

// A list that always has more pages, but no more webhooks, is an error.
func TestEndlessPages(t *testing.T) {
	for _, body := range []string{`{"data": [{"id": "a"}], "hasMore": true}`, `{"data": [], "hasMore": true}`} {
		synctest.Test(t, func(t *testing.T) {
			api := &fakeAPI{}
			for range 5 {
				api.failNext("GET", respondWith(200, body))
			}
			err := asError(t, run(t.Context(), api.newClient(t), "list"))
			if !strings.Contains(err.Error(), "no new webhook") || len(api.takeRequests()) > 4 || err.UpstreamID == "" {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestDecodePage(t *testing.T) {
	tests := map[string]struct {
		body    string
		ids     []string
		hasMore bool
		err     string
	}{
		"array":             {body: `[{"id": "a"}, {"id": "b"}]`, ids: []string{"a", "b"}},
		"no webhooks":       {body: ` [] `, ids: []string{}},
		"object":            {body: `{"data": [{"id": "a"}]}`, ids: []string{"a"}},
		"page":              {body: ` {"hasMore": true, "data": [{"id": "a"}]}`, ids: []string{"a"}, hasMore: true},
		"no data":           {body: `{"hasMore": false}`, err: "no data"},
		"null data":         {body: `{"data": null}`, err: "no data"},
		"null":              {body: `null`, err: "null"},
		"a text":            {body: `"webhooks"`, err: "wrong type"},
		"empty":             {body: ``, err: "unexpected end"},
		"half":              {body: `[{"id": "a"}, {"id"`, err: "unexpected end"},
		"one without id":    {body: `[{"id": "a"}, {}]`, err: "element 1 of the list: the webhook has no id"},
		"one of wrong type": {body: `[{"id": "a"}, {"id": "b", "address": []}]`, err: "element 1 of the list: address"},
		"one is a text":     {body: `{"data": ["a"]}`, err: "element 0 of the list: the body"},
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
			if diff := cmp.Diff(test.ids, ids(got.webhooks)); diff != "" || got.hasMore != test.hasMore {
				t.Errorf("hasMore %t, IDs %s", got.hasMore, diff)
			}
		})
	}
}

func FuzzDecodeList(f *testing.F) {
	for _, seed := range []string{
		"[" + exampleResponse + "]", `{"data":[` + exampleResponse + `],"hasMore":true}`, `[]`, `{}`, `{"data":null}`,
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

// listBody is the body of a list of n webhooks with so many event types each.
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
