// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package adopt

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

func TestNameFromAddress(t *testing.T) {
	for address, want := range map[string]string{
		"https://shop.example.com/orders":                                  "shop_example_com_orders",
		"https://Shop.Example.com/Orders/":                                 "shop_example_com_orders",
		"https://shop.example.com":                                         "shop_example_com",
		"https://shop.example.com/order-events/v2":                         "shop_example_com_order_events_v2",
		"http://localhost:8080/in":                                         "localhost_8080_in",
		"https://127.0.0.1/in":                                             "webhook_127_0_0_1_in",
		"https://[::1]:8443":                                               "webhook_1_8443",
		"https://münchen.example/größe":                                    "münchen_example_größe",
		"https://shop.example.com/%E6%B3%A8%E6%96%87":                      "shop_example_com_注文",
		"https://shop.example.com/a%2Fb%20c":                               "shop_example_com_a_b_c",
		"https://shop.example.com/${x}%7Bin%7D":                            "shop_example_com_x_in",
		"https://shop.example.com/\U000323AF":                              "webhook", // A letter that HCL does not know.
		"https://user:hidden@shop.example.com/in":                          "shop_example_com_in",
		"https://shop.example.com/in?token=hidden#hidden":                  "shop_example_com_in",
		"https://shop.example.com/hooks/0123456789abcdef":                  "shop_example_com_hooks",
		"https://shop.example.com/hooks/aB3-dE_6gH9jK2mN":                  "shop_example_com_hooks",
		"https://shop.example.com/order-notifications-2026":                "shop_example_com_order_notifications_2026",
		"https://shop.example.com/digitalrivernotifications":               "shop_example_com_digitalrivernotifications",
		"https://shop.example.com/177ef997-db7f-42f5-a28d-b0a1ee1267e9/in": "shop_example_com_in",
		"https://shop.example.com/digital-river/orders/accepted/and/then/rejected/and/more": "shop_example_com_digital_" +
			"river_orders_accepted_and_then",
		"https://shop example": "webhook",
		"":                     "webhook",
	} {
		got := nameFromAddress(address)
		if got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
		if !hclsyntax.ValidIdentifier(got) {
			t.Errorf("%s: %s is not an identifier", address, got)
		}
	}
}

func TestMayHaveCredentials(t *testing.T) {
	for address, want := range map[string]bool{
		"https://shop.example.com/orders":                 false,
		"https://münchen.example/größe":                   false,
		"https://user:hidden@shop.example.com":            true,
		"https://hidden@shop.example.com":                 true,
		"https://shop.example.com/?key=hidden":            true,
		"https://shop.example.com/#hidden":                true,
		"https://shop.example.com/hooks/0123456789abcdef": true,
		"https://shop example":                            true, // Not known, so better said.
	} {
		if got := mayHaveCredentials(address); got != want {
			t.Errorf("%s: %t", address, got)
		}
	}
}

func TestResourceNames(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	webhooks := []*digitalriver.Webhook{
		{ID: "bbbb-bbbb-new", Address: "https://example.com/a", CreatedTime: day(2)},
		{ID: "aaaa-aaaa-newer", Address: "https://example.com/a", CreatedTime: day(3)},
		{ID: "cccc-cccc-old", Address: "https://example.com/a", CreatedTime: day(1)},
		{ID: "d-d-d", Address: "https://example.com/b", CreatedTime: day(1)},
	}
	want := map[string]string{
		"cccc-cccc-old":   "example_com_a",
		"bbbb-bbbb-new":   "example_com_a_bbbbbbbb",
		"aaaa-aaaa-newer": "example_com_a_aaaaaaaa",
		"d-d-d":           "example_com_b",
	}
	if diff := cmp.Diff(want, resourceNames(webhooks)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	// IDs that begin alike get longer suffixes, those with the same letters too.
	webhooks = append(webhooks,
		&digitalriver.Webhook{ID: "bbbb-bbbb-newest", Address: "https://example.com/a", CreatedTime: day(4)},
		&digitalriver.Webhook{ID: "DD-D", Address: "https://example.com/b", CreatedTime: day(5)},
		&digitalriver.Webhook{ID: "ddd", Address: "https://example.com/b", CreatedTime: day(6)},
	)
	want["bbbb-bbbb-newest"] = "example_com_a_bbbbbbbbn"
	want["DD-D"] = "example_com_b_ddd44442"
	want["ddd"] = "example_com_b_ddd64646"
	if diff := cmp.Diff(want, resourceNames(webhooks)); diff != "" {
		t.Errorf("with newer webhooks (-want +got):\n%s", diff)
	}
}

// TestResourceNames_properties checks names of many webhooks whose addresses and
// IDs resemble each other: they are unique identifiers, they do not depend on the
// order of the list, and a newer webhook changes none.
func TestResourceNames_properties(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var webhooks []*digitalriver.Webhook
	for i := range 500 {
		webhooks = append(webhooks, &digitalriver.Webhook{
			ID:          fmt.Sprintf("%0*b", 1+i%10, i),
			Address:     "https://a.b/" + []string{"", "c", "00000000", "0", "1_0", "c/00000001"}[random.IntN(6)],
			CreatedTime: time.Unix(int64(i/3), 0),
		})
	}
	webhooks = append(webhooks, &digitalriver.Webhook{ID: "/", Address: "https://a.b/c", CreatedTime: time.Unix(500, 0)})
	ids := map[string]bool{}
	for _, w := range webhooks {
		ids[w.ID] = true
	}
	before := resourceNames(webhooks)
	seen := map[string]bool{}
	for id, name := range before {
		if seen[name] || !hclsyntax.ValidIdentifier(name) {
			t.Errorf("%s: %s is used twice or not an identifier", id, name)
		}
		seen[name] = true
	}
	if len(before) != len(ids) {
		t.Errorf("%d names for %d webhooks", len(before), len(ids))
	}
	random.Shuffle(len(webhooks), func(i, j int) { webhooks[i], webhooks[j] = webhooks[j], webhooks[i] })
	if diff := cmp.Diff(before, resourceNames(webhooks)); diff != "" {
		t.Errorf("in another order (-want +got):\n%s", diff)
	}
	newer := &digitalriver.Webhook{ID: "new", Address: "https://a.b/c", CreatedTime: time.Unix(501, 0)}
	after := resourceNames(append(webhooks, newer))
	delete(after, newer.ID)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("with a newer webhook (-want +got):\n%s", diff)
	}
}
