// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package catalog

import (
	_ "embed"
	"encoding/json"
	"net/netip"
	"slices"
	"sync"
)

// Safelist holds the addresses that Digital River sends webhooks from, in
// CIDR notation. The lists are sorted as text and never nil.
type Safelist struct {
	CIDRBlocks   []string // IPv4 and IPv6.
	IPv4         []string
	IPv6         []string
	DocumentedOn string // The date of the documentation, as YYYY-MM-DD.
	Source       string // The pages that name the addresses.
}

// safelistFile is the form of safelist.json.
type safelistFile struct {
	DocumentedOn string   `json:"documented_on"`
	Source       string   `json:"source"`
	Products     []string `json:"products"`
	CIDRBlocks   []string `json:"cidr_blocks"`
}

//go:embed safelist.json
var safelistJSON []byte

var safelist = sync.OnceValue(func() safelistFile {
	var file safelistFile
	if err := json.Unmarshal(safelistJSON, &file); err != nil {
		panic("safelist.json: " + err.Error())
	}
	slices.Sort(file.CIDRBlocks)
	return file
})

// ProductSafelist returns the safelist of a product, or false for an unknown
// product. Both products document the same list.
func ProductSafelist(product string) (Safelist, bool) {
	file := safelist()
	if !slices.Contains(file.Products, product) {
		return Safelist{}, false
	}
	list := Safelist{
		CIDRBlocks:   slices.Clone(file.CIDRBlocks),
		IPv4:         []string{},
		IPv6:         []string{},
		DocumentedOn: file.DocumentedOn,
		Source:       file.Source,
	}
	for _, block := range list.CIDRBlocks {
		if netip.MustParsePrefix(block).Addr().Is4() {
			list.IPv4 = append(list.IPv4, block)
		} else {
			list.IPv6 = append(list.IPv6, block)
		}
	}
	return list, true
}
