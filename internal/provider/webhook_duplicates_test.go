// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// settleClock does what Terraform does while a plan waits.
type settleClock struct {
	testClock
	meanwhile func()
}

func (c *settleClock) Sleep(ctx context.Context, d time.Duration) error {
	if d == settleTime && c.meanwhile != nil {
		c.meanwhile()
	}
	return ctx.Err()
}

// duplicates is an account with one webhook, and a provider that plans.
type duplicates struct {
	t      *testing.T
	api    *sandboxAPI
	clock  *settleClock
	server tfprotov6.ProviderServer
	id     string
}

const (
	duplicateAddress = "https://example.com/in"
	inPlan           = "Events would arrive twice: " + duplicateAddress
)

// config is a configuration with the address of the webhook that exists.
func (d *duplicates) config(changes object) object {
	return merged(object{"address": duplicateAddress, "types": []any{"order.accepted"}}, changes)
}

// existing is the webhook that exists, in state since an earlier run.
func (d *duplicates) existing() *managedObject {
	webhook := d.new()
	webhook.server, _ = configuredServer(d.t, d.api.url, &testClock{})
	webhook.importID(d.id)
	webhook.server = d.server
	return webhook
}

func (d *duplicates) new() *managedObject {
	return newManagedObject(d.t, d.server, webhookTypeName, newWebhookResource(&digitalRiver{}))
}

// check compares the summaries of the diagnostics with what is wanted.
func (d *duplicates) check(step string, diagnostics []*tfprotov6.Diagnostic, want ...string) {
	d.t.Helper()
	var got []string
	for _, diagnostic := range diagnostics {
		got = append(got, diagnostic.Summary)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		d.t.Errorf("%s (-want +got):\n%s", step, diff)
	}
}

// TestWebhook_duplicates plans webhooks in the orders in which Terraform may ask for
// them.
func TestWebhook_duplicates(t *testing.T) {
	moreTypes := object{"types": []any{"order.accepted", "order.blocked"}}
	for name, run := range map[string]func(d *duplicates){
		"outside Terraform": func(d *duplicates) {
			d.check("new", d.new().planDiagnostics(d.config(moreTypes)), duplicateWarning+d.id)
		},
		"outside Terraform, in another form": func(d *duplicates) {
			address := object{"address": "https://Example.com:443/in/"}
			d.check("new", d.new().planDiagnostics(d.config(address)), duplicateWarning+d.id)
		},
		"outside Terraform, disabled": func(d *duplicates) {
			d.api.patch(d.id, object{"enabled": false})
			d.check("new", d.new().planDiagnostics(d.config(nil)))
		},
		"new one disabled": func(d *duplicates) {
			d.check("new", d.new().planDiagnostics(d.config(object{"enabled": false})))
		},
		"other types": func(d *duplicates) {
			d.check("new", d.new().planDiagnostics(d.config(object{"types": []any{"order.blocked"}})))
		},
		"two new ones": func(d *duplicates) {
			d.api.delete(d.id)
			d.check("first", d.new().planDiagnostics(d.config(nil)))
			d.check("second", d.new().planDiagnostics(d.config(nil)), inPlan)
		},
		"existing one first": func(d *duplicates) {
			existing := d.existing()
			existing.refresh()
			d.check("existing", existing.planDiagnostics(d.config(nil)))
			d.check("new", d.new().planDiagnostics(d.config(moreTypes)), inPlan)
		},
		"existing one last": func(d *duplicates) {
			existing := d.existing()
			existing.refresh()
			d.check("new", d.new().planDiagnostics(d.config(moreTypes)))
			d.check("existing", existing.planDiagnostics(d.config(nil)), inPlan)
		},
		"existing one last, without a refresh": func(d *duplicates) {
			existing := d.existing()
			d.clock.meanwhile = func() { d.check("existing", existing.planDiagnostics(d.config(nil)), inPlan) }
			d.check("new", d.new().planDiagnostics(d.config(moreTypes)))
		},
		"existing one much later": func(d *duplicates) {
			existing := d.existing()
			d.check("new", d.new().planDiagnostics(d.config(moreTypes)), duplicateWarning+d.id)
			d.check("existing", existing.planDiagnostics(d.config(nil)))
		},
		"destroyed first": func(d *duplicates) {
			existing := d.existing()
			existing.refresh()
			d.check("existing", existing.planDiagnostics(nil))
			d.check("new", d.new().planDiagnostics(d.config(nil)))
		},
		"destroyed last": func(d *duplicates) {
			existing := d.existing()
			d.clock.meanwhile = existing.refresh
			d.check("new", d.new().planDiagnostics(d.config(nil)))
			d.check("existing", existing.planDiagnostics(nil))
		},
		"destroyed last, without a refresh": func(d *duplicates) {
			existing := d.existing()
			d.clock.meanwhile = func() { d.check("existing", existing.planDiagnostics(nil)) }
			d.check("new", d.new().planDiagnostics(d.config(nil)))
		},
		"moved away": func(d *duplicates) {
			existing := d.existing()
			existing.refresh()
			d.check("new", d.new().planDiagnostics(d.config(nil)))
			d.check("existing", existing.planDiagnostics(d.config(object{"address": "https://example.com/other"})))
		},
		"replaced": func(d *duplicates) {
			existing := d.existing()
			existing.refresh()
			d.check("existing", existing.planDiagnostics(d.config(nil)))
			d.check("its replacement", d.new().planDiagnostics(d.config(nil)))
		},
		"replaced because it is tainted": func(d *duplicates) {
			d.existing().refresh()
			d.check("its replacement", d.new().planDiagnostics(d.config(nil)))
		},
		"update onto the address": func(d *duplicates) {
			other := d.config(object{"address": "https://example.com/other"})
			existing := d.existing()
			existing.refresh()
			d.id = d.api.create(testKey, other)
			d.check("update", existing.planDiagnostics(other), duplicateWarning+d.id)
		},
		"update that is applied": func(d *duplicates) {
			other := d.config(object{"address": "https://example.com/other"})
			existing := d.existing()
			d.api.create(testKey, other)
			d.check("update", existing.planDiagnostics(other))
		},
		"after a change": func(d *duplicates) {
			existing := d.existing()
			existing.refresh()
			if !existing.apply(d.config(moreTypes)) {
				d.t.Fatal("the update failed")
			}
			d.check("new", d.new().planDiagnostics(d.config(nil)))
		},
	} {
		for path, newServer := range map[string]func(*digitalRiver) tfprotov6.ProviderServer{
			"fast path": newServer, "framework": frameworkAlone,
		} {
			t.Run(name+"/"+path, func(t *testing.T) {
				d := &duplicates{t: t, api: startSandbox(t), clock: &settleClock{}}
				d.id = d.api.create(testKey, webhookBody(duplicateAddress, "order.accepted"))
				d.server = newServer(newProvider("test", d.clock))
				configure(t, d.server, object{"api_key": testKey, "base_url": d.api.url})
				run(d)
			})
		}
	}
}
