// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A list never changes, since reads share it: with and without return others.
func TestWebhookList(t *testing.T) {
	a, b, c := &Webhook{ID: "a"}, &Webhook{ID: "b"}, &Webhook{ID: "c"}
	changed := &Webhook{ID: "a", Enabled: true}
	list := newWebhookList([]*Webhook{a, b}, true)
	tests := map[string]struct {
		list *webhookList
		want []*Webhook
	}{
		"with a new one":       {list.with(c), []*Webhook{a, b, c}},
		"with a newer version": {list.with(changed), []*Webhook{changed, b}},
		"without the first":    {list.without("a"), []*Webhook{b}},
		"without another":      {list.without("c"), []*Webhook{a, b}},
		"unchanged":            {list, []*Webhook{a, b}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.list.webhooks); diff != "" {
				t.Error(diff)
			}
			byID := make(map[string]*Webhook)
			for _, webhook := range test.want {
				byID[webhook.ID] = webhook
			}
			for _, id := range []string{"a", "b", "c"} {
				if got := test.list.get(id); got != byID[id] {
					t.Errorf("get(%q) is %+v", id, got)
				}
			}
		})
	}
}
