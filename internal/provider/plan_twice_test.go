// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

const rotationTypeName = "digitalriver_webhook_secret_rotation"

// Terraform plans a change again while it applies it: at another time, in another
// process, with values that were unknown before. The tests in this file plan
// twice with all of that changed in between.

// newRotation returns a rotation of a new webhook.
func newRotation(t *testing.T) (*sandboxAPI, *testClock, *managedObject, string) {
	t.Helper()
	api, clock := startSandbox(t), &testClock{}
	server, _ := configuredServer(t, api.url, clock)
	id := api.create(testKey, webhookBody("https://example.com", "order.accepted"))
	return api, clock, newManagedObject(t, server, rotationTypeName, newWebhookSecretRotationResource()), id
}

func TestPlanTwice_rotation(t *testing.T) {
	const days = 24 * time.Hour
	tests := map[string]struct {
		applied       object // the configuration in state, besides webhook_id
		age           time.Duration
		first, second object
		unknown       string        // an attribute of first that is not known yet
		later         time.Duration // between the plans
	}{
		"period becomes known, and is exceeded": {
			applied: object{"rotation_days": 90}, age: 40 * days,
			unknown: "rotation_days", second: object{"rotation_days": 30},
		},
		"period becomes known, and is not exceeded": {
			applied: object{"rotation_days": 90}, age: 40 * days,
			unknown: "rotation_days", second: object{"rotation_days": 60},
		},
		"due with a period that is shortened": {
			applied: object{"rotation_days": 90}, age: 40 * days,
			first: object{"rotation_days": 30}, second: object{"rotation_days": 30},
		},
		"shorter period falls due before the apply": {
			applied: object{"rotation_days": 90}, age: 20 * days,
			first: object{"rotation_days": 30}, second: object{"rotation_days": 30}, later: 20 * days,
		},
		"falls due before the apply": {
			applied: object{"rotation_days": 30}, age: 20 * days,
			first: object{"rotation_days": 30, "expose_secret": true}, later: 20 * days,
			second: object{"rotation_days": 30, "expose_secret": true},
		},
		"exposure becomes known": {
			applied: object{"rotation_days": 30}, unknown: "expose_secret",
			first: object{"rotation_days": 30}, second: object{"rotation_days": 30, "expose_secret": true},
		},
		"exposure of a new secret becomes known": {
			applied: object{"rotation_days": 30}, age: 40 * days, unknown: "expose_secret",
			first: object{"rotation_days": 30}, second: object{"rotation_days": 30, "expose_secret": true},
		},
		"triggers become known": {
			applied: object{"triggers": object{"a": "1"}}, unknown: "triggers",
			second: object{"triggers": object{"a": "1"}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			api, clock, rotation, id := newRotation(t)
			webhook := object{"webhook_id": id}
			if !rotation.apply(merged(webhook, test.applied)) {
				t.Fatal("the rotation was not created")
			}
			api.advanceWith(clock, test.age)
			rotation.refresh()
			first := merged(webhook, test.first)
			if test.unknown != "" {
				first[test.unknown] = rotation.unknown(test.unknown)
			}
			before := rotation.plan(first)
			clock.advance(test.later)
			rotation.server, _ = configuredServer(t, api.url, clock)
			checkSamePlan(t, before, rotation.plan(merged(webhook, test.second)))
		})
	}
}

// TestPlanTwice_typesInOtherOrder completes the types of state in another order
// with an element that was not known in the first plan.
func TestPlanTwice_typesInOtherOrder(t *testing.T) {
	for _, changed := range []object{{}, {"address": "https://example.com/other"}} {
		api := startSandbox(t)
		server, _ := configuredServer(t, api.url, &testClock{})
		webhook := newManagedObject(t, server, webhookTypeName, newWebhookResource(&digitalRiver{}))
		config := object{"address": "https://example.com", "types": []any{"order.accepted", "refund.failed"}}
		if !webhook.apply(config) {
			t.Fatal("the webhook was not created")
		}
		webhook.refresh()
		unknown := tftypes.NewValue(tftypes.String, tftypes.UnknownValue)
		before := webhook.plan(merged(config, changed, object{"types": []any{unknown, "order.accepted"}}))
		webhook.server, _ = configuredServer(t, api.url, &testClock{})
		final := merged(config, changed, object{"types": []any{"refund.failed", "order.accepted"}})
		checkSamePlan(t, before, webhook.plan(final))
		api.clearRequests()
		if !webhook.apply(final) {
			t.Error("the update failed")
		}
		if len(changed) == 0 {
			if got := api.requests(); len(got) != 0 {
				t.Errorf("another order of types was sent to the API: %v", got)
			}
		}
	}
}

