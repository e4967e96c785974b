// Command terraform-provider-digitalriver serves the Terraform provider. With a
// command as its first argument, it runs that instead.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime/debug"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/command"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/provider"
)

// version is set when the binary is released.
var version string

func main() {
	debugger := flag.Bool("debug", false, "serve the provider for a debugger such as delve")
	flag.Usage = func() { _, _ = fmt.Fprint(flag.CommandLine.Output(), command.Usage()) }
	flag.Parse()
	command.Version = binaryVersion()
	if flag.NArg() > 0 {
		os.Exit(command.Run(context.Background(), flag.Args(), os.Stdin, os.Stdout, os.Stderr))
	}
	if !*debugger && !startedByTerraform() {
		flag.Usage()
		os.Exit(1)
	}
	if err := provider.Serve(binaryVersion(), *debugger); err != nil {
		log.Fatal(err)
	}
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

// startedByTerraform reports whether Terraform or OpenTofu started this process:
// both set the variable by which go-plugin tells a plugin from a program that a
// person starts.
func startedByTerraform() bool { return os.Getenv("TF_PLUGIN_MAGIC_COOKIE") != "" }
