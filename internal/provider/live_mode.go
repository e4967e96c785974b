// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/redact"
)

func modeName(live bool) string {
	if live {
		return "live"
	}
	return "test"
}

// keyMode finds out the mode of the API key. It stays unknown for an account
// without webhooks, since only a webhook shows the mode.
func (d *providerData) keyMode(
	ctx context.Context, client *digitalriver.Client,
) (live, known bool, diags diag.Diagnostics) {
	if live, known = client.LiveMode(); known {
		return live, known, nil
	}
	if _, _, err := client.ListWebhooks(ctx); err != nil {
		diags = apiDiagnostics("the list of webhooks, which shows the mode of the API key", err)
	}
	live, known = client.LiveMode()
	return live, known, diags
}

// guard refuses a change if live_mode is set and the key belongs to the other
// mode.
func (d *providerData) guard(ctx context.Context, client *digitalriver.Client) diag.Diagnostics {
	if d.liveMode.IsNull() {
		return nil
	}
	live, known, diags := d.keyMode(ctx, client)
	if known {
		diags.Append(d.checkMode(live)...)
	}
	return diags
}

// checkMode compares the mode that a response shows with live_mode.
func (d *providerData) checkMode(live bool) diag.Diagnostics {
	if !d.isWrongMode(&live) {
		return nil
	}
	return diag.Diagnostics{d.wrongMode("No change was requested.")}
}

// isWrongMode reports whether live, nil if it is not known, differs from live_mode.
func (d *providerData) isWrongMode(live *bool) bool {
	return live != nil && !d.liveMode.IsNull() && d.liveMode.ValueBool() != *live
}

// wrongMode is the error for a key of the wrong mode; done says what was done so far.
func (d *providerData) wrongMode(done string) diag.Diagnostic {
	want := d.liveMode.ValueBool()
	return diag.NewErrorDiagnostic("API key of the wrong mode",
		fmt.Sprintf("The provider argument live_mode says that this configuration is for %s mode, but the API key "+
			"belongs to %s mode. %s Use a key for %s mode, or correct live_mode.",
			modeName(want), modeName(!want), done, modeName(want)))
}

// checkWebhookMode is checkMode for a webhook. If the API does not show the mode
// of webhooks, it warns once that live_mode protects nothing.
func (d *providerData) checkWebhookMode(webhook *digitalriver.Webhook) diag.Diagnostics {
	if webhook.LiveMode != nil {
		return d.checkMode(*webhook.LiveMode)
	}
	var diags diag.Diagnostics
	if !d.liveMode.IsNull() {
		d.warnHiddenMode.Do(func() {
			diags.AddWarning("API does not show the mode of webhooks",
				"The provider argument live_mode is set, but the API's responses do not say whether a webhook belongs to live "+
					"mode. A key of the wrong mode cannot be recognized. Check the key yourself.")
		})
	}
	return diags
}

// checkSameMode refuses to treat a webhook as deleted if the key belongs to
// another mode than the webhook: the API returns 404 for it then.
func (d *providerData) checkSameMode(
	ctx context.Context, client *digitalriver.Client, id string, stateLive types.Bool,
) diag.Diagnostics {
	if stateLive.IsNull() {
		return nil
	}
	live, known, diags := d.keyMode(ctx, client)
	if known && live != stateLive.ValueBool() {
		diags.AddError("API key of another mode than the webhook",
			fmt.Sprintf("According to state, %s belongs to %s mode, but the API key belongs to %s mode and cannot see it. "+
				"State is unchanged. Use a key for %s mode.",
				webhookName(id), modeName(stateLive.ValueBool()), modeName(live), modeName(stateLive.ValueBool())))
	}
	return diags
}

// goneWarning warns of an object that leaves state because the API does not find its
// webhook. The key may belong to another account, of which nothing shows. object names
// the webhook, and outcome says what follows.
func goneWarning(client *digitalriver.Client, summary, object, outcome string) diag.Diagnostic {
	account := "the account of this API key, which sees no webhooks at all, so that even its mode is unknown"
	if live, known := client.LiveMode(); known {
		account = "the " + modeName(live) + " mode account of this API key"
	} else if client.HidesMode() {
		account = "the account of this API key, whose mode the API does not show"
	}
	return diag.NewWarningDiagnostic(summary, capitalized(fmt.Sprintf("%s is not in %s. %s: the key belongs to another "+
		"account. Check api_key, the aliases of the provider, and "+envAPIKey+".", object, account, outcome)))
}

// createWebhook creates a webhook. If live_mode is set and the account is still
// empty, only the new webhook shows the mode of the key: it is created disabled
// then, and deleted again if the mode is wrong. The webhook is returned whenever
// it exists afterwards.
func (d *providerData) createWebhook(
	ctx context.Context, client *digitalriver.Client, webhook digitalriver.Webhook,
) (*digitalriver.Webhook, diag.Diagnostics) {
	if d.liveMode.IsNull() {
		return sendCreate(ctx, client, webhook)
	}
	// Only creates that do not know the mode yet take turns.
	d.firstCreate.Lock()
	_, known, diags := d.keyMode(ctx, client)
	known = known || client.HidesMode() // Then a new webhook would not show it either.
	if known || diags.HasError() {
		d.firstCreate.Unlock()
	} else {
		defer d.firstCreate.Unlock()
	}
	diags.Append(d.guard(ctx, client)...)
	if diags.HasError() {
		return nil, diags
	}
	if known {
		return sendCreate(ctx, client, webhook)
	}

	probe := webhook
	probe.Enabled = false
	created, diags := sendCreate(ctx, client, probe)
	if created == nil {
		return nil, diags
	}
	if d.isWrongMode(created.LiveMode) {
		done := "To find this out, the provider created the disabled " + webhookName(created.ID)
		err := client.DeleteWebhook(context.WithoutCancel(ctx), created.ID)
		if err != nil && !digitalriver.IsNotFound(err) {
			diags.Append(d.wrongMode(done + ", and could not delete it."))
			diags.Append(apiDiagnostics(webhookName(created.ID), err)...)
			return created, diags
		}
		diags.Append(d.wrongMode(done + ", and deleted it again."))
		return nil, diags
	}
	diags.Append(d.checkWebhookMode(created)...)
	if !webhook.Enabled {
		return created, diags
	}
	enabled, err := client.UpdateWebhook(ctx, created.ID, webhook, "enabled")
	if err != nil {
		diags.Append(apiDiagnostics(webhookName(created.ID), err)...)
		return created, diags
	}
	return enabled, diags
}

func sendCreate(
	ctx context.Context, client *digitalriver.Client, webhook digitalriver.Webhook,
) (*digitalriver.Webhook, diag.Diagnostics) {
	created, err := client.CreateWebhook(ctx, webhook)
	var uncertain *digitalriver.UncertainError
	switch object := fmt.Sprintf("webhook at %q", redact.URL(webhook.Address)); {
	case created != nil && errors.As(err, &uncertain): // It was created, perhaps more than once.
		return created, diag.Diagnostics{diag.NewWarningDiagnostic(uncertainText(object, uncertain))}
	case err != nil:
		return nil, apiDiagnostics(object, err)
	}
	return created, nil
}
