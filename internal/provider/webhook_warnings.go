// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/loopback"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/redact"
)

// planWarnings returns the warnings of a plan; state is nil for a new webhook.
// Each names its object in the summary, since Terraform folds warnings with the
// same summary into one. Terraform plans a change once more while it applies it;
// a webhook that this process has not refreshed had its warnings before.
func (d *providerData) planWarnings(ctx context.Context, plan, state *webhookModel) diag.Diagnostics {
	diags := d.duplicateWarnings(ctx, plan, state)
	if state == nil {
		return append(diags, d.configurationWarnings(plan)...)
	}
	id := state.ID.ValueString()
	if !d.hasRefreshed(state) {
		return diags
	}
	diags.Append(plan.warnings()...)
	if _, disabled := d.disabled.Load(id); disabled && plan.Enabled.ValueBool() {
		diags.Append(disabledWarning(state))
	}
	if state.Enabled.ValueBool() && !plan.Enabled.IsUnknown() && !plan.Enabled.ValueBool() {
		diags.AddAttributeWarning(path.Root("enabled"), "Webhook is turned off: "+id,
			fmt.Sprintf("After this change, %s no longer receives events of these types: %s.",
				redact.URL(state.Address.ValueString()), strings.Join(stringsOf(state.Types), ", ")))
	}
	return diags
}

// configurationWarnings returns the warnings of a new webhook that need no API.
// Without a key, validation has given them (D13).
func (d *providerData) configurationWarnings(plan *webhookModel) diag.Diagnostics {
	if d != nil && d.keyless {
		return nil
	}
	return plan.warnings()
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
	if err != nil {
		return diags
	}
	if u.User != nil {
		diags.AddAttributeWarning(path.Root("address"), "Credentials in the address: "+u.Host,
			"The address contains a user name or a password, which plans and other users of the account can see. Set "+
				"authentication instead, with password_wo to keep the password out of state.")
	}
	if u.Scheme == "http" && !loopback.Host(u.Hostname()) {
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

// disabledWarning warns of a plan that enables a webhook again that something else
// has disabled.
func disabledWarning(state *webhookModel) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(path.Root("enabled"), "Webhook was disabled: "+state.ID.ValueString(),
		capitalized(fmt.Sprintf("%s was enabled before and is now disabled. Digital River disables webhooks whose "+
			"endpoint keeps timing out (3000 ms), failing to respond, or responding with anything but a 2xx. Look at the "+
			"endpoint's log and at the event log in the dashboard, and fix the cause first: applying this configuration "+
			"enables the webhook again.",
			state.describe())))
}
