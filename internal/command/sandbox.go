// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

// sandboxNotes returns the parts of the help that only this command has.
func sandboxNotes() string {
	var b strings.Builder
	b.WriteString(`
The log has a line for each API request, each control request that may change
something, each event, each attempt to deliver one, and each webhook that is
disabled. Times are those of the sandbox's clock. On a terminal it is colored,
unless NO_COLOR is set.

API keys:
  sk_test_sandbox     everything, test mode
  sk_live_sandbox     everything, live mode
  rk_test_sandbox     may only read webhooks, test mode

To use it with Terraform:
  export DIGITALRIVER_BASE_URL=http://127.0.0.1:8787
  export DIGITALRIVER_API_KEY=sk_test_sandbox

To see what happens, and to send events, open the inspector in a browser:
  http://127.0.0.1:8787/

Control endpoints, which need no key:
`)
	for _, e := range sandbox.ControlEndpoints() {
		fmt.Fprintf(&b, "  %-6s %s\n         %s\n", e.Method, e.Path, e.Description)
	}
	b.WriteString(`
For example:
  curl -d '{"advance": "24h"}' http://127.0.0.1:8787/_sandbox/clock
  curl -X PUT http://127.0.0.1:8787/_sandbox/faults -d '[
    {"method": "POST", "path": "/webhooks", "kind": "reset_after", "times": 1},
    {"type": "order.*", "kind": "late"}]'

Kinds of faults:
`)
	for _, line := range wrap(strings.Join(sandbox.FaultKinds(), ", "), helpWidth-2) {
		b.WriteString("  " + line + "\n")
	}
	return b.String()
}

func sandboxCommand() *cli.Command {
	var o sandbox.Options
	var listen string
	var useTLS tlsFlags
	var l sandboxLog
	return &cli.Command{
		Name: "sandbox", Category: groupSandbox,
		Usage: "run a local Webhooks API that delivers events",
		Description: `
Runs a local Webhooks API, to try the provider without an account. It stores
webhooks and their signing secrets, delivers events to their endpoints, limits
the rate of requests like the real API, and fails on demand. Ctrl-C ends it; a
second Ctrl-C ends it at once.`,
		Metadata: map[string]any{
			notes:         sandboxNotes(),
			statusSuccess: "it was interrupted",
			statusFailure: "it could not start, for example because its address or data file is in use",
		},
		Flags: slices.Concat([]cli.Flag{
			addressFlag("127.0.0.1:8787", &listen),
			stringFlag("data", "", "store all data in this `FILE`; starting with the same file restores the same webhooks, "+
				"even after kill -9 (default: a temporary file)", &o.DataFile),
			stringFlag("rate-limit", "documented", "limit requests to `LIMIT`: documented (25/s in test mode, 250/s in "+
				"live mode), off, or a number of requests/s for each key", &o.RateLimit),
			durationFlag("latency", "0s", "delay every API response by this `DURATION`, such as 50ms", &o.Latency),
			&cli.StringSliceFlag{
				Name: "reading", Destination: &o.Readings,
				Usage: "serve the reading `NAME` of what the public documentation leaves open, such as " +
					"user-name=username; may be repeated; GET /_sandbox/readings lists the names",
			},
			stringFlag("list-form", "array", "serve GET /webhooks in this `FORM`: array; or page, the same as -reading "+
				`list=page, which returns {"data", "hasMore"} and has the parameters startingAfter and limit`, &o.ListForm),
			boolFlag("deliver-anywhere", "deliver events to any address, not only to loopback addresses", &o.DeliverAnywhere),
		}, useTLS.flags("for deliveries"), []cli.Flag{
			&cli.Uint64Flag{
				Name: "seed", Value: rand.Uint64(), Destination: &o.Seed, DefaultText: "random, and printed at the start",
				Usage: "make random behavior, such as faults, repeatable with this `NUMBER`",
			},
			stringFlag("log-format", "text", "write the log to standard error in this `FORMAT`: text or json", &l.format),
			boolFlag("quiet", "print no log, and nothing to copy at the start", &l.quiet),
		}),
		ArgValidator: noArguments,
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if l.format != "text" && l.format != "json" {
				return wrongUsage("-log-format %s: want text or json", l.format)
			}
			config, err := useTLS.config()
			if err != nil {
				return err
			}
			o.TLS = config
			l.w = cmd.ErrWriter
			if useTLS.insecure {
				l.warn("The certificates of endpoints are not checked.")
			}
			o.Logger, o.Command = l.logger(), ownCommand()
			ctx, stop := untilInterrupted(ctx)
			defer stop()
			return runSandbox(ctx, listen, o, l, cmd)
		},
	}
}

