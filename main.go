// Command terraform-provider-digitalriver serves the Terraform provider. With a
// command as its first argument, it runs that instead.
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
)

// version is set when the binary is released.
var version = "dev"

func main() {
	debugger := flag.Bool("debug", false, "serve the provider for a debugger such as delve")
	flag.Usage = func() { _, _ = fmt.Fprint(flag.CommandLine.Output(), command.Usage()) }
	flag.Parse()
	if flag.NArg() > 0 {
		os.Exit(runCommand(flag.Args()))
	}
	if err := provider.Serve(version, *debugger); err != nil {
		log.Fatal(err)
	}
}

// runCommand runs a command until it ends or is interrupted, and returns its exit
// status.
func runCommand(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return command.Run(ctx, args, os.Stdin, os.Stdout, os.Stderr)
}
