// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox/readings"
)

// Terraform has actions from 1.14 on. These tests speak the protocol, so that
// they run with any CLI; those in query_test.go invoke actions with Terraform.

// invoke validates, plans and invokes an action. It returns the progress
// messages and the diagnostics.
func invoke(
	t *testing.T, server tfprotov6.ProviderServer, name string, config object,
) (progress, diagnostics []string) {
	t.Helper()
	invoker, isInvoker := server.(frameworkServer)
	if !isInvoker {
		t.Fatal("the server has no actions")
	}
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	value := dynamicValue(t, valueOfJSON(t, schemas.ActionSchemas[name].Schema.ValueType(), config))
	collect := func(found []*tfprotov6.Diagnostic) {
		for _, d := range found {
			diagnostics = append(diagnostics, fmt.Sprintf("%s: %s: %s", d.Severity, d.Summary, d.Detail))
		}
	}
	validated, err := invoker.ValidateActionConfig(t.Context(),
		&tfprotov6.ValidateActionConfigRequest{ActionType: name, Config: value})
	if err != nil {
		t.Fatal(err)
	}
	collect(validated.Diagnostics)
	planned, err := invoker.PlanAction(t.Context(), &tfprotov6.PlanActionRequest{ActionType: name, Config: value})
	if err != nil {
		t.Fatal(err)
	}
	collect(planned.Diagnostics)
	if len(diagnostics) > 0 {
		return nil, diagnostics
	}
	stream, err := invoker.InvokeAction(t.Context(), &tfprotov6.InvokeActionRequest{ActionType: name, Config: value})
	if err != nil {
		t.Fatal(err)
	}
	for event := range stream.Events {
		switch event := event.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			progress = append(progress, event.Message)
		case tfprotov6.CompletedInvokeActionEventType:
			collect(event.Diagnostics)
		}
	}
	return progress, diagnostics
}

const (
	rotateAction = "digitalriver_rotate_webhook_secret"
	checkAction  = "digitalriver_check_webhook"
)

// TestRotateAction rotates a secret that a resource manages, and refreshes that.
func TestRotateAction(t *testing.T) {
	api, _, rotation, id := newRotation(t)
	if !rotation.apply(object{"webhook_id": id, "rotation_days": 90}) {
		t.Fatal("the rotation was not created")
	}
	before := rotation.state
	progress, diagnostics := invoke(t, rotation.server, rotateAction,
		object{"webhook_id": id, "previous_secret_valid_hours": 0})
	secrets := api.secrets(id)
	if len(diagnostics) > 0 || len(secrets) != 1 {
		t.Fatal(diagnostics, secrets)
	}
	newest, _ := secrets[0].(object)
	want := []string{
		fmt.Sprintf("Rotating the signing secret of webhook %q ...", id),
		fmt.Sprintf("The new secret of webhook %q has the ID %s.", id, newest["id"]),
		"All older secrets are blocked.",
	}
	if diff := cmp.Diff(want, progress); diff != "" {
		t.Error(diff)
	}
	rotation.refresh()
	if rotation.state.Equal(before) {
		t.Error("the refresh does not adopt the new secret")
	}
	after := rotation.plan(object{"webhook_id": id, "rotation_days": 90})
	if got := decodedAs[string](t, after["secret_id"]); got != newest["id"] {
		t.Errorf("the plan after the action has the secret %q, want %q", got, newest["id"])
	}
}

func TestRotateAction_defaultOverlap(t *testing.T) {
	api, _, rotation, id := newRotation(t)
	progress, diagnostics := invoke(t, rotation.server, rotateAction, object{"webhook_id": id})
	if len(diagnostics) > 0 || len(api.secrets(id)) != 2 ||
		!strings.HasPrefix(progress[len(progress)-1], "The previous secret works until ") {
		t.Error(diagnostics, progress)
	}
}

func TestRotateAction_errors(t *testing.T) {
	api, _, rotation, id := newRotation(t)
	for range 4 {
		api.rotate(id, 24)
	}
	for name, test := range map[string]struct {
		config object
		want   string
	}{
		"five secrets": {object{"webhook_id": id}, "ERROR: Too many active signing secrets: Webhook \"" + id + "\" has 5 "},
		"no webhook":   {object{"webhook_id": "none"}, "ERROR: Could not rotate signing secret"},
		"odd hours": {
			object{"webhook_id": id, "previous_secret_valid_hours": 5}, "ERROR: Invalid Attribute Value Match",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, diagnostics := invoke(t, rotation.server, rotateAction, test.config)
			if len(diagnostics) != 1 || !strings.HasPrefix(diagnostics[0], test.want) {
				t.Errorf("diagnostics %q, want %q", diagnostics, test.want)
			}
		})
	}
	if secrets := api.secrets(id); len(secrets) != 5 {
		t.Errorf("%d secrets, want 5", len(secrets))
	}
}

