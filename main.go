// Command terraform-provider-digitalriver serves the Terraform provider; with a
// command as its first argument it runs that instead.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/command"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/provider"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

// version is set when the binary is released.
var version = "dev"

const usage = `Usage: terraform-provider-digitalriver [COMMAND]

Without a command it serves the provider, which Terraform starts by itself.

Commands:
  sandbox          run a local Webhooks API
  trigger          make the sandbox send events
  check-endpoint   send to an endpoint what Digital River would send
  verify           say whether a delivery's signature is valid

-h after a command explains it.
`

func main() {
	debugger := flag.Bool("debug", false, "run for a debugger such as delve")
	flag.Usage = func() { _, _ = fmt.Fprint(flag.CommandLine.Output(), usage) }
	flag.Parse()
	if flag.NArg() > 0 {
		os.Exit(run(flag.Arg(0), flag.Args()[1:]))
	}
	if err := provider.Serve(version, *debugger); err != nil {
		log.Fatal(err)
	}
}

// run runs a command and returns its exit status.
func run(name string, args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch name {
	case "sandbox":
		return sandbox.Main(ctx, args, os.Stdout, os.Stderr)
	case "trigger":
		return command.Trigger(ctx, args, os.Stdout, os.Stderr)
	case "check-endpoint":
		return command.CheckEndpoint(ctx, args, os.Stdout, os.Stderr)
	case "verify":
		return command.Verify(args, os.Stdin, os.Stdout, os.Stderr)
	}
	_, _ = fmt.Fprintf(os.Stderr, "There is no command %q.\n\n%s", name, usage)
	return 2
}
