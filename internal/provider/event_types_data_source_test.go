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

func eventTypesConfig(filters string) string {
	return fmt.Sprintf("data \"digitalriver_event_types\" \"test\" {\n%s\n}\n", filters)
}

func TestAccEventTypes_filters(t *testing.T) {
	withoutAPI(t)
	const name = "data.digitalriver_event_types.test"
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
	for _, tt := range tests {
		steps = append(steps, resource.TestStep{
			Config: eventTypesConfig(tt.filters),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(name, tfjsonpath.New("types"), texts(tt.types...)),
				statecheck.ExpectKnownValue(name, tfjsonpath.New("event_types"), knownvalue.ListSizeExact(tt.objects)),
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
				statecheck.ExpectKnownValue("data.digitalriver_event_types.test", tfjsonpath.New("event_types"), knownvalue.ListExact([]knownvalue.Check{
					object(knownvalue.StringExact("refund.complete"), knownvalue.Null(), true),
					object(knownvalue.StringExact("refund.completed"), knownvalue.StringExact("refund.complete"), false),
				})),
			},
		}},
	})
}

func TestAccEventTypes_wrongFilters(t *testing.T) {
	withoutAPI(t)
	tests := []struct{ filters, problem string }{
		{`product = "global_commerce"`, `(?s)product.*"digital_river_api"\s+"commerce_api"`},
		{`category = "orders"`, `(?s)category.*"account".*"order".*"tax_identifier"`},
		{`pattern = "ordr.*"`, `(?s)pattern.*"ordr\.\*"\s+matches\s+no\s+event\s+type.*order\.`},
		{`pattern = "order.acepted"`, `(?s)The\s+nearest\s+are\s+order\.accepted`},
		{`pattern = ""`, `(?s)matches\s+no\s+event\s+type.*digitalriver_event_types`},
	}
	var steps []resource.TestStep
	for _, tt := range tests {
		steps = append(steps, resource.TestStep{
			Config:      eventTypesConfig(tt.filters),
			PlanOnly:    true,
			ExpectError: regexp.MustCompile(tt.problem),
		})
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: testProviders(), Steps: steps})
}
