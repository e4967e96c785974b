// Command terraform-provider-digitalriver serves the Terraform provider. With a
// command as its first argument, it runs that instead.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"

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
		os.Exit(command.Run(context.Background(), flag.Args(), os.Stdin, os.Stdout, os.Stderr))
	}
	if err := provider.Serve(version, *debugger); err != nil {
		log.Fatal(err)
	}
}
