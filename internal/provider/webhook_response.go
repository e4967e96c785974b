package provider

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/redact"
)

// keepPlan returns a webhook that was created or updated as state has to hold it:
// with the settings of the plan. If a response has another value, Terraform would
// report an inconsistent result, and a new webhook would be tainted and replaced
// in every run. So the response's value only causes a warning here. The next
// refresh brings it into state, and the next plan shows an update in place.
func (m webhookModel) keepPlan(plan *webhookModel) (webhookModel, diag.Diagnostics) {
	var diags diag.Diagnostics
	for _, field := range m.differences(plan) {
		if !field.isAlias(plan.get(field), m.get(field)) {
			diags.AddAttributeWarning(path.Root(field.name), "API did not take over "+field.name+": "+m.ID.ValueString(),
				capitalized(fmt.Sprintf("%s: %s. The next plan shows the difference as an update in place. If it comes back "+
					"after that update, the API does not support the value that is configured.",
					webhookName(m.ID.ValueString()), describeDifference(field.member, plan.get(field), m.get(field)))))
		}
		m.set(field, plan.get(field))
	}
	return m, diags
}

// isAlias reports whether the API returned a date for the version "default" or
// "latest", which state keeps.
func (f webhookField) isAlias(planned, returned attr.Value) bool {
	plan, isText := planned.(types.String)
	response, _ := returned.(types.String)
	return f.name == "api_version" && isText && isVersionAlias(plan.ValueString()) && isDate(response.ValueString())
}

func isVersionAlias(version string) bool {
	return version == apiVersionDefault || version == apiVersionLatest
}

// describeDifference says what the API returned instead of what was sent. It
// repeats no values of objects, which may hold credentials.
func describeDifference(member string, sent, returned attr.Value) string {
	sentObject, isObject := sent.(types.Object)
	if address, isText := returned.(types.String); isText && member == "address" {
		return fmt.Sprintf("the API returned another address than was sent, %q", redact.URL(address.ValueString()))
	}
	if !isObject {
		return fmt.Sprintf("the API returned %s for the %s that was sent as %s", returned, sent, member)
	}
	returnedObject, _ := returned.(types.Object)
	if returnedObject.IsNull() {
		return fmt.Sprintf("the API returned no %s", member)
	}
	var different []string
	for name, value := range sentObject.Attributes() {
		if !value.Equal(returnedObject.Attributes()[name]) {
			different = append(different, name)
		}
	}
	slices.Sort(different)
	return fmt.Sprintf("the API returned another value for %s of %s", quotedList(different, "and"), member)
}

// keepAddress returns prior if the API returned the same URL in another form:
// with the host in lower case, without the default port, or with or without a
// slash at its end.
func keepAddress(prior types.String, returned string) types.String {
	if !prior.IsNull() && !prior.IsUnknown() && normalizedURL(prior.ValueString()) == normalizedURL(returned) {
		return prior
	}
	return types.StringValue(returned)
}

func normalizedURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return raw
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	defaultPort := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	u.Host = strings.TrimSuffix(u.Host, defaultPort)
	u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/"), strings.TrimSuffix(u.RawPath, "/")
	return u.String()
}