// ownCommand returns how a terminal calls this binary: by its name if that leads to
// it, else by its path.
func ownCommand() string {
	own, err := os.Executable()
	if err != nil {
		return ""
	}
	name := filepath.Base(own)
	if found, err := exec.LookPath(name); err == nil {
		a, errA := os.Stat(found)
		b, errB := os.Stat(own)
		if errors.Join(errA, errB) == nil && os.SameFile(a, b) {
			return name
		}
	}
	if strings.Contains(own, " ") {
		return `"` + own + `"`
	}
	return own
}

// untilInterrupted returns a context that ends with the first interrupt. The
// second one ends the process at once, as it does without this.
func untilInterrupted(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case <-interrupts:
		case <-ctx.Done():
		}
		signal.Stop(interrupts)
		cancel()
	}()
	return ctx, cancel
}

// runSandbox runs a sandbox until ctx ends. The first line on standard output is
// its address, printed once the port accepts connections. What else to know at the
// start goes to standard error, unless the log is quiet.
func runSandbox(ctx context.Context, listen string, o sandbox.Options, l sandboxLog, cmd *cli.Command) (err error) {
	s, err := sandbox.Open(o)
	if errors.Is(err, sandbox.ErrOption) {
		return wrongUsage("%v", err)
	}
	if errors.Is(err, sandbox.ErrLocked) {
		return fmt.Errorf("%w%s. Stop that one, or use another file with -data", err, lockHolder(o.DataFile))
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w. Create its directory, or choose another file with -data", err)
	case err != nil && o.DataFile != "":
		return fmt.Errorf("%w. Choose another file with -data; a new one is created", err)
	case err != nil:
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE) && isSandbox(ctx, listen):
		return fmt.Errorf("a sandbox is running at http://%s already. Use that one, or choose another address with -listen, "+
			"such as -listen 127.0.0.1:0 for any free port", listen)
	case err != nil:
		return fmt.Errorf("%w. Choose another address with -listen, such as -listen 127.0.0.1:0 for any free port", err)
	}
	address := netip.MustParseAddrPort(listener.Addr().String())
	url := localURL(address)
	if o.DataFile != "" {
		_ = os.WriteFile(lockFile(o.DataFile), fmt.Appendln(nil, os.Getpid(), url), 0o600)
		defer func() { _ = os.Remove(lockFile(o.DataFile)) }()
	}
	if !address.Addr().IsLoopback() {
		l.warn(fmt.Sprintf("%s is not a loopback address. Whoever can reach it can use and control this sandbox.", address))
	}
	_, _ = fmt.Fprintf(cmd.Writer, "Webhooks API sandbox: %s\n", url)
	l.started(url, cmp.Or(o.DataFile, temporaryFile), o.Seed)
	return s.Serve(ctx, listener)
}

// isSandbox reports whether a sandbox responds at an address.
func isSandbox(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/_sandbox/health", nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// lockFile returns the name of the file that says who uses a data file. The lock
// itself is on the data file, so a file that a killed sandbox left does no harm.
func lockFile(dataFile string) string { return dataFile + ".lock" }

// lockHolder returns which process uses a data file and where it serves, in
// parentheses. It returns "" if no running process says that it does.
func lockHolder(dataFile string) string {
	content, err := os.ReadFile(lockFile(dataFile))
	if err != nil {
		return ""
	}
	var pid int
	var url string
	if _, err := fmt.Sscan(string(content), &pid, &url); err != nil {
		return ""
	}
	process, err := os.FindProcess(pid)
	if err != nil || errors.Is(process.Signal(syscall.Signal(0)), os.ErrProcessDone) {
		return ""
	}
	return fmt.Sprintf(" (process %d at %s)", pid, url)
}

// localURL returns the URL at which this machine reaches an address.
func localURL(address netip.AddrPort) string {
	if address.Addr().IsUnspecified() {
		address = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), address.Port())
	}
	return "http://" + address.String()
}
