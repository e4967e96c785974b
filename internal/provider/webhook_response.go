// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
// in every run. So the response's value is only a deviation here. The next refresh
// brings it into state, and the next plan shows an update in place.
func (m webhookModel) keepPlan(plan *webhookModel) (webhookModel, deviations) {
	found := deviations{}
	for _, field := range m.differences(plan) {
		if !field.isAlias(plan.get(field), m.get(field)) {
			found[field.name] = describeDifference(field.member, plan.get(field), m.get(field))
		}
		m.set(field, plan.get(field))
	}
	return m, found
}

// deviations say what the API returned in place of what was sent, by attribute.
// Private state identifies them for the next plan (D43).
type deviations map[string]string

// warnings returns a warning for each deviation; next says what becomes of it.
func (d deviations) warnings(id, next string) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, field := range webhookFields() {
		if text, found := d[field.name]; found {
			diags.AddAttributeWarning(path.Root(field.name), "API did not take over "+field.name+": "+id,
				capitalized(fmt.Sprintf("%s: %s. %s", webhookName(id), text, next)))
		}
	}
	return diags
}

const (
	nextPlanShows = "The next plan shows the difference as an update in place. If it comes back after that update, the " +
		"API does not support the value that is configured."
	planSendsAgain = "This plan sends it again. If the difference comes back after that, the API does not support the " +
		"value that is configured: configure the value that the API returned, or leave it out."
)

// deviationsKey holds the deviations of the last create or update in private state:
// for each attribute a digest, so that private state repeats no value.
const deviationsKey = "deviations"

// digest identifies a deviation and the value that was sent.
func (d deviations) digest(plan *webhookModel, field webhookField) string {
	sum := sha256.Sum256([]byte(d[field.name] + "\n" + plan.get(field).String()))
	return hex.EncodeToString(sum[:])
}

// remember stores the deviations of a plan that was applied, in place of older ones.
func (d deviations) remember(ctx context.Context, private privateState, plan *webhookModel) diag.Diagnostics {
	digests := map[string]string{}
	for _, field := range webhookFields() {
		if _, found := d[field.name]; found {
			digests[field.name] = d.digest(plan, field)
		}
	}
	if len(digests) == 0 {
		return private.SetKey(ctx, deviationsKey, nil) // Removes it.
	}
	encoded, err := json.Marshal(digests)
	if err != nil {
		panic(err) // Every string can be encoded.
	}
	return private.SetKey(ctx, deviationsKey, encoded)
}

// repeatedDeviations returns the remembered deviations that a plan shows again: it
// sends the same value in place of the same response.
func repeatedDeviations(
	ctx context.Context, private privateState, plan, state *webhookModel,
) (deviations, diag.Diagnostics) {
	encoded, diags := private.GetKey(ctx, deviationsKey)
	var digests map[string]string
	_ = json.Unmarshal(encoded, &digests)
	repeated := deviations{}
	for _, field := range plan.differences(state) {
		repeated[field.name] = describeDifference(field.member, plan.get(field), state.get(field))
		if digests[field.name] != repeated.digest(plan, field) {
			delete(repeated, field.name)
		}
	}
	return repeated, diags
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
		sentAddress, _ := sent.(types.String)
		return fmt.Sprintf("the API returned the address %q for %q, which was sent",
			redact.URL(address.ValueString()), redact.URL(sentAddress.ValueString()))
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
