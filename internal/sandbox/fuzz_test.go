// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox/readings"
)

// FuzzRequest feeds bodies to everything that decodes one. What is accepted must
// be accepted again in the form of the response, and what is refused must say
// why.
func FuzzRequest(f *testing.F) {
	defaults, err := readings.Choose()
	if err != nil {
		f.Fatal(err)
	}
	r := reading{defaults}
	f.Fuzz(func(t *testing.T, body []byte) {
		w := newWebhook()
		if err := w.merge(body, r); err != nil {
			explained(t, err)
		} else {
			again := newWebhook()
			if err := again.merge(requestOf(t, w), r); err != nil {
				t.Fatalf("%s is not accepted again: %v", encode(w), err)
			}
			slices.Reverse(again.Types)
			if diff := cmp.Diff(string(encode(w)), string(encode(again))); diff != "" {
				t.Error(diff)
			}
		}
		if _, err := r.decodeRotation(body); err != nil {
			explained(t, err)
		}
		if e, err := decodeEvent(body); err != nil {
			explained(t, err)
		} else if body, err := e.Encode(); err != nil || !json.Valid(body) {
			t.Errorf("event %s: %v", body, err)
		}
		rules, err := decodeRules(body)
		if err != nil {
			explained(t, err)
		} else if _, err := decodeRules(encode(rules)); err != nil {
			t.Errorf("rules %s are not accepted again: %v", encode(rules), err)
		}
	})
}

// requestOf returns a create request for a webhook.
func requestOf(t *testing.T, w webhook) []byte {
	t.Helper()
	var members map[string]any
	decodeInto(t, encode(w), &members)
	for _, name := range []string{"id", "liveMode", "createdTime", "updatedTime"} {
		delete(members, name)
	}
	return encode(members)
}

// explained expects an error that says what is wrong with a request.
func explained(t *testing.T, err error) {
	t.Helper()
	var response struct {
		Type   string
		Errors []struct{ Code, Message string }
	}
	decodeInto(t, errorResponse(err).body, &response)
	if response.Type == "internal_server_error" || len(response.Errors) == 0 {
		t.Errorf("error %v", err)
	}
	for _, one := range response.Errors {
		if one.Code == "" || one.Message == "" {
			t.Errorf("error %v has an empty entry", err)
		}
	}
}