// TestCheckAction_receiver checks the receiver of the guide, with the secret and
// the basic authentication that the API knows.
func TestCheckAction_receiver(t *testing.T) {
	r := startReceiver(t, "Basic dTpodXNoLWh1c2g=")
	api := startSandbox(t)
	webhook := webhookBody(r.url, "order.accepted")
	webhook["authentication"] = object{"username": "u", "password": "hush-hush"}
	id := api.create(testKey, webhook)
	secret, _ := api.secrets(id)[0].(object)
	r.write("secret", fmt.Sprintln(secret["secret"]))
	server, _ := configuredServer(t, api.url, &testClock{})
	progress, diagnostics := invoke(t, server, checkAction, object{"webhook_id": id})
	if len(diagnostics) != 1 || !strings.HasPrefix(diagnostics[0], "WARNING: Endpoint check found problems") ||
		!strings.HasSuffix(diagnostics[0], "\n\n  * Plain http shows events and credentials to everyone on the way. "+
			"Use https.") {
		t.Error(diagnostics)
	}
	if len(progress) != 9 || !strings.HasPrefix(progress[1], "Signed event: status 202, ") ||
		!strings.HasPrefix(progress[4], "Broken signature: status 400 with ") ||
		!strings.HasPrefix(progress[8], "Ten at once: status 202, ") {
		t.Error(progress)
	}
	checkNoCredentials(t, append(progress, diagnostics...), fmt.Sprint(secret["secret"]), "hush-hush", "dTpodXNoLWh1c2g=")
}

// TestCheckAction_token checks an endpoint with a token that the token endpoint
// of the webhook issues.
func TestCheckAction_token(t *testing.T) {
	for name, test := range map[string]struct {
		grant, want string
	}{
		"issued":  {"id/hush-hush grant_type=client_credentials", ""},
		"refused": {"none", "ERROR: Endpoint would not acknowledge events"},
	} {
		t.Run(name, func(t *testing.T) {
			r := startReceiver(t, "Bearer granted")
			api := startSandbox(t)
			webhook := webhookBody(r.url, "order.accepted")
			webhook["transportType"] = "OAUTH"
			webhook["oauth"] = object{
				"tokenEndPoint": startTokenEndpoint(t, test.grant), "clientID": "id", "clientSecret": "hush-hush",
				"grantType": "client_credentials",
			}
			id := api.create(testKey, webhook)
			secret, _ := api.secrets(id)[0].(object)
			r.write("secret", fmt.Sprintln(secret["secret"]))
			server, _ := configuredServer(t, api.url, &testClock{})
			progress, diagnostics := invoke(t, server, checkAction, object{"webhook_id": id})
			all := strings.Join(append(progress, diagnostics...), "\n")
			if strings.Contains(all, "ERROR") != (test.want != "") || !strings.Contains(all, test.want) {
				t.Error(all)
			}
			checkNoCredentials(t, []string{all}, "hush-hush", "granted")
		})
	}
}

// TestCheckAction_failures checks that an endpoint that would not acknowledge
// events fails the run, and that the message says why.
func TestCheckAction_failures(t *testing.T) {
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		config  object
		enabled bool
		want    string
	}{
		"rejects":      {returnStatus(500), object{}, true, "It responded with 500."},
		"redirects":    {returnStatus(302), object{}, true, "It redirects (302)"},
		"accepts all":  {returnStatus(202), object{}, true, "The broken signature was accepted"},
		"disabled":     {returnStatus(202), object{}, false, "The webhook is disabled"},
		"unknown type": {returnStatus(202), object{"event_type": "ordr.accepted"}, true, "Did you mean order.accepted"},
		"late":         {neverRespond, object{"timeout": "2s"}, true, "There was no response within 2000 ms."},
	} {
		t.Run(name, func(t *testing.T) {
			endpoint := httptest.NewServer(test.handler)
			defer endpoint.Close()
			api := startSandbox(t)
			id := api.create(testKey, merged(webhookBody(endpoint.URL+"/in?token=hush-hush", "order.accepted"),
				object{"enabled": test.enabled}))
			server, _ := configuredServer(t, api.url, &testClock{})
			progress, diagnostics := invoke(t, server, checkAction, merged(object{"webhook_id": id}, test.config))
			if all := strings.Join(diagnostics, "\n"); !strings.Contains(all, test.want) {
				t.Errorf("diagnostics %q, want %q", all, test.want)
			}
			checkNoCredentials(t, append(progress, diagnostics...), "hush-hush")
		})
	}
}

// TestCheckAction_hiddenCredentials checks that the action says so if the API
// does not show what Digital River would send.
func TestCheckAction_hiddenCredentials(t *testing.T) {
	for _, reading := range []string{readings.CredentialsMasked, readings.CredentialsAbsent, readings.SecretsNotFound} {
		t.Run(reading, func(t *testing.T) {
			api := startSandboxWith(t, sandbox.Options{RateLimit: "off", Readings: []string{reading}})
			webhook := webhookBody("http://127.0.0.1:1", "order.accepted")
			webhook["authentication"] = object{"username": "u", "password": "hush-hush"}
			id := api.create(testKey, webhook)
			server, _ := configuredServer(t, api.url, &testClock{})
			_, diagnostics := invoke(t, server, checkAction, object{"webhook_id": id})
			if len(diagnostics) != 1 || !strings.Contains(diagnostics[0], "not available") {
				t.Error(diagnostics)
			}
		})
	}
}

// checkNoCredentials fails the test if a message contains a credential.
func checkNoCredentials(t *testing.T, messages []string, credentials ...string) {
	t.Helper()
	for _, message := range messages {
		for _, credential := range credentials {
			if strings.Contains(message, credential) {
				t.Errorf("%q contains a credential", message)
			}
		}
	}
}
