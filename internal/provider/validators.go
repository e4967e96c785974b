package provider

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/loopback"
)

// eventTypes checks the list of a webhook's event types. It reports on the
// element that is wrong.
type eventTypes struct{}

func (eventTypes) Description(context.Context) string {
	return "at least one event type, each once, such as order.accepted"
}

func (v eventTypes) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (eventTypes) ValidateList(_ context.Context, req validator.ListRequest, resp *validator.ListResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	elements := req.ConfigValue.Elements()
	if len(elements) == 0 {
		resp.Diagnostics.AddAttributeError(req.Path, "No event types",
			"A webhook needs at least one event type, such as \"order.accepted\".")
		return
	}
	first := make(map[string]int, len(elements))
	for i, element := range elements {
		name, ok := element.(types.String)
		if !ok || name.IsUnknown() {
			continue
		}
		at := req.Path.AtListIndex(i)
		eventType := name.ValueString()
		if _, known := catalog.Lookup(eventType); !known && !catalog.ValidName(eventType) {
			resp.Diagnostics.AddAttributeError(at, "Invalid event type",
				fmt.Sprintf("An event type is words of letters, digits and underscores joined by dots, such as \"order.accepted\"; element %d is %q.", i, eventType))
			continue
		}
		if before, found := first[eventType]; found {
			resp.Diagnostics.AddAttributeError(at, "Duplicate event type",
				fmt.Sprintf("%q is listed twice, as elements %d and %d. Remove one.", eventType, before, i))
			continue
		}
		first[eventType] = i
	}
}

// httpURL checks for an absolute URL with a host. Unless plain is set, http is
// accepted for loopback hosts only.
type httpURL struct{ plain bool }

func (v httpURL) Description(context.Context) string {
	if v.plain {
		return "an absolute http or https URL with a host"
	}
	return "an absolute https URL with a host (http for loopback hosts only)"
}

func (v httpURL) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v httpURL) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	value := req.ConfigValue.ValueString()
	if v.accepts(value) {
		return
	}
	resp.Diagnostics.AddAttributeError(located(req.Path), "Invalid URL",
		fmt.Sprintf("%s must be %s, such as \"https://example.com/webhooks\"; it is %q.", req.Path, v.Description(ctx), value))
}

func (v httpURL) accepts(value string) bool {
	u, err := url.Parse(value)
	return err == nil && u.Hostname() != "" && (u.Scheme == "https" || u.Scheme == "http" && (v.plain || loopback.Host(u.Hostname())))
}

// apiVersion checks a webhook's api_version.
type apiVersion struct{}

func (apiVersion) Description(context.Context) string {
	return "\"default\", \"latest\" or a date of the form YYYY-MM-DD"
}

func (v apiVersion) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v apiVersion) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	value := req.ConfigValue.ValueString()
	if v.accepts(value) {
		return
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Invalid API version",
		fmt.Sprintf("api_version must be %s; it is %q.", v.Description(ctx), value))
}

func (apiVersion) accepts(value string) bool {
	return value == apiVersionDefault || value == apiVersionLatest || isDate(value)
}

func isDate(value string) bool {
	_, err := time.Parse(time.DateOnly, value)
	return err == nil
}

// oneOf checks for one of some values.
type oneOf []string

func (v oneOf) Description(context.Context) string { return "one of " + quotedList(v, "or") }

func (v oneOf) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v oneOf) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() || slices.Contains(v, req.ConfigValue.ValueString()) {
		return
	}
	resp.Diagnostics.AddAttributeError(located(req.Path), "Invalid value",
		fmt.Sprintf("%s must be %s; it is %q.", req.Path, quotedList(v, "or"), req.ConfigValue.ValueString()))
}

// nonEmpty checks for a string that is not empty.
type nonEmpty struct{}

func (nonEmpty) Description(context.Context) string { return "not empty" }

func (v nonEmpty) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (nonEmpty) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() || req.ConfigValue.ValueString() != "" {
		return
	}
	resp.Diagnostics.AddAttributeError(located(req.Path), "Empty value",
		fmt.Sprintf("%s must not be empty. Give it a value, or leave it out if it is optional.", req.Path))
}

// located returns the path with which Terraform finds the line of an attribute.
// For one in an object, such as oauth.grant_type, that takes the form of a map
// key; the attribute's own path would lead to the first line of the resource.
func located(p path.Path) path.Path {
	last, remaining := p.Steps().LastStep()
	name, ok := last.(path.PathStepAttributeName)
	if !ok || len(remaining) == 0 {
		return p
	}
	return p.ParentPath().AtMapKey(string(name))
}

// quotedList is "a", "b" or "c".
func quotedList(values []string, conjunction string) string {
	quoted := make([]string, len(values))
	for i, value := range values {
		quoted[i] = strconv.Quote(value)
	}
	last := len(quoted) - 1
	if last < 1 {
		return strings.Join(quoted, "")
	}
	return strings.Join(quoted[:last], ", ") + " " + conjunction + " " + quoted[last]
}

// positiveDuration checks for a Go duration above zero.
type positiveDuration struct{}

func (positiveDuration) Description(context.Context) string {
	return "a duration above zero, such as \"30s\" or \"1m30s\""
}

func (v positiveDuration) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v positiveDuration) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if d, err := time.ParseDuration(req.ConfigValue.ValueString()); err == nil && d > 0 {
		return
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Invalid duration",
		fmt.Sprintf("%s must be %s; it is %q.", req.Path, v.Description(ctx), req.ConfigValue.ValueString()))
}
