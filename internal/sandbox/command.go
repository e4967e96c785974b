package sandbox

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"time"
)

const usage = `Usage: terraform-provider-digitalriver sandbox [flags]

Runs a local Webhooks API to try the provider on, without an account. It keeps
webhooks and their signing secrets, delivers events to their endpoints, limits
rates as the real API does, and fails when it is told to. It ends with Ctrl-C.

Flags:
  -listen ADDRESS     where to listen (default 127.0.0.1:8787; port 0: a free one)
  -data FILE          keep everything in FILE; the same file again means the same
                      webhooks, also after kill -9 (default: a temporary file)
  -rate-limit LIMIT   documented: 25 requests/s in test mode, 250/s in live mode
                      (the default); off; or a number of requests/s for each key
  -latency DURATION   added to every API answer, such as 50ms (default 0s)
  -list-form FORM     what GET /webhooks answers: array (the default), or page:
                      {"data", "hasMore"} with startingAfter and limit
  -deliver-anywhere   send events to any address (default: to loopback addresses
                      only)
  -seed NUMBER        repeats what is random, such as faults (default: random;
                      printed at the start)

API keys:
  sk_test_sandbox     everything, test mode
  sk_live_sandbox     everything, live mode
  rk_test_sandbox     may only read webhooks, test mode

To use it with Terraform:
  export DIGITALRIVER_BASE_URL=http://127.0.0.1:8787
  export DIGITALRIVER_API_KEY=sk_test_sandbox

To steer it, without a key:
  GET    /_sandbox/health     answers 200
  GET    /_sandbox/requests   the API requests so far; DELETE clears them
  GET    /_sandbox/faults     the fault rules; PUT replaces them, for example
                              [{"method": "POST", "path": "/webhooks",
                                "kind": "reset_after", "times": 1}]
                              Kinds: status, html, reset_before, reset_after,
                              hang, slow, truncate
  POST   /_sandbox/events     {"type": "order.accepted"} makes an event, which goes
                              to every enabled webhook of its type; see also
                              terraform-provider-digitalriver trigger -h
  GET    /_sandbox/deliveries the attempts to deliver, newest first; ?webhook=ID
                              and ?event=ID choose
  POST   /_sandbox/clock      {"advance": "24h"} moves the clock on, also for
                              secrets and retries
  POST   /_sandbox/reset      back to empty
`

// Main runs the sandbox command with its arguments until ctx ends, and returns
// the exit status: 0, 1 when it cannot run, 2 for wrong arguments. The first
// line on stdout is the address, printed once the port answers; stderr gets the
// rest.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	var o Options
	listen := flags.String("listen", "127.0.0.1:8787", "")
	flags.StringVar(&o.DataFile, "data", "", "")
	flags.StringVar(&o.RateLimit, "rate-limit", "documented", "")
	flags.DurationVar(&o.Latency, "latency", 0, "")
	flags.StringVar(&o.ListForm, "list-form", "array", "")
	flags.BoolVar(&o.DeliverAnywhere, "deliver-anywhere", false, "")
	flags.Uint64Var(&o.Seed, "seed", rand.Uint64(), "")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		_, _ = io.WriteString(stdout, usage)
		return 0
	}
	switch {
	case err != nil:
		err = fmt.Errorf("%w: %w", errOption, err)
	case flags.NArg() > 0:
		err = fmt.Errorf("%w: unexpected argument %q", errOption, flags.Arg(0))
	default:
		err = run(ctx, *listen, o, stdout, stderr)
	}
	if err == nil {
		return 0
	}
	_, _ = fmt.Fprintf(stderr, "sandbox: %v\n", err)
	if !errors.Is(err, errOption) {
		return 1
	}
	_, _ = fmt.Fprintln(stderr, "Run it with -h for help.")
	return 2
}

// shutdownTimeout is how long requests under way have to end.
const shutdownTimeout = 5 * time.Second

func run(ctx context.Context, listen string, o Options, stdout, stderr io.Writer) (err error) {
	sandbox, err := Open(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sandbox.Close()) }()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: sandbox, ReadHeaderTimeout: 10 * time.Second}
	server.RegisterOnShutdown(sandbox.stopWaits)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	greet(netip.MustParseAddrPort(listener.Addr().String()), o, stdout, stderr)
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}

func greet(address netip.AddrPort, o Options, stdout, stderr io.Writer) {
	if !address.Addr().IsLoopback() {
		_, _ = fmt.Fprintf(stderr, "Warning: %s is not a loopback address: whoever reaches it can use and steer this sandbox.\n", address)
	}
	if address.Addr().IsUnspecified() {
		address = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), address.Port())
	}
	_, _ = fmt.Fprintf(stdout, "Webhooks API sandbox: http://%s\n", address)
	data := o.DataFile
	if data == "" {
		data = "a temporary file"
	}
	_, _ = fmt.Fprintf(stderr, "Data in %s, seed %d.\n", data, o.Seed)
}
