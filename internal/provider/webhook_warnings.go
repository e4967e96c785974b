package provider

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/loopback"
)

// warn gives the warnings of a plan. Each names its object in the summary, since
// Terraform folds warnings of the same summary into one. Terraform plans a change once more while
// it applies it; a webhook that this process has not refreshed was warned of
// before.
func (d *providerData) warn(ctx context.Context, plan, state *webhookModel, diags *diag.Diagnostics) {
	if state == nil {
		plan.warnOffline(diags)
		d.warnDuplicate(ctx, plan, diags)
		return
	}
	if _, refreshed := d.refreshed.Load(state.ID.ValueString()); !refreshed {
		return
	}
	plan.warnOffline(diags)
	if state.Enabled.ValueBool() && !plan.Enabled.IsUnknown() && !plan.Enabled.ValueBool() {
		diags.AddAttributeWarning(path.Root("enabled"), "Webhook is turned off: "+state.ID.ValueString(),
			fmt.Sprintf("After this change, events of these types stop reaching %s: %s.",
				state.Address.ValueString(), strings.Join(stringsOf(state.Types), ", ")))
	}
}

// warnOffline gives the warnings that need no API. They never are errors: the
// API may know more than this version of the provider.
func (m webhookModel) warnOffline(diags *diag.Diagnostics) {
	for i, element := range m.Types.Elements() {
		value, _ := element.(types.String)
		name := value.ValueString()
		switch known, found := catalog.Lookup(name); {
		case !found && catalog.ValidName(name):
			diags.AddAttributeWarning(path.Root("types").AtListIndex(i), "Unknown event type: "+name, unknownType(name))
		case known.ReplacedBy != "":
			diags.AddAttributeWarning(path.Root("types").AtListIndex(i), "Older event type: "+name,
				fmt.Sprintf("%q is an older spelling. Use %q, which replaced it.", name, known.ReplacedBy))
		}
	}
	if u, err := url.Parse(m.Address.ValueString()); err == nil && u.Scheme == "http" && !loopback.Host(u.Hostname()) {
		diags.AddAttributeWarning(path.Root("address"), "Events in clear text: "+u.Host,
			fmt.Sprintf("Events and credentials would travel to %s unencrypted. Use https.", u.Host))
	}
}

// unknownTypes keeps what is said of each unknown event type: finding the
// nearest names is slow, and many webhooks may have the same one.
var unknownTypes sync.Map

func unknownType(name string) string {
	if said, found := unknownTypes.Load(name); found {
		return said.(string) //nolint:forcetypeassert // Only strings are stored.
	}
	detail := fmt.Sprintf("%q is not among the event types that Digital River documents. It is sent to the API all the same.", name)
	if nearest := catalog.Nearest(name, 3); len(nearest) > 0 {
		detail += " Did you mean " + quotedList(nearest, "or") + "?"
	}
	unknownTypes.Store(name, detail)
	return detail
}

// warnDuplicate warns of an enabled webhook that has the address and one of the
// types of one about to be created. Once this process has written anything,
// Terraform is applying, and the plan was warned before.
func (d *providerData) warnDuplicate(ctx context.Context, plan *webhookModel, diags *diag.Diagnostics) {
	if d == nil || d.client == nil || d.client.Wrote() || plan.Address.IsUnknown() {
		return
	}
	planned := stringsOf(plan.Types)
	for _, webhook := range d.existing(ctx) {
		if _, managed := d.refreshed.Load(webhook.ID); managed || !webhook.Enabled || webhook.Address != plan.Address.ValueString() {
			continue
		}
		common := slices.DeleteFunc(slices.Clone(planned), func(name string) bool { return !slices.Contains(webhook.Types, name) })
		if len(common) == 0 {
			continue
		}
		diags.AddWarning("Webhook exists already: "+webhook.ID,
			fmt.Sprintf("The enabled %s has the same address and receives %s too: each such event would arrive twice. "+
				"To manage that webhook instead of creating another one, adopt it:\n\n"+
				"    import {\n      to = digitalriver_webhook.NAME\n      id = %q\n    }\n\n"+
				"If state has it under another name, use a moved block instead.",
				webhookName(webhook.ID), strings.Join(common, ", "), webhook.ID))
	}
}

// warnDisabled tells of a webhook that is found disabled although state has it
// enabled (seeds 001 and 002).
func warnDisabled(diags *diag.Diagnostics, webhook *digitalriver.Webhook) {
	diags.AddAttributeWarning(path.Root("enabled"), "Webhook was disabled: "+webhook.ID,
		capitalized(fmt.Sprintf("%s for %s was enabled and is disabled now. Digital River disables webhooks whose endpoint keeps timing out (3000 ms), "+
			"failing to answer, or answering with anything but a 2xx. Look at the endpoint's log and at the event log of the dashboard, "+
			"and mend the cause first: applying this configuration turns the webhook on again.",
			webhookName(webhook.ID), webhook.Address)))
}
