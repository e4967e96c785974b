// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

// Command terraform-provider-digitalriver serves the Terraform provider. With a
// command as its first argument, it runs that instead.
package main

import (
	"context"
	"os"
	"runtime/debug"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/command"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/provider"
)

// version is set when the binary is released.
var version string

func main() {
	program := command.Program{
		Version: binaryVersion(),
		Serve:   func(debugger bool) error { return provider.Serve(binaryVersion(), debugger) },
	}
	os.Exit(program.Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// binaryVersion returns the version of a release, or that of the module for a
// binary that `go install` built.
func binaryVersion() string {
	if version != "" {
		return version
	}
	if build, ok := debug.ReadBuildInfo(); ok && build.Main.Version != "" && build.Main.Version != "(devel)" {
		return build.Main.Version
	}
	return "dev"
}
