// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

// operation is one use of the API, and the run of Terraform that leads to it.
type operation struct {
	name string
	// before is the configuration that is applied first, after the one that leads
	// to the operation. {provider} and {name} are filled in.
	before, after string
	// command leads to the operation.
	command []string
	// method and path are those of its request; {id} is the webhook's id.
	method, path string
	// secrets is the number of active signing secrets once it has succeeded; 0 if
	// the webhook is gone.
	secrets int
}

const (
	operationWebhook = `
resource "digitalriver_webhook" "{name}" {
  provider = {provider}
  address  = "https://example.com/before"
  types    = ["order.accepted", "refund.failed"]
}
`
	operationRotation = operationWebhook + `
resource "digitalriver_webhook_secret_rotation" "{name}" {
  provider         = {provider}
  webhook_id       = digitalriver_webhook.{name}.id
  rotate_on_create = {rotate}
  expose_secret    = true
}
`
	operationList = `
data "digitalriver_webhooks" "{name}" {
  provider = {provider}
}
`
	operationEphemeral = operationWebhook + `
ephemeral "digitalriver_webhook_secret" "{name}" {
  provider   = {provider}
  webhook_id = digitalriver_webhook.{name}.id
}
`
)

var (
	applyCommand   = []string{"apply", "-auto-approve", "-parallelism=50"}
	refreshCommand = slices.Concat(applyCommand, []string{"-refresh-only"})

	operationUpdated   = strings.ReplaceAll(operationWebhook, "before", "after")
	operationRotated   = strings.ReplaceAll(operationRotation, "{rotate}", "true")
	operationUnrotated = strings.ReplaceAll(operationRotation, "{rotate}", "false")
)

const (
	webhooksPath = "/webhooks"
	idPath       = "/webhooks/{id}"
	secretsPath  = "/webhooks/{id}/secrets"
)

var operations = []operation{
	{"create", "", operationWebhook, applyCommand, http.MethodPost, webhooksPath, 1},
	{"read", operationWebhook, operationWebhook, refreshCommand, http.MethodGet, idPath, 1},
	{"list", "", operationList, applyCommand, http.MethodGet, webhooksPath, 1},
	{"update", operationWebhook, operationUpdated, applyCommand, http.MethodPatch, idPath, 1},
	{"delete", operationWebhook, "", applyCommand, http.MethodDelete, idPath, 0},
	{"rotate", operationWebhook, operationRotated, applyCommand, http.MethodPost, secretsPath, 2},
	{"reveal", operationUnrotated, operationUnrotated, refreshCommand, http.MethodGet, secretsPath, 1},
	{"reveal ephemerally", operationWebhook, operationEphemeral, applyCommand, http.MethodGet, secretsPath, 1},
}

// eachOperation runs a test of each operation.
func eachOperation(t *testing.T, test func(t *testing.T, o operation)) {
	for _, o := range operations {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			test(t, o)
		})
	}
}

// Words of errors that several operations end in.
const (
	wrongKey     = "The API key is wrong or was revoked"
	noPermission = "The API key may not do this"
	longWait     = "the API asked to wait 1h0m0s"
	htmlPage     = "the response is an HTML page"
	noResponse   = "got no response"
	tooSlow      = "no complete response within " + requestTimeout

	// requestTimeout is a request_timeout that is too short for the fault.
	requestTimeout = "500ms"
)

// account is a sandbox in a run of Terraform that many share: it has a provider
// and a name for its resources of its own.
type account struct {
	api            *sandboxAPI
	provider, name string
}

// newAccount starts the n-th account of a run.
func newAccount(t *testing.T, n int, name string) account {
	t.Helper()
	return account{startSandbox(t), fmt.Sprintf("account%d", n), strings.ReplaceAll(name, " ", "_")}
}

// config is the account's part of the configuration.
func (a account) config(key, arguments, body string) string {
	return fmt.Sprintf("provider %q {\n  api_key  = %q\n  base_url = %q\n%s}\n", a.provider, key, a.api.url, arguments) +
		strings.NewReplacer("{provider}", a.provider, "{name}", a.name).Replace(body)
}

// stateOf is the account's part of state.
func (a account) stateOf(state map[string]instance) map[string]instance {
	part := map[string]instance{}
	for address, i := range state {
		if strings.HasSuffix(address, "."+a.name) {
			part[address] = i
		}
	}
	return part
}

// newOperationWorkspace has the CLI use the providers of these accounts, which
// run in this process on clocks that leap over waits.
func newOperationWorkspace(t *testing.T, o operation, accounts []account) *workspace {
	t.Helper()
	w := newWorkspace(t)
	if strings.Contains(o.after, "ephemeral ") {
		w.require(ephemeralSince())
	}
	clocks := map[string]digitalriver.Clock{}
	for _, a := range accounts {
		clocks[a.provider] = &leapingClock{}
	}
	w.serve(clocks)
	return w
}
