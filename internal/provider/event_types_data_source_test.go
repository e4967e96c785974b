// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
)

const eventTypesAddress = "data.digitalriver_event_types.test"

func eventTypesConfig(filters string) string {
	return fmt.Sprintf("data \"digitalriver_event_types\" \"test\" {\n%s\n}\n", filters)
}

func TestAccEventTypes_filters(t *testing.T) {
	withoutAPI(t)
	var all []string
	for _, et := range catalog.EventTypes() {
		all = append(all, et.Type)
	}
	tests := []struct {
		filters string
		types   []string
		objects int
	}{
		{"", slices.Compact(all), len(catalog.EventTypes())},
		{`pattern = "*.invoice.created"`, []string{"order.invoice.created"}, 2},
		{"pattern = \"order.invoice.*\"\nproduct = \"commerce_api\"", []string{"order.invoice.created"}, 1},
		{`category = "fee"`, []string{"fee.created", "fee.deleted", "fee.updated"}, 3},
		{"category = \"refund\"\npattern = \"*.complete*\"", []string{"refund.complete", "refund.completed"}, 2},
		{`pattern = "order.accepted"`, []string{"order.accepted"}, 1},
		{"category = \"fee\"\nproduct = \"commerce_api\"", nil, 0},
	}
	var steps []resource.TestStep
	for _, test := range tests {
		steps = append(steps, resource.TestStep{
			Config: eventTypesConfig(test.filters),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(eventTypesAddress, tfjsonpath.New("types"), exactStrings(test.types...)),
				statecheck.ExpectKnownValue(eventTypesAddress, tfjsonpath.New("event_types"),
					knownvalue.ListSizeExact(test.objects)),
			},
		})
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: testProviders(), Steps: steps})
}

func TestAccEventTypes_objects(t *testing.T) {
	withoutAPI(t)
	object := func(eventType, replacedBy knownvalue.Check, key bool) knownvalue.Check {
		return knownvalue.ObjectExact(map[string]knownvalue.Check{
			"type":        eventType,
			"product":     knownvalue.StringExact("digital_river_api"),
			"category":    knownvalue.StringExact("refund"),
			"description": knownvalue.StringRegexp(regexp.MustCompile(`^A refund reached .*\.$`)),
			"key":         knownvalue.Bool(key),
			"replaced_by": replacedBy,
		})
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{{
			Config: eventTypesConfig(`pattern = "refund.complete*"`),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(eventTypesAddress, tfjsonpath.New("event_types"),
					knownvalue.ListExact([]knownvalue.Check{
						object(knownvalue.StringExact("refund.complete"), knownvalue.Null(), true),
						object(knownvalue.StringExact("refund.completed"), knownvalue.StringExact("refund.complete"), false),
					})),
			},
		}},
	})
}
