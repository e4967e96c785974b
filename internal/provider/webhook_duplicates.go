// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/redact"
)

// settleTime is how long the first plan that meets an unknown webhook of the API
// waits for Terraform to ask about it: Terraform handles the objects in state at the
// same time as new ones.
const settleTime = 500 * time.Millisecond

// plannedWebhooks are the webhooks with which the plans of this process end, as far as
// Terraform has asked for them (D48).
type plannedWebhooks struct {
	mu        sync.Mutex
	byAddress map[string][]*plannedWebhook
	inState   map[string]bool // IDs of the webhooks that state has
	settle    sync.Once
}

// plannedWebhook is an enabled webhook in a plan.
type plannedWebhook struct {
	id       string // empty for a new one
	settings webhookModel
	types    []string
	reported []string // IDs of the webhooks of the API that a warning has named
}

// addState records that state has a webhook.
func (p *plannedWebhooks) addState(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inState == nil {
		p.inState = make(map[string]bool)
	}
	p.inState[id] = true
}

func (p *plannedWebhooks) isInState(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.inState[id]
}

// add records a planned webhook and returns the others with its address of which no
// warning was given.
func (p *plannedWebhooks) add(address string, added *plannedWebhook) []*plannedWebhook {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byAddress == nil {
		p.byAddress = make(map[string][]*plannedWebhook)
	}
	p.byAddress[address] = slices.DeleteFunc(p.byAddress[address], func(other *plannedWebhook) bool {
		return added.id != "" && other.id == added.id
	})
	var others []*plannedWebhook
	for _, other := range p.byAddress[address] {
		if !slices.Contains(other.reported, added.id) && !added.mayReplace(other) && !other.mayReplace(added) {
			others = append(others, other)
		}
	}
	p.byAddress[address] = append(p.byAddress[address], added)
	return others
}

// report records that a warning names a webhook of the API. It returns false if state
// has that webhook: then its own plan says how it ends.
func (p *plannedWebhooks) report(planned *plannedWebhook, id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inState[id] {
		return false
	}
	planned.reported = append(planned.reported, id)
	return true
}

// mayReplace reports whether w could be the new webhook with which Terraform replaces
// an existing one: Terraform plans the two in turn, with the same configuration.
func (w *plannedWebhook) mayReplace(existing *plannedWebhook) bool {
	return w.id == "" && existing.id != "" && !slices.ContainsFunc(w.settings.differences(&existing.settings),
		func(field webhookField) bool {
			return field.name != "types" || !sameElements(w.settings.Types, existing.settings.Types)
		})
}

func (w *plannedWebhook) name() string {
	if w.id == "" {
		return "a new webhook"
	}
	return webhookName(w.id)
}

// duplicateWarnings warns of enabled webhooks that have an address and an event type in
// common with a planned one; state is nil for a new webhook. Once this process has
// written anything, Terraform is applying, and the plan had its warnings before.
func (d *providerData) duplicateWarnings(ctx context.Context, plan, state *webhookModel) diag.Diagnostics {
	if d == nil || d.client != nil && d.client.Wrote() {
		return nil
	}
	planned := &plannedWebhook{settings: *plan, types: stringsOf(plan.Types)}
	if state != nil {
		planned.id = state.ID.ValueString()
		d.planned.addState(planned.id)
	}
	var diags diag.Diagnostics
	if plan.Enabled.ValueBool() && !plan.Address.IsUnknown() {
		address := normalizedURL(plan.Address.ValueString())
		for _, other := range d.planned.add(address, planned) {
			if common := commonTypes(planned.types, other.types); len(common) > 0 {
				diags.Append(plannedTwiceWarning(plan.Address.ValueString(), planned, other, common))
			}
		}
		if d.planAddsEvents(plan, state) {
			diags.Append(d.existingWarnings(ctx, address, planned)...)
		}
	}
	return diags
}

// planAddsEvents reports whether a plan may make events arrive twice: it creates a
// webhook, or changes what an existing one receives. An update that this process has
// not refreshed may be one that Terraform plans again while it applies.
func (d *providerData) planAddsEvents(plan, state *webhookModel) bool {
	if state == nil {
		return true
	}
	_, refreshed := d.refreshed.Load(state.ID.ValueString())
	return refreshed && (!plan.Address.Equal(state.Address) || !plan.Enabled.Equal(state.Enabled) ||
		!sameElements(plan.Types, state.Types))
}

// existingWarnings compares a planned webhook with those of the API that are not in
// state.
func (d *providerData) existingWarnings(
	ctx context.Context, address string, planned *plannedWebhook,
) diag.Diagnostics {
	existing, diags := d.existing(ctx)
	for _, webhook := range existing[address] {
		common := commonTypes(planned.types, webhook.Types)
		if !webhook.Enabled || webhook.ID == planned.id || len(common) == 0 {
			continue
		}
		if !d.planned.isInState(webhook.ID) {
			d.planned.settle.Do(func() { _ = d.clock.Sleep(ctx, settleTime) })
		}
		if d.planned.report(planned, webhook.ID) {
			diags.Append(existingWarning(planned, webhook, common))
		}
	}
	return diags
}

func plannedTwiceWarning(address string, a, b *plannedWebhook, common []string) diag.Diagnostic {
	names := []string{a.name(), b.name()}
	slices.Sort(names)
	slices.Reverse(names) // Existing webhooks come first.
	return diag.NewWarningDiagnostic("Events would arrive twice: "+redact.URL(address),
		capitalized(fmt.Sprintf("%s and %s have this address, are enabled, and both receive %s after this plan. Remove or "+
			"disable one of the two, or give each event type to only one of them.",
			names[0], names[1], strings.Join(common, ", "))))
}

func existingWarning(planned *plannedWebhook, existing *digitalriver.Webhook, common []string) diag.Diagnostic {
	text := fmt.Sprintf("The enabled %s has the same address and also receives %s. Unless this run deletes or changes "+
		"it, each such event will arrive twice.", webhookName(existing.ID), strings.Join(common, ", "))
	if planned.id == "" {
		text += fmt.Sprintf(" To manage that webhook instead of creating another one, import it:\n\n"+
			"    import {\n      to = digitalriver_webhook.NAME\n      id = %q\n    }\n\n"+
			"If state already has it under another name, use a moved block instead.", existing.ID)
	} else {
		text += " Delete or disable one of the two, or give each event type to only one of them."
	}
	return diag.NewWarningDiagnostic("Webhook already exists: "+existing.ID, text)
}

// commonTypes returns the event types that are in both lists, in alphabetical order.
func commonTypes(a, b []string) []string {
	common := slices.DeleteFunc(slices.Clone(a), func(name string) bool {
		return name == "" || !slices.Contains(b, name) // Unknown types are empty.
	})
	slices.Sort(common)
	return common
}
