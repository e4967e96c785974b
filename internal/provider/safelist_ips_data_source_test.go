// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

func TestAccSafelistIPs(t *testing.T) {
	withoutAPI(t)
	const name = "data.digitalriver_safelist_ips.test"
	documented := exactStrings(
		"100.25.55.35/32", "209.87.180.0/24", "210.242.154.0/29", "217.65.128.0/24", "3.94.74.169/32",
		"34.241.30.95/32", "35.167.151.150/32", "50.112.167.211/32", "52.19.155.167/32", "52.207.145.30/32",
		"52.36.133.196/32", "54.204.214.106/32", "54.68.3.105/32",
	)
	docs := regexp.MustCompile(`docs\.digitalriver\.com`)
	checks := []statecheck.StateCheck{
		statecheck.ExpectKnownValue(name, tfjsonpath.New("cidr_blocks"), documented),
		statecheck.ExpectKnownValue(name, tfjsonpath.New("ipv4_cidr_blocks"), documented),
		statecheck.ExpectKnownValue(name, tfjsonpath.New("ipv6_cidr_blocks"), exactStrings()),
		statecheck.ExpectKnownValue(name, tfjsonpath.New("documented_on"), knownvalue.StringExact("2024-04-11")),
		statecheck.ExpectKnownValue(name, tfjsonpath.New("source"), knownvalue.StringRegexp(docs)),
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{
				Config: `data "digitalriver_safelist_ips" "test" {}`,
				ConfigStateChecks: append(checks,
					statecheck.ExpectKnownValue(name, tfjsonpath.New("product"), knownvalue.Null())),
			},
			{
				Config:            `data "digitalriver_safelist_ips" "test" { product = "commerce_api" }`,
				ConfigStateChecks: checks,
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
				},
			},
		},
	})
}
