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

var (
	_ validator.List   = (*eventTypesValidator)(nil)
	_ validator.String = (*apiVersionValidator)(nil)
	_ validator.String = (*httpURLValidator)(nil)
	_ validator.String = (*nonEmptyValidator)(nil)
	_ validator.String = (*oneOfValidator)(nil)
	_ validator.String = (*positiveDurationValidator)(nil)
	_ validator.String = (*typePatternValidator)(nil)
)

// eventTypesValidator checks the event types of a webhook, and reports on the
// element that is wrong.
type eventTypesValidator struct{}

func (*eventTypesValidator) Description(context.Context) string {
	return "at least one event type, each once, such as order.accepted"
}

func (v *eventTypesValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (*eventTypesValidator) ValidateList(
	_ context.Context, req validator.ListRequest, resp *validator.ListResponse,
) {
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
				fmt.Sprintf("An event type consists of words of letters, digits and underscores, joined by dots, "+
					"such as \"order.accepted\"; element %d is %q.", i, eventType))
			continue
		}
		if before, found := first[eventType]; found {
			resp.Diagnostics.AddAttributeError(at, "Duplicate event type",
				fmt.Sprintf("%q is listed twice, as elements %d and %d. Remove one of them.", eventType, before, i))
			continue
		}
		first[eventType] = i
	}
}

// typePatternValidator checks for an event type or a pattern of event types.
type typePatternValidator struct{}

func (*typePatternValidator) Description(context.Context) string {
	return "an event type, such as order.accepted, or a pattern with *, such as order.*"
}

func (v *typePatternValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (v *typePatternValidator) ValidateString(
	ctx context.Context, req validator.StringRequest, resp *validator.StringResponse,
) {
	value := req.ConfigValue.ValueString()
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() || catalog.ValidPattern(value) {
		return
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Invalid event type",
		fmt.Sprintf("Each element must be %s; it is %q.", v.Description(ctx), value))
}

// httpURLValidator checks for an absolute URL with a host. Unless allowHTTP is
// set, http is accepted for loopback hosts only.
type httpURLValidator struct{ allowHTTP bool }

func (v *httpURLValidator) Description(context.Context) string {
	if v.allowHTTP {
		return "an absolute http or https URL with a host"
	}
	return "an absolute https URL with a host (http for loopback hosts only)"
}

func (v *httpURLValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v *httpURLValidator) ValidateString(
	ctx context.Context, req validator.StringRequest, resp *validator.StringResponse,
) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	value := req.ConfigValue.ValueString()
	if v.accepts(value) {
		return
	}
	resp.Diagnostics.AddAttributeError(located(req.Path), "Invalid URL",
		fmt.Sprintf("%s must be %s, such as \"https://example.com/webhooks\"; it is %q.",
			req.Path, v.Description(ctx), value))
}

func (v *httpURLValidator) accepts(value string) bool {
	u, err := url.Parse(value)
	return err == nil && u.Hostname() != "" &&
		(u.Scheme == "https" || u.Scheme == "http" && (v.allowHTTP || loopback.Host(u.Hostname())))
}

// apiVersionValidator checks the api_version of a webhook.
type apiVersionValidator struct{}

func (*apiVersionValidator) Description(context.Context) string {
	return "\"default\", \"latest\" or a date of the form YYYY-MM-DD"
}

func (v *apiVersionValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (v *apiVersionValidator) ValidateString(
	ctx context.Context, req validator.StringRequest, resp *validator.StringResponse,
) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	value := req.ConfigValue.ValueString()
	if value == apiVersionDefault || value == apiVersionLatest || isDate(value) {
		return
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Invalid API version",
		fmt.Sprintf("api_version must be %s; it is %q.", v.Description(ctx), value))
}

func isDate(value string) bool {
	_, err := time.Parse(time.DateOnly, value)
	return err == nil
}

// oneOfValidator checks for one of some values.
type oneOfValidator []string

func (v *oneOfValidator) Description(context.Context) string { return "one of " + quotedList(*v, "or") }

func (v *oneOfValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v *oneOfValidator) ValidateString(
	_ context.Context, req validator.StringRequest, resp *validator.StringResponse,
) {
	value := req.ConfigValue.ValueString()
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() || slices.Contains(*v, value) {
		return
	}
	resp.Diagnostics.AddAttributeError(located(req.Path), "Invalid value",
		fmt.Sprintf("%s must be %s; it is %q.", req.Path, quotedList(*v, "or"), value))
}

// nonEmptyValidator checks for a string that is not empty.
type nonEmptyValidator struct{}

func (*nonEmptyValidator) Description(context.Context) string { return "not empty" }

func (v *nonEmptyValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (*nonEmptyValidator) ValidateString(
	_ context.Context, req validator.StringRequest, resp *validator.StringResponse,
) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() || req.ConfigValue.ValueString() != "" {
		return
	}
	resp.Diagnostics.AddAttributeError(located(req.Path), "Empty value",
		fmt.Sprintf("%s must not be empty. Set a value, or remove it if it is optional.", req.Path))
}

// located returns the path that leads Terraform to the line of an attribute. For
// a nested one, such as oauth.grant_type, that is the path of a map key; the
// path of the attribute itself would lead to the first line of the resource.
func located(p path.Path) path.Path {
	last, remaining := p.Steps().LastStep()
	name, ok := last.(path.PathStepAttributeName)
	if !ok || len(remaining) == 0 {
		return p
	}
	return p.ParentPath().AtMapKey(string(name))
}

// quotedList joins values as in "a", "b" or "c".
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

// positiveDurationValidator checks for a Go duration above zero.
type positiveDurationValidator struct{}

func (*positiveDurationValidator) Description(context.Context) string {
	return "a duration above zero, such as \"30s\" or \"1m30s\""
}

func (v *positiveDurationValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (v *positiveDurationValidator) ValidateString(
	ctx context.Context, req validator.StringRequest, resp *validator.StringResponse,
) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if d, err := time.ParseDuration(req.ConfigValue.ValueString()); err == nil && d > 0 {
		return
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Invalid duration",
		fmt.Sprintf("%s must be %s; it is %q.", req.Path, v.Description(ctx), req.ConfigValue.ValueString()))
}
