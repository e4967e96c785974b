// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

// Package loopback says which host names mean this machine. Plain http is
// accepted for those alone, and the sandbox delivers to those alone.
package loopback

import (
	"net/netip"
	"strings"
)

// Host reports whether name, a host without brackets and port, is localhost in
// any case or a literal loopback address: 127.0.0.0/8 or ::1, also as an
// IPv4-mapped IPv6 address. It asks no resolver: any other name may lead
// elsewhere tomorrow.
func Host(name string) bool {
	if strings.EqualFold(name, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(name)
	return err == nil && address.IsLoopback()
}
