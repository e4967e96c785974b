// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import "testing"

func TestSeenIDs(t *testing.T) {
	var seen seenIDs
	a, b := &Webhook{ID: "a"}, &Webhook{ID: "b"}
	seen.add(a)
	start, _ := seen.now()
	seen.add(a, b) // a again
	for id, want := range map[string]bool{"a": true, "b": false, "never": false} {
		if got := seen.before(id, start); got != want {
			t.Errorf("%s was seen before: %t, want %t", id, got, want)
		}
	}
}
