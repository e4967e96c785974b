// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

// keyCase is an API key that lacks permissions.
type keyCase struct {
	name, key string
	arguments string // further ones of the provider
	// refused has words of each operation's error; an operation that is not in it
	// succeeds and changes nothing.
	refused map[string]string
	// omit are the operations that are not tested: this key may do them.
	omit []string
}

const (
	wrongMode    = "API key of the wrong mode"
	otherMode    = "API key of another mode than the webhook"
	noSecrets    = "Signing secrets are not available"
	notInAccount = "It does not exist in the account and mode of this API key"
)

var keyCases = []keyCase{
	{
		name: "wrong", key: "sk_test_wrong",
		refused: map[string]string{
			"create": wrongKey, "read": wrongKey, "list": wrongKey, "update": wrongKey, "delete": wrongKey,
			"rotate": wrongKey, "reveal": wrongKey, "reveal ephemerally": wrongKey,
		},
	},
	{
		name: "restricted", key: restrictedKey,
		refused: map[string]string{
			"create": noPermission, "update": noPermission, "delete": noPermission,
			// A refresh ("reveal") only warns that secrets are not available.
			"rotate": noSecrets, "reveal ephemerally": noSecrets,
		},
	},
	{
		name: "of the other mode", key: liveKey,
		refused: map[string]string{
			"read": otherMode, "update": otherMode, "delete": otherMode,
			"rotate": notInAccount, "reveal": otherMode, "reveal ephemerally": notInAccount,
		},
		omit: []string{"create", "list"},
	},
	{
		name: "of the other mode than live_mode", key: liveKey, arguments: "  live_mode = false\n",
		refused: map[string]string{
			"create": wrongMode, "read": otherMode, "list": wrongMode, "update": wrongMode, "delete": wrongMode,
			"rotate": wrongMode, "reveal": otherMode, "reveal ephemerally": notInAccount,
		},
	},
}

// TestAccAuthorization runs each operation with keys that lack the permission.
// The errors are those of the table, and neither state nor account changes.
func TestAccAuthorization(t *testing.T) {
	eachOperation(t, testAuthorization)
}

func testAuthorization(t *testing.T, o operation) {
	keys := slices.DeleteFunc(slices.Clone(keyCases), func(k keyCase) bool { return slices.Contains(k.omit, o.name) })
	var accounts []account
	for i, k := range keys {
		a := newAccount(t, i, k.name)
		a.api.create(liveKey, webhookBody("https://example.com/live", "order.accepted"))
		a.api.create(testKey, webhookBody("https://example.com/test", "order.accepted"))
		accounts = append(accounts, a)
	}
	w := newOperationWorkspace(t, o, accounts)
	if o.before != "" {
		config := ""
		for _, a := range accounts {
			config += a.config(testKey, "", o.before)
		}
		w.write("main.tf", config)
		w.mustJSON(applyCommand...)
	}
	state, contents := w.state(), contentsOf(accounts)

	config := ""
	for i, a := range accounts {
		config += a.config(keys[i].key, keys[i].arguments, o.after)
	}
	w.write("main.tf", config)
	command := o.command
	if o.before != "" && !slices.Contains(command, "-refresh-only") {
		command = append(slices.Clone(command), "-refresh=false") // The refresh would fail first.
	}
	_, diagnostics := w.runJSON(command...)
	for i, k := range keys {
		name := accounts[i].name
		id, _ := state["digitalriver_webhook."+name].Attributes["id"].(string)
		text := errorText(diagnosticsOn(name, id, diagnostics))
		if want, refused := k.refused[o.name]; refused != (text != "") || !strings.Contains(text, want) {
			t.Errorf("key %s: want an error with %q, got %q", k.name, want, text)
		}
	}
	if diff := cmp.Diff(state, w.state()); diff != "" && o.name != "list" {
		t.Errorf("state changed (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(contents, contentsOf(accounts)); diff != "" {
		t.Errorf("the account changed (-before +after):\n%s", diff)
	}
}

// contentsOf are the webhooks of all accounts and the secrets of those in test
// mode.
func contentsOf(accounts []account) []any {
	var contents []any
	for _, a := range accounts {
		webhooks := a.api.webhooks(testKey)
		contents = append(append(contents, webhooks...), a.api.webhooks(liveKey)...)
		for _, webhook := range webhooks {
			contents = append(contents, a.api.secrets(webhook.(object)["id"].(string)))
		}
	}
	return contents
}

// TestAccAuthorization_rotationAlone refreshes a rotation, whose secrets do not
// show their mode, with a key of the other mode.
func TestAccAuthorization_rotationAlone(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	w.serve(map[string]digitalriver.Clock{"digitalriver": &leapingClock{}})
	api.create(liveKey, webhookBody("https://example.com/live", "order.accepted"))
	rotation := fmt.Sprintf(`
resource "digitalriver_webhook_secret_rotation" "test" {
  webhook_id = %q
}
`, api.create(testKey, webhookBody("https://example.com/test", "order.accepted")))
	w.apply(api.config(rotation))
	state := w.state()
	for _, arguments := range []string{"", "live_mode = false"} {
		w.write("main.tf", api.configWith(liveKey, arguments, rotation))
		code, diagnostics := w.runJSON("apply", "-auto-approve")
		if text := errorText(diagnostics); code == 0 || !strings.Contains(text, "API key of") {
			t.Errorf("with %q: exit code %d, %s", arguments, code, text)
		}
		if diff := cmp.Diff(state, w.state()); diff != "" {
			t.Errorf("with %q: state changed (-before +after):\n%s", arguments, diff)
		}
	}
	w.write("main.tf", api.config(rotation))
	w.mustBeClean()
}
