// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
)

var _ function.Function = (*eventTypesFunction)(nil)

type eventTypesFunction struct{}

func newEventTypesFunction() function.Function { return &eventTypesFunction{} }

func (f *eventTypesFunction) Metadata(
	_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse,
) {
	resp.Name = "event_types"
}

func (f *eventTypesFunction) Definition(
	_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse,
) {
	resp.Definition = function.Definition{
		Summary: "Event types that match patterns",
		MarkdownDescription: "Returns the names of the event types that match at least one of the patterns, sorted and " +
			"without duplicates, for the `types` of a webhook. A pattern that matches nothing is an error that suggests " +
			"similar names. The function needs no API key and no request.",
		VariadicParameter: function.StringParameter{
			Name: "patterns",
			MarkdownDescription: "One or more names or patterns. Each `*` matches any characters, including dots: `order.*` " +
				"matches every type below `order`. Patterns with `*` leave out older spellings, such as `refund.completed`; " +
				"write their full name to include them.",
		},
		Return: function.ListReturn{ElementType: types.StringType},
	}
}

func (f *eventTypesFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var patterns []string
	if resp.Error = req.Arguments.Get(ctx, &patterns); resp.Error != nil {
		return
	}
	if len(patterns) == 0 {
		resp.Error = function.NewFuncError("event_types needs at least one pattern, such as \"order.*\" or " +
			"\"refund.complete\"")
		return
	}
	var names []string
	for i, pattern := range patterns {
		matches := catalog.Match(pattern)
		if len(matches) == 0 {
			// Terraform adds the period.
			text := strings.TrimSuffix(noEventType(pattern), ".")
			resp.Error = function.ConcatFuncErrors(resp.Error, function.NewArgumentFuncError(int64(i), text))
		}
		names = append(names, matches...)
	}
	if resp.Error != nil {
		return
	}
	slices.Sort(names)
	resp.Error = resp.Result.Set(ctx, slices.Compact(names))
}
