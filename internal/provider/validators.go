// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/loopback"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/redact"
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
		_, known := catalog.Lookup(eventType)
		switch {
		case name.IsNull():
			resp.Diagnostics.AddAttributeError(at, "Null event type",
				fmt.Sprintf("Element %d is null. Set it to an event type, such as \"order.accepted\", or remove it.", i))
			continue
		case known || catalog.ValidName(eventType):
		case strings.Contains(eventType, "*"):
			resp.Diagnostics.AddAttributeError(at, "Pattern instead of event types", patternText(i, eventType))
			continue
		default:
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

// patternText says how to subscribe to all event types that match a pattern, or to
// those of a similar pattern if none does.
func patternText(element int, pattern string) string {
	text := fmt.Sprintf("types holds names of event types; element %d is the pattern %q", element, pattern)
	if len(catalog.Match(pattern)) == 0 {
		text += ", which matches none of them"
		nearest := catalog.Nearest(pattern, 1)
		if len(nearest) == 0 {
			return text + "."
		}
		text += fmt.Sprintf(". Did you mean %q?", nearest[0])
		pattern = nearest[0]
	} else {
		text += "."
	}
	return text + fmt.Sprintf(" With Terraform 1.8 or later, a function returns the names that match:\n\n"+
		"    types = provider::digitalriver::event_types(%q)\n\n"+
		"With an older version, use the data source digitalriver_event_types.", pattern)
}

// typePatternValidator checks for an event type or a pattern of event types in a
// list.
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
	switch {
	case req.ConfigValue.IsNull():
		resp.Diagnostics.AddAttributeError(req.Path, "Null event type",
			fmt.Sprintf("Each element must be %s; %s is null.", v.Description(ctx), req.Path))
	case !req.ConfigValue.IsUnknown() && !catalog.ValidPattern(value):
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid event type",
			fmt.Sprintf("Each element must be %s; it is %q.", v.Description(ctx), value))
	}
}

// httpURLValidator checks for an absolute URL with a host. Unless allowHTTP is
// set, http is accepted for loopback hosts only.
type httpURLValidator struct {
	allowHTTP bool
	example   string
}

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
	if problem := v.problem(value); problem != "" {
		resp.Diagnostics.AddAttributeError(located(req.Path), "Invalid URL", fmt.Sprintf("%s must be %s, such as %q. %s",
			req.Path, v.Description(ctx), v.example, problem))
	}
}

// problem says in a sentence what is wrong with a URL; "" if nothing is. It repeats
// no part of the URL that may hold credentials.
func (v *httpURLValidator) problem(value string) string {
	u, err := url.Parse(value)
	switch {
	case strings.ContainsFunc(value, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return "It contains a space, a line break or another control character."
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return fmt.Sprintf("It is %q.", redact.URL(value))
	case u.Scheme == "http" && !v.allowHTTP && !loopback.Host(u.Hostname()):
		return fmt.Sprintf("It is %q.", redact.URL(value))
	case !strings.HasPrefix(value, u.Scheme+":"):
		return fmt.Sprintf("Write %s in lower case.", u.Scheme)
	case u.Port() != "" && !isPort(u.Port()):
		return fmt.Sprintf("The port %s is not between 1 and 65535.", u.Port())
	case strings.HasSuffix(u.Host, ":"):
		return "The port after the colon is missing."
	case strings.Contains(value, "#"):
		return "Remove the # and what follows it: a request never contains this part."
	case strings.HasPrefix(u.Hostname(), ".") || strings.Contains(u.Hostname(), ".."):
		return fmt.Sprintf("The host %q has an empty part between two dots, or before the first.", u.Hostname())
	}
	return ""
}

func isPort(text string) bool {
	port, err := strconv.ParseUint(text, 10, 16)
	return err == nil && port > 0
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

// positiveDurationValidator checks for a Go duration above zero. An empty string
// counts as not set, as it does for all arguments of the provider.
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
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() || req.ConfigValue.ValueString() == "" {
		return
	}
	if d, err := time.ParseDuration(req.ConfigValue.ValueString()); err == nil && d > 0 {
		return
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Invalid duration",
		fmt.Sprintf("%s must be %s; it is %q.", req.Path, v.Description(ctx), req.ConfigValue.ValueString()))
}
