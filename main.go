// Command terraform-provider-digitalriver serves the Terraform provider; with
// `sandbox` as its first argument it runs a local Webhooks API instead.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

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
	// The process lives for seconds and has little to keep: collecting garbage
	// less often costs some memory and saves a good part of a large plan's time.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	quietLog()
	debugger := flag.Bool("debug", false, "run for a debugger such as delve")
	flag.Parse()
	err := providerserver.Serve(context.Background(), provider.New(version), providerserver.ServeOpts{
		Address: provider.Address,
		Debug:   *debugger,
	})
	if err != nil {
		log.Fatal(err)
	}
}

// quietLog turns the log of the plugin SDK off when nobody asked for a log. By
// default the SDK writes dozens of lines for every resource, which Terraform
// reads, parses and drops.
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
