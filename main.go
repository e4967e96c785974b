// Command terraform-provider-digitalriver serves the Terraform provider; with
// `sandbox` as its first argument it runs a local Webhooks API instead.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/provider"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

// version is set when the binary is released.
var version = "dev"

func main() {
	if len(os.Args) > 1 && os.Args[1] == "sandbox" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		code := sandbox.Main(ctx, os.Args[2:], os.Stdout, os.Stderr)
		stop()
		os.Exit(code)
	}
	debugger := flag.Bool("debug", false, "run for a debugger such as delve")
	flag.Parse()
	if err := provider.Serve(version, *debugger); err != nil {
		log.Fatal(err)
	}
}
