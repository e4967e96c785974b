package provider

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

// keyCase is an API key that may not do all that is asked of it.
type keyCase struct {
	name, key string
	arguments string // further ones of the provider
	// refused has words of the error of each operation; those that are not in
	// it succeed and change nothing.
	refused map[string]string
	// omit are the operations that this key is there for.
	omit []string
}

const (
	wrongKey     = "The API key is wrong or was revoked"
	mayNot       = "The API key may not do this"
	wrongMode    = "API key of the wrong mode"
	otherMode    = "API key of another mode than the webhook"
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
			"create": mayNot, "update": mayNot, "delete": mayNot,
			"rotate": mayNot, "reveal": mayNot, "reveal ephemerally": mayNot,
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

// TestAccAuthorization asks every operation with keys that may not do it. The
// refusals are those of the table, and neither state nor account changes.
func TestAccAuthorization(t *testing.T) {
	for _, o := range operations {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			testAuthorization(t, o)
		})
	}
}

func testAuthorization(t *testing.T, o operation) {
	w, clocks := newWorkspace(t), map[string]digitalriver.Clock{}
	if strings.HasSuffix(o.then, faultsEphemeral) {
		w.require(tfversion.Version1_10_0)
	}
	keys := slices.DeleteFunc(slices.Clone(keyCases), func(k keyCase) bool { return slices.Contains(k.omit, o.name) })
	apis := make([]*sandboxAPI, len(keys))
	name := func(k keyCase) string { return strings.ReplaceAll(k.name, " ", "_") }
	for i := range keys {
		apis[i] = startSandbox(t)
		apis[i].create(liveKey, object{"address": "https://example.com/live", "types": []string{"order.accepted"}})
		apis[i].create(testKey, object{"address": "https://example.com/test", "types": []string{"order.accepted"}})
		clocks[fmt.Sprintf("case%d", i)] = &skippingClock{}
	}
	w.serve(clocks)
	configure := func(body string, good bool) {
		config := ""
		for i, k := range keys {
			key, arguments := k.key, k.arguments
			if good {
				key, arguments = testKey, ""
			}
			provider := fmt.Sprintf("case%d", i)
			config += fmt.Sprintf("provider %q {\n  api_key  = %q\n  base_url = %q\n%s}\n", provider, key, apis[i].url, arguments) +
				strings.NewReplacer("{provider}", provider, "{name}", name(k)).Replace(body)
		}
		w.write("main.tf", config)
	}
	accounts := func() []any {
		var all []any
		for _, api := range apis {
			all = append(append(all, api.webhooks(testKey)...), api.webhooks(liveKey)...)
			for _, webhook := range api.webhooks(testKey) {
				all = append(all, api.secrets(webhook.(object)["id"].(string)))
			}
		}
		return all
	}

	if o.before != "" {
		configure(o.before, true)
		if code, found := w.messages(apply...); code != 0 {
			t.Fatalf("apply with a good key: %s", strings.Join(errorsOf(found), "\n"))
		}
	}
	state, account := w.state(), accounts()

	configure(o.then, false)
	command := o.command
	if o.before != "" && !slices.Contains(command, "-refresh-only") {
		command = append(slices.Clone(command), "-refresh=false") // so that it comes to the operation
	}
	_, found := w.messages(command...)
	for _, k := range keys {
		id, _ := state["digitalriver_webhook."+name(k)].Attributes["id"].(string)
		text := strings.Join(errorsOf(about(found, name(k), id)), "\n")
		if want, refused := k.refused[o.name]; refused != (text != "") || !strings.Contains(text, want) {
			t.Errorf("key %s: want an error with %q, got %q", k.name, want, text)
		}
	}
	if diff := cmp.Diff(state, w.state()); diff != "" && o.name != "list" {
		t.Errorf("state changed (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(account, accounts()); diff != "" {
		t.Errorf("the account changed (-before +after):\n%s", diff)
	}
}

// TestAccAuthorization_rotationAlone refreshes a rotation, whose secrets do not
// show their mode, with a key of the other mode.
func TestAccAuthorization_rotationAlone(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	w.serve(map[string]digitalriver.Clock{"digitalriver": &skippingClock{}})
	api.create(liveKey, object{"address": "https://example.com/live", "types": []string{"order.accepted"}})
	rotation := fmt.Sprintf("resource \"digitalriver_webhook_secret_rotation\" \"test\" {\n  webhook_id = %q\n}\n",
		api.create(testKey, object{"address": "https://example.com/test", "types": []string{"order.accepted"}}))
	w.write("main.tf", api.config(rotation))
	w.must("apply", "-auto-approve")
	state := w.state()
	for _, arguments := range []string{"", "live_mode = false"} {
		w.write("main.tf", api.configWith(liveKey, arguments, rotation))
		code, found := w.messages("apply", "-auto-approve")
		if text := strings.Join(errorsOf(found), "\n"); code == 0 || !strings.Contains(text, "API key of") {
			t.Errorf("with %q: exit code %d, %s", arguments, code, text)
		}
		if diff := cmp.Diff(state, w.state()); diff != "" {
			t.Errorf("with %q: state changed (-before +after):\n%s", arguments, diff)
		}
	}
	w.write("main.tf", api.config(rotation))
	w.mustBeClean()
}
