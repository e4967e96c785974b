// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package catalog

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestSafelistFile holds safelist.json to its schema.
func TestSafelistFile(t *testing.T) {
	file := safelist()
	if _, err := time.Parse(time.DateOnly, file.DocumentedOn); err != nil {
		t.Error(err)
	}
	if file.Source == "" {
		t.Error("no source")
	}
	if diff := cmp.Diff(Products(), file.Products); diff != "" {
		t.Error(diff)
	}
	if len(file.CIDRBlocks) == 0 || len(slices.Compact(slices.Clone(file.CIDRBlocks))) != len(file.CIDRBlocks) {
		t.Errorf("blocks are missing or duplicated: %q", file.CIDRBlocks)
	}
	for _, block := range file.CIDRBlocks {
		prefix, err := netip.ParsePrefix(block)
		if err != nil {
			t.Error(err)
		} else if prefix.Masked().String() != block {
			t.Errorf("%s should be written %s", block, prefix.Masked())
		}
	}
}

func TestProductSafelist(t *testing.T) {
	for _, product := range Products() {
		list, ok := ProductSafelist(product)
		if !ok {
			t.Fatalf("%s has no safelist", product)
		}
		if len(list.CIDRBlocks) != 13 || !slices.IsSorted(list.CIDRBlocks) ||
			!slices.Contains(list.CIDRBlocks, "209.87.180.0/24") {
			t.Errorf("blocks of %s: %q", product, list.CIDRBlocks)
		}
		if !slices.Equal(list.IPv4, list.CIDRBlocks) || list.IPv6 == nil || len(list.IPv6) != 0 {
			t.Errorf("blocks of %s by family: %q, %q", product, list.IPv4, list.IPv6)
		}
		if list.DocumentedOn != "2024-04-11" || !strings.Contains(list.Source, "docs.digitalriver.com") {
			t.Errorf("origin of %s: %q, %q", product, list.DocumentedOn, list.Source)
		}
		list.CIDRBlocks[0] = "changed"
		if again, _ := ProductSafelist(product); again.CIDRBlocks[0] == "changed" {
			t.Error("a caller can change the safelist")
		}
	}
	if _, ok := ProductSafelist("global_commerce"); ok {
		t.Error("an unknown product has a safelist")
	}
}
