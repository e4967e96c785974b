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
	client   *digitalriver.Client // nil: no key, or something is unknown
	unknown  string               // the provider argument that is not known yet
	liveMode types.Bool           // what the configuration is meant for

	refreshed sync.Map // ids of the webhooks that this process has refreshed
	first     sync.Mutex
	listOnce  sync.Once
	listed    []*digitalriver.Webhook
}

func providerDataOf(data any) *providerData {
	d, _ := data.(*providerData)
	return d
}

// api returns the client, or the error that says what is missing for one.
func (d *providerData) api() (*digitalriver.Client, diag.Diagnostics) {
	var diags diag.Diagnostics
	switch {
	case d == nil:
		diags.AddError("Provider not configured", "Terraform asked for an object before it configured the provider. Please report this as a bug.")
	case d.client != nil:
		return d.client, nil
	case d.unknown != "":
		diags.AddError("Provider argument not known yet",
			fmt.Sprintf("The provider argument %s depends on something that does not exist yet, so the API cannot be asked now. "+
				"Apply what it depends on first, for example with -target, or give %s a value that is known at plan time.", d.unknown, d.unknown))
	default:
		diags.AddError("Missing API key",
			"The provider needs an API key for this. Set the provider argument api_key or the environment variable "+envAPIKey+".\n\n"+
				"Without an account, run the sandbox, a local Webhooks API in this provider's binary:\n\n"+
				"    terraform-provider-digitalriver sandbox\n\n"+
				"and use api_key = \"sk_test_sandbox\" with base_url = \"http://127.0.0.1:8787\".")
	}
	return nil, diags
}

// deferred tells whether the API cannot be asked only because a provider
// argument is not known yet, as in a plan that also creates the key.
func (d *providerData) deferred() bool {
	return d != nil && d.client == nil && d.unknown != ""
}

// keyMode finds out the mode of the API key. An account without any webhook
// gives no sign of it.
func (d *providerData) keyMode(ctx context.Context, client *digitalriver.Client) (live, known bool, diags diag.Diagnostics) {
	if live, known = client.LiveMode(); known {
		return live, known, nil
	}
	if _, err := client.ListWebhooks(ctx); err != nil {
		addAPIError(&diags, "The webhooks, which show the mode of the API key", err)
	}
	live, known = client.LiveMode()
	return live, known, diags
}

// guard refuses a change when live_mode is set and the key is of the other mode.
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

// checkMode compares what an answer shows with live_mode.
func (d *providerData) checkMode(live bool) diag.Diagnostics {
	var diags diag.Diagnostics
	if !d.liveMode.IsNull() && d.liveMode.ValueBool() != live {
		diags.AddError("API key of the wrong mode",
			fmt.Sprintf("The provider argument live_mode says that this configuration is for %s mode, but the API key is of %s mode. "+
				"Nothing was changed. Use a key of %s mode, or correct live_mode.",
				modeName(d.liveMode.ValueBool()), modeName(live), modeName(d.liveMode.ValueBool())))
	}
	return diags
}

// checkSameMode refuses to take a webhook for deleted when the key is of
// another mode than the webhook: such a key answers 404 for it.
func (d *providerData) checkSameMode(ctx context.Context, client *digitalriver.Client, id string, stateLive types.Bool) diag.Diagnostics {
	if stateLive.IsNull() {
		return nil
	}
	live, known, diags := d.keyMode(ctx, client)
	if known && live != stateLive.ValueBool() {
		diags.AddError("API key of another mode than the webhook",
			fmt.Sprintf("State says that %s is of %s mode, but the API key is of %s mode, where webhooks of the other mode do not exist. "+
				"State is unchanged. Use a key of %s mode.",
				webhookName(id), modeName(stateLive.ValueBool()), modeName(live), modeName(stateLive.ValueBool())))
	}
	return diags
}

// checkGone is checkSameMode for a refresh: before a webhook leaves state, a
// warning says so when nothing shows which mode the key is of.
func (d *providerData) checkGone(ctx context.Context, client *digitalriver.Client, id string, stateLive types.Bool) diag.Diagnostics {
	diags := d.checkSameMode(ctx, client, id, stateLive)
	if _, known := client.LiveMode(); !known && !diags.HasError() {
		diags.AddWarning("Account without webhooks",
			capitalized(fmt.Sprintf("%s, of %s mode, does not exist any more, and this API key sees no webhook at all, so nothing shows which account and mode the key is of. "+
				"If all webhooks were deleted outside Terraform, applying creates them again. If not, the key is of another account or mode: do not apply.",
				webhookName(id), modeName(stateLive.ValueBool()))))
	}
	return diags
}

// create creates a webhook. With live_mode set and an account that is still
// empty, only the created webhook shows the mode of the key: then it is created
// disabled, and deleted again when the mode is wrong. The webhook is returned
// whenever it exists afterwards.
func (d *providerData) create(ctx context.Context, client *digitalriver.Client, body digitalriver.NewWebhook) (*digitalriver.Webhook, diag.Diagnostics) {
	if d.liveMode.IsNull() {
		return createWebhook(ctx, client, body)
	}
	d.first.Lock()
	defer d.first.Unlock()
	_, known, diags := d.keyMode(ctx, client)
	diags.Append(d.guard(ctx, client)...)
	if diags.HasError() {
		return nil, diags
	}
	if known {
		return createWebhook(ctx, client, body)
	}

	probe := body
	probe.Enabled = false
	webhook, diags := createWebhook(ctx, client, probe)
	if webhook == nil {
		return nil, diags
	}
	if wrong := d.checkMode(webhook.LiveMode); wrong.HasError() {
		if err := client.DeleteWebhook(context.WithoutCancel(ctx), webhook.ID); err != nil && !digitalriver.IsNotFound(err) {
			addAPIError(&wrong, webhookName(webhook.ID)+", created disabled to find out the mode of the key,", err)
			return webhook, wrong
		}
		return nil, wrong
	}
	if !body.Enabled {
		return webhook, diags
	}
	enabled, err := client.UpdateWebhook(ctx, webhook.ID, digitalriver.WebhookPatch{Enabled: &body.Enabled})
	if err != nil {
		addAPIError(&diags, webhookName(webhook.ID), err)
		return webhook, diags
	}
	return enabled, diags
}

func createWebhook(ctx context.Context, client *digitalriver.Client, body digitalriver.NewWebhook) (*digitalriver.Webhook, diag.Diagnostics) {
	var diags diag.Diagnostics
	webhook, err := client.CreateWebhook(ctx, body)
	if err != nil {
		addAPIError(&diags, fmt.Sprintf("webhook for %q", body.Address), err)
		return nil, diags
	}
	return webhook, diags
}

func modeName(live bool) string {
	if live {
		return "live"
	}
	return "test"
}

// existing returns the webhooks that were there when first asked, for what plans
// are warned of. Not being able to list them is no reason to fail a plan.
func (d *providerData) existing(ctx context.Context) []*digitalriver.Webhook {
	d.listOnce.Do(func() { d.listed, _ = d.client.ListWebhooks(ctx) })
	return d.listed
}
