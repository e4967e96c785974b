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

// planWarnings returns the warnings of a plan; state is nil for a new webhook.
// Each names its object in the summary, since Terraform folds warnings with the
// same summary into one. Terraform plans a change once more while it applies it;
// a webhook that this process has not refreshed had its warnings before.
func (d *providerData) planWarnings(ctx context.Context, plan, state *webhookModel) diag.Diagnostics {
	if state == nil {
		diags := plan.warnings()
		diags.Append(d.duplicateWarnings(ctx, plan)...)
		return diags
	}
	if _, refreshed := d.refreshed.Load(state.ID.ValueString()); !refreshed {
		return nil
	}
	diags := plan.warnings()
	if state.Enabled.ValueBool() && !plan.Enabled.IsUnknown() && !plan.Enabled.ValueBool() {
		diags.AddAttributeWarning(path.Root("enabled"), "Webhook is turned off: "+state.ID.ValueString(),
			fmt.Sprintf("After this change, %s no longer receives events of these types: %s.",
				state.Address.ValueString(), strings.Join(stringsOf(state.Types), ", ")))
	}
	return diags
}

// warnings returns the warnings that need no API. None of them is an error,
// since the API may know more than this version of the provider.
func (m *webhookModel) warnings() diag.Diagnostics {
	var diags diag.Diagnostics
	for i, element := range m.Types.Elements() {
		value, _ := element.(types.String)
		name := value.ValueString()
		at := path.Root("types").AtListIndex(i)
		switch known, found := catalog.Lookup(name); {
		case !found && catalog.ValidName(name):
			diags.AddAttributeWarning(at, "Unknown event type: "+name, unknownTypeDetail(name))
		case known.ReplacedBy != "":
			diags.AddAttributeWarning(at, "Older event type: "+name,
				fmt.Sprintf("%q is an older spelling. Use %q, which replaced it.", name, known.ReplacedBy))
		}
	}
	u, err := url.Parse(m.Address.ValueString())
	if err == nil && u.Scheme == "http" && !loopback.Host(u.Hostname()) {
		diags.AddAttributeWarning(path.Root("address"), "Unencrypted events: "+u.Host,
			fmt.Sprintf("Events and credentials would travel to %s unencrypted. Use https.", u.Host))
	}
	return diags
}

// unknownTypeDetails holds the detail for each unknown event type: finding the
// nearest names is slow, and many webhooks may have the same type.
var unknownTypeDetails sync.Map

func unknownTypeDetail(name string) string {
	if detail, found := unknownTypeDetails.Load(name); found {
		return detail.(string) //nolint:forcetypeassert // Only strings are stored.
	}
	detail := fmt.Sprintf("Digital River does not document an event type %q. It is sent to the API anyway.", name)
	if nearest := catalog.Nearest(name, 3); len(nearest) > 0 {
		detail += " Did you mean " + quotedList(nearest, "or") + "?"
	}
	unknownTypeDetails.Store(name, detail)
	return detail
}

// duplicateWarnings warns of each enabled webhook that has the address and one of
// the types of a new one. Once this process has written anything, Terraform is
// applying, and the plan had its warnings before.
func (d *providerData) duplicateWarnings(ctx context.Context, plan *webhookModel) diag.Diagnostics {
	if d == nil || d.client == nil || d.client.Wrote() || plan.Address.IsUnknown() {
		return nil
	}
	var diags diag.Diagnostics
	planned := stringsOf(plan.Types)
	for _, webhook := range d.existing(ctx) {
		_, managed := d.refreshed.Load(webhook.ID)
		if managed || !webhook.Enabled || webhook.Address != plan.Address.ValueString() {
			continue
		}
		common := slices.DeleteFunc(slices.Clone(planned), func(name string) bool {
			return !slices.Contains(webhook.Types, name)
		})
		if len(common) == 0 {
			continue
		}
		diags.AddWarning("Webhook already exists: "+webhook.ID,
			fmt.Sprintf("The enabled %s has the same address and also receives %s, so each such event would arrive twice. "+
				"To manage that webhook instead of creating another one, import it:\n\n"+
				"    import {\n      to = digitalriver_webhook.NAME\n      id = %q\n    }\n\n"+
				"If state already has it under another name, use a moved block instead.",
				webhookName(webhook.ID), strings.Join(common, ", "), webhook.ID))
	}
	return diags
}

// disabledWarning warns of a webhook that is disabled although state has it
// enabled.
func disabledWarning(webhook *digitalriver.Webhook) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(path.Root("enabled"), "Webhook was disabled: "+webhook.ID,
		capitalized(fmt.Sprintf("%s for %s was enabled before and is now disabled. Digital River disables webhooks whose "+
			"endpoint keeps timing out (3000 ms), failing to respond, or responding with anything but a 2xx. Look at the "+
			"endpoint's log and at the event log in the dashboard, and fix the cause first: applying this configuration "+
			"enables the webhook again.",
			webhookName(webhook.ID), webhook.Address)))
}
