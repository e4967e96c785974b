package provider

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// withoutAPI takes the key away, and fails the test on any request.
func withoutAPI(t *testing.T) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("request sent: %s %s", r.Method, r.URL)
	}))
	t.Cleanup(server.Close)
	t.Setenv(envAPIKey, "")
	t.Setenv(envBaseURL, server.URL)
}

// texts is a list of exactly these texts.
func texts(values ...string) knownvalue.Check {
	checks := []knownvalue.Check{}
	for _, value := range values {
		checks = append(checks, knownvalue.StringExact(value))
	}
	return knownvalue.ListExact(checks)
}

func TestAccSafelistIPs(t *testing.T) {
	withoutAPI(t)
	const name = "data.digitalriver_safelist_ips.test"
	documented := texts(
		"100.25.55.35/32", "209.87.180.0/24", "210.242.154.0/29", "217.65.128.0/24", "3.94.74.169/32",
		"34.241.30.95/32", "35.167.151.150/32", "50.112.167.211/32", "52.19.155.167/32", "52.207.145.30/32",
		"52.36.133.196/32", "54.204.214.106/32", "54.68.3.105/32",
	)
	checks := []statecheck.StateCheck{
		statecheck.ExpectKnownValue(name, tfjsonpath.New("cidr_blocks"), documented),
		statecheck.ExpectKnownValue(name, tfjsonpath.New("ipv4_cidr_blocks"), documented),
		statecheck.ExpectKnownValue(name, tfjsonpath.New("ipv6_cidr_blocks"), texts()),
		statecheck.ExpectKnownValue(name, tfjsonpath.New("documented_on"), knownvalue.StringExact("2024-04-11")),
		statecheck.ExpectKnownValue(name, tfjsonpath.New("source"), knownvalue.StringRegexp(regexp.MustCompile(`docs\.digitalriver\.com`))),
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{
				Config:      "data \"digitalriver_safelist_ips\" \"test\" {\n product = \"global_commerce\"\n}",
				ExpectError: regexp.MustCompile(`(?s)product.*"digital_river_api"\s+"commerce_api"`),
			},
			{
				Config:            `data "digitalriver_safelist_ips" "test" {}`,
				ConfigStateChecks: append(checks, statecheck.ExpectKnownValue(name, tfjsonpath.New("product"), knownvalue.Null())),
			},
			{
				Config:            "data \"digitalriver_safelist_ips\" \"test\" {\n product = \"commerce_api\"\n}",
				ConfigStateChecks: checks,
				ConfigPlanChecks:  resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			},
		},
	})
}
