// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

func TestAccEventTypesFunction(t *testing.T) {
	withoutAPI(t)
	tests := []struct {
		arguments string
		types     []string
	}{
		{
			`"refund.pending*", "order.accepted"`,
			[]string{"order.accepted", "refund.pending", "refund.pending_information"},
		},
		{
			`"refund.complete", "refund.c*", "refund.complete"`,
			[]string{"refund.complete"},
		},
		{
			`"refund.completed"`,
			[]string{"refund.completed"},
		},
		{
			`"order.charge.capture.*"`,
			[]string{"order.charge.capture.complete", "order.charge.capture.failed", "order.charge.capture.pending"},
		},
	}
	config := func(arguments string) string {
		return "output \"types\" {\n  value = provider::digitalriver::event_types(" + arguments + ")\n}\n"
	}
	steps := []resource.TestStep{
		// Not in testdata: Terraform and OpenTofu introduce this error in different ways.
		{
			Config: config(""),
			ExpectError: regexp.MustCompile(
				`at\s+least\s+one\s+pattern,\s+such\s+as\s+"order\.\*"\s+or\s+"refund\.complete"\.([^.]|$)`),
		},
	}
	for _, test := range tests {
		steps = append(steps, resource.TestStep{
			Config: config(test.arguments),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownOutputValue("types", exactStrings(test.types...)),
			},
		})
	}
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_8_0)},
		ProtoV6ProviderFactories: testProviders(),
		Steps:                    steps,
	})
}

func TestEventTypesFunction_namesEveryWrongPattern(t *testing.T) {
	patterns := []string{"ordr.*", "order.accepted", "refund.complet"}
	elements, elementTypes := []attr.Value{}, []attr.Type{}
	for _, pattern := range patterns {
		elements = append(elements, types.StringValue(pattern))
		elementTypes = append(elementTypes, types.StringType)
	}
	arguments := []attr.Value{types.TupleValueMust(elementTypes, elements)}
	req := function.RunRequest{Arguments: function.NewArgumentsData(arguments)}
	resp := function.RunResponse{Result: function.NewResultData(types.ListUnknown(types.StringType))}
	newEventTypesFunction().Run(t.Context(), req, &resp)
	if resp.Error == nil {
		t.Fatal("no error")
	}
	if at := resp.Error.FunctionArgument; at == nil || *at != 0 {
		t.Errorf("error is on argument %v, want the first", at)
	}
	for _, want := range []string{`"ordr.*"`, `"refund.complet"`, "refund.complete,"} {
		if !strings.Contains(resp.Error.Text, want) {
			t.Errorf("error does not name %s: %s", want, resp.Error.Text)
		}
	}
}
