// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestListEvents_forms reads both documented forms of a list, page by page.
func TestListEvents_forms(t *testing.T) {
	event := func(i int) string {
		return fmt.Sprintf(`{"id": "e-%d", "type": "order.accepted", "createdTime": "2026-01-02T03:04:05Z",
			"data": {"object": {}}}`, i)
	}
	events := func(from, to int) string {
		var list []string
		for i := from; i < to; i++ {
			list = append(list, event(i))
		}
		return "[" + strings.Join(list, ",") + "]"
	}
	for name, test := range map[string]struct {
		pages    []string
		want     int
		problem  string
		requests int
	}{
		"array":      {[]string{events(0, 3)}, 3, "", 1},
		"long array": {[]string{events(0, 100), events(100, 105)}, 105, "", 2},
		"full page":  {[]string{events(0, 100), "[]"}, 100, "", 2},
		"object": {
			[]string{`{"data": ` + events(0, 2) + `, "hasMore": true}`, `{"data": ` + events(2, 3) + `}`}, 3, "", 2,
		},
		"without data":  {[]string{`{}`}, 0, "no data", 1},
		"without an id": {[]string{`[{"type": "order.accepted"}]`}, 0, "lacks its id", 1},
	} {
		t.Run(name, func(t *testing.T) {
			var queries []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				queries = append(queries, r.URL.RawQuery)
				_, _ = fmt.Fprint(w, test.pages[min(len(queries), len(test.pages))-1])
			}))
			defer server.Close()
			client, err := New(Config{BaseURL: server.URL, APIKey: "sk_test_key"})
			if err != nil {
				t.Fatal(err)
			}
			since := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			got, err := client.ListEvents(t.Context(), since, since.AddDate(0, 0, 7))
			failed := err != nil && strings.Contains(err.Error(), test.problem)
			if len(got) != test.want || failed != (test.problem != "") {
				t.Errorf("%d events, want %d: %v", len(got), test.want, err)
			}
			if len(queries) != test.requests || !strings.Contains(queries[0], "createdTime%5Bgte%5D=2026-01-01T00%3A00%3A00Z") {
				t.Errorf("requests: %q", queries)
			}
			if test.requests > 1 && !strings.Contains(queries[1], "startingAfter=e-") {
				t.Errorf("second request: %s", queries[1])
			}
		})
	}
}
