// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"context"
	"net"
)

// OpenOn is Open for a sandbox whose deliveries go through a network in memory.
func OpenOn(o Options, dial func(ctx context.Context, network, address string) (net.Conn, error)) (*Sandbox, error) {
	o.dial = dial
	return Open(o)
}
