// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

// providerData is what Configure hands to resources and data sources.
type providerData struct {
	clock    digitalriver.Clock
	client   *digitalriver.Client // nil without a key, or while an argument is unknown
	unknown  string               // the provider argument that is not known yet
	keyless  bool                 // there is no key in configuration and environment
	liveMode types.Bool           // the mode that the configuration is meant for

	refreshed   sync.Map   // IDs of the webhooks that this process has refreshed
	disabled    sync.Map   // IDs of those that something else has disabled
	firstCreate sync.Mutex // held by a create that finds out the mode of the key
	planned     plannedWebhooks
	listOnce    sync.Once
	listed      map[string][]*digitalriver.Webhook // by address

	// warnHiddenMode keeps a warning about the API to one per run.
	warnHiddenMode sync.Once
}

func providerDataOf(data any) *providerData {
	d, _ := data.(*providerData)
	return d
}

// api returns the client, or an error that says what is missing to have one.
func (d *providerData) api() (*digitalriver.Client, diag.Diagnostics) {
	var diags diag.Diagnostics
	switch {
	case d == nil:
		diags.AddError("Provider not configured",
			"Terraform asked for an object before it configured the provider. Please report this as a bug.")
	case d.client != nil:
		return d.client, nil
	case d.unknown != "":
		diags.AddError("Provider argument not known yet",
			fmt.Sprintf("The provider argument %s depends on something that does not exist yet, so the provider cannot send "+
				"requests to the API. Apply its dependency first, for example with -target, or give %s a value that is known "+
				"at plan time.", d.unknown, d.unknown))
	default:
		diags.AddError("Missing API key",
			"The provider needs an API key for this. Set the provider argument api_key or the environment variable "+
				envAPIKey+".\n\nWithout an account, run the sandbox, a local Webhooks API that comes with this provider:\n\n"+
				"    terraform-provider-digitalriver sandbox\n\n"+
				"Then use api_key = \"sk_test_sandbox\" and base_url = \"http://127.0.0.1:8787\".")
	}
	return nil, diags
}

// deferred reports whether the only obstacle to asking the API is a provider
// argument that is not known yet, as in a plan that also creates the key.
func (d *providerData) deferred() bool {
	return d != nil && d.client == nil && d.unknown != ""
}

// existing returns the webhooks that existed when this was first called, by address,
// for warnings in plans. A failure to list them does not fail a plan: the first call
// returns a warning.
func (d *providerData) existing(ctx context.Context) (map[string][]*digitalriver.Webhook, diag.Diagnostics) {
	var diags diag.Diagnostics
	d.listOnce.Do(func() {
		client, missing := d.api()
		if client == nil {
			if !d.deferred() {
				diags.Append(asWarnings("", missing)...)
			}
			return
		}
		webhooks, _, err := client.ListWebhooks(ctx)
		if err != nil && ctx.Err() == nil {
			diags.Append(asWarnings("The provider could not ask the API for the webhooks that exist already, so this plan "+
				"is made without them, and applying it may fail.\n\n", apiDiagnostics("the list of webhooks", err))...)
		}
		d.listed = make(map[string][]*digitalriver.Webhook, len(webhooks))
		for _, webhook := range webhooks {
			address := normalizedURL(webhook.Address)
			d.listed[address] = append(d.listed[address], webhook)
		}
	})
	return d.listed, diags
}

// asWarnings turns errors that do not fail a plan into warnings.
func asWarnings(consequence string, errors diag.Diagnostics) diag.Diagnostics {
	warnings := make(diag.Diagnostics, len(errors))
	for i, d := range errors {
		warnings[i] = diag.NewWarningDiagnostic(d.Summary(), consequence+d.Detail())
	}
	return warnings
}
