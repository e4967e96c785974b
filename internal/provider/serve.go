// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"os"
	"runtime/debug"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

// Serve serves the provider to Terraform until Terraform ends it. With debugging,
// it prints how to point Terraform at this process and waits for that.
func Serve(version string, debugging bool) error {
	// The process lives for seconds and keeps little. Collecting garbage less
	// often saves time in large plans, and the limit bounds what that costs in
	// memory.
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(110 << 20)
	}
	quietLog()
	var options []tf6server.ServeOpt
	if debugging {
		options = append(options, tf6server.WithManagedDebug())
	}
	return tf6server.Serve(Address, func() tfprotov6.ProviderServer {
		return newServer(New(version)().(*digitalRiver)) //nolint:forcetypeassert // New returns nothing else.
	}, options...)
}

// quietLog turns the plugin SDK's log off unless somebody asked for a log. The
// SDK writes dozens of lines per resource, which Terraform reads, parses and
// drops.
func quietLog() {
	for _, name := range []string{"TF_LOG", "TF_LOG_PROVIDER", "TF_LOG_SDK", "TF_LOG_SDK_FRAMEWORK", "TF_LOG_SDK_PROTO"} {
		if os.Getenv(name) != "" {
			return
		}
	}
	for _, name := range []string{"TF_LOG_SDK", "TF_LOG_SDK_FRAMEWORK", "TF_LOG_SDK_PROTO"} {
		_ = os.Setenv(name, "off")
	}
}