// TestRotation_importedTriggers follows the life of an import (D7).
func TestRotation_importedTriggers(t *testing.T) {
	rotates := func(t *testing.T, plan map[string]tftypes.Value) bool {
		t.Helper()
		return !plan["secret_id"].IsKnown()
	}
	check := func(t *testing.T, rotation *managedObject, config object, want bool) {
		t.Helper()
		if got := rotates(t, rotation.plan(config)); got != want {
			t.Errorf("the plan of %v rotates: %t, want %t", config, got, want)
		}
	}
	setUp := func(t *testing.T) (*sandboxAPI, *managedObject, object, object) {
		api, clock, rotation, id := newRotation(t)
		api.advanceWith(clock, 40*24*time.Hour)
		rotation.importID(id)
		return api, rotation, object{"webhook_id": id}, object{"webhook_id": id, "triggers": object{"leak": "1"}}
	}
	t.Run("triggers in the run of the import", func(t *testing.T) {
		_, rotation, _, triggered := setUp(t)
		check(t, rotation, triggered, false)
	})
	t.Run("period that is exceeded in the run of the import", func(t *testing.T) {
		_, rotation, plain, _ := setUp(t)
		due := merged(plain, object{"rotation_days": 30})
		check(t, rotation, due, false)
		if !rotation.apply(due) {
			t.Fatal("the import was not applied")
		}
		rotation.refresh()
		check(t, rotation, due, true)
	})
	t.Run("triggers after an empty plan", func(t *testing.T) {
		_, rotation, _, triggered := setUp(t)
		rotation.refresh()
		check(t, rotation, triggered, true)
	})
	t.Run("triggers again after an update that failed", func(t *testing.T) {
		api, rotation, _, triggered := setUp(t)
		exposed := merged(triggered, object{"expose_secret": true})
		api.faults(object{"method": http.MethodGet, "kind": "status", "status": 400})
		if rotation.apply(exposed) {
			t.Fatal("the update succeeded")
		}
		api.faults()
		rotation.refresh()
		check(t, rotation, exposed, false)
		if !rotation.apply(exposed) {
			t.Fatal("the second update failed")
		}
		rotation.refresh()
		check(t, rotation, merged(exposed, object{"triggers": object{"leak": "2"}}), true)
	})
}

// TestRotation_toleratesARunALittleEarly covers a schedule that has the period of
// the rotation.
func TestRotation_toleratesARunALittleEarly(t *testing.T) {
	api, clock, rotation, id := newRotation(t)
	config := object{"webhook_id": id, "rotation_days": 1}
	if !rotation.apply(config) {
		t.Fatal("the rotation was not created")
	}
	api.advanceWith(clock, 22*time.Hour)
	rotation.refresh()
	if !rotation.plan(config)["secret_id"].IsKnown() {
		t.Error("two hours early, the secret is rotated")
	}
	api.advanceWith(clock, time.Hour+59*time.Minute)
	rotation.refresh()
	if rotation.plan(config)["secret_id"].IsKnown() {
		t.Error("a minute early, the secret is not rotated")
	}
}

// TestRotation_createDespiteUnreadableList creates a rotation with a key that may
// not list webhooks, which would only have shown the mode of the key.
func TestRotation_createDespiteUnreadableList(t *testing.T) {
	api := startSandbox(t)
	id := api.create(testKey, webhookBody("https://example.com", "order.accepted"))
	proxy := startProxy(t, api.url, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/webhooks" {
			return false
		}
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"type":"forbidden","errors":[{"code":"forbidden","message":"not allowed"}]}`))
		return true
	})
	server, _ := configuredServer(t, proxy, &testClock{})
	rotation := newManagedObject(t, server, rotationTypeName, newWebhookSecretRotationResource())
	if !rotation.apply(object{"webhook_id": id}) {
		t.Error("the create failed because of the list")
	}
}

// TestLiveMode_createsInParallel needs two creates under way at the same time.
func TestLiveMode_createsInParallel(t *testing.T) {
	api := startSandbox(t)
	api.create(testKey, webhookBody("https://example.com", "order.accepted"))
	var both sync.WaitGroup
	both.Add(2)
	proxy := startProxy(t, api.url, func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost {
			both.Done()
			both.Wait()
		}
		return false
	})
	server := newServer(newProvider("test", &testClock{}))
	configure(t, server, object{"api_key": testKey, "base_url": proxy, "live_mode": false})
	var creates sync.WaitGroup
	for _, address := range []string{"https://example.com/1", "https://example.com/2"} {
		creates.Go(func() {
			webhook := newManagedObject(t, server, webhookTypeName, newWebhookResource(&digitalRiver{}))
			if !webhook.apply(object{"address": address, "types": []any{"order.accepted"}}) {
				t.Error("the create failed")
			}
		})
	}
	creates.Wait()
}
