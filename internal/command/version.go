package command

import (
	"context"
	"flag"
	"fmt"
	"runtime"
)

// Version is the version of the binary, which main sets.
var Version string

const versionUsage = `Usage: terraform-provider-digitalriver version

Prints the version of this binary, the Go version that built it, and the platform.
`

func defineVersion(*flag.FlagSet) action {
	return func(_ context.Context, args []string, std streams) error {
		if len(args) > 0 {
			return wrongUsage("unexpected argument %q", args[0])
		}
		_, err := fmt.Fprintf(std.out, "terraform-provider-digitalriver %s, %s, %s/%s\n",
			Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return err
	}
}
