// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"net"
	"net/http"
	"net/url"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/loopback"
)

var crossOrigin http.CrossOriginProtection

// checkOrigin refuses requests that the page of another site has a browser send.
// Such a page may post to the sandbox. It may also have its own host name lead to
// a loopback address, and then read the responses.
func checkOrigin(r *http.Request) error {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	host := (&url.URL{Host: r.Host}).Hostname()
	if local != nil && local.IP.IsLoopback() && !loopback.Host(host) {
		return newError(http.StatusForbidden, "forbidden",
			"The sandbox does not serve the host %q at a loopback address. Use http://%s.", host, local)
	}
	if err := crossOrigin.Check(r); err != nil {
		return newError(http.StatusForbidden, "forbidden",
			"The sandbox does not accept requests that a browser sends for the page of another site.")
	}
	return nil
}
