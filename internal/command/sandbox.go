package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"syscall"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

const sandboxUsage = `Usage: terraform-provider-digitalriver sandbox [flags]

Runs a local Webhooks API, to try the provider without an account. It stores
webhooks and their signing secrets, delivers events to their endpoints, limits
the rate of requests like the real API, and fails on demand. Ctrl-C ends it; a
second Ctrl-C ends it at once.

Flags:
  -listen ADDRESS     address to listen on (default 127.0.0.1:8787; port 0 picks a
                      free one)
  -data FILE          file to keep everything in: the same file again means the
                      same webhooks, even after kill -9 (default: a temporary file)
  -rate-limit LIMIT   documented: 25 requests/s in test mode, 250/s in live mode
                      (the default); off; or a number of requests/s for each key
  -latency DURATION   delay of every API response, such as 50ms (default 0s)
  -reading NAME       another reading of what the public documentation leaves
                      open, such as user-name=username; may be repeated. For the
                      names see GET /_sandbox/readings
  -list-form FORM     array (the default); or page, the same as -reading list=page:
                      GET /webhooks returns {"data", "hasMore"}, with
                      startingAfter and limit
  -deliver-anywhere   deliver events to any address (default: only to loopback
                      addresses)
  -cacert FILE        for deliveries, also trust the certificates in this PEM file
  -insecure           do not check the certificates of endpoints
  -seed NUMBER        repeats everything random, such as faults (default: random;
                      printed at the start)
  -log-format FORMAT  format of the log on standard error: text (the default) or
                      json
  -quiet              no log, and nothing to copy at the start

The log has a line for each API request, each control request that may change
something, each event, each attempt to deliver one, and each webhook that is
disabled. Times are those of the sandbox's clock. On a terminal it is coloured,
unless NO_COLOR is set.

API keys:
  sk_test_sandbox     everything, test mode
  sk_live_sandbox     everything, live mode
  rk_test_sandbox     may only read webhooks, test mode

To use it with Terraform:
  export DIGITALRIVER_BASE_URL=http://127.0.0.1:8787
  export DIGITALRIVER_API_KEY=sk_test_sandbox

Control endpoints, which need no key:
  GET    /_sandbox/            lists these endpoints
  GET    /_sandbox/health      responds with 200
  GET    /_sandbox/readings    lists the readings, and which of them are active
  GET    /_sandbox/requests    lists the API requests so far
  DELETE /_sandbox/requests    clears that list
  GET    /_sandbox/faults      lists the fault rules
  PUT    /_sandbox/faults      replaces them, for example with
                               [{"method": "POST", "path": "/webhooks",
                                 "kind": "reset_after", "times": 1},
                                {"type": "order.*", "kind": "late"}]
                               Kinds for API requests: status, html,
                               reset_before, reset_after, hang, slow, truncate
                               Kinds for deliveries: duplicate, reorder, late,
                               old_secret, bad_signature, drop
  POST   /_sandbox/events      {"type": "order.accepted"} creates an event, which
                               goes to every enabled webhook of its type; a type
                               that is not documented needs data; see also
                               terraform-provider-digitalriver trigger -h
  GET    /_sandbox/deliveries  lists the attempts to deliver events, newest first;
                               ?webhook=ID and ?event=ID filter them
  GET    /_sandbox/deliveries/{id}
                               returns an attempt with its request and response
  POST   /_sandbox/deliveries/{id}/resend
                               delivers the event of an attempt to its webhook
                               again
  GET    /_sandbox/stream      sends the log as it is written, as Server-Sent
                               Events
  GET    /_sandbox/clock       returns the time of the clock
  POST   /_sandbox/clock       {"advance": "24h"} moves the clock forward, also for
                               secrets and retries
  POST   /_sandbox/reset       deletes everything
`

func defineSandbox(flags *flag.FlagSet) action {
	var o sandbox.Options
	listen := flags.String("listen", "127.0.0.1:8787", "")
	flags.StringVar(&o.DataFile, "data", "", "")
	flags.StringVar(&o.RateLimit, "rate-limit", "documented", "")
	flags.DurationVar(&o.Latency, "latency", 0, "")
	flags.Func("reading", "", func(name string) error {
		o.Readings = append(o.Readings, name)
		return nil
	})
	flags.StringVar(&o.ListForm, "list-form", "array", "")
	flags.BoolVar(&o.DeliverAnywhere, "deliver-anywhere", false, "")
	flags.Uint64Var(&o.Seed, "seed", rand.Uint64(), "")
	var useTLS tlsFlags
	useTLS.define(flags)
	var l sandboxLog
	flags.StringVar(&l.format, "log-format", "text", "")
	flags.BoolVar(&l.quiet, "quiet", false, "")
	return func(ctx context.Context, args []string, std streams) error {
		if len(args) > 0 {
			return wrongUsage("unexpected argument %q", args[0])
		}
		if l.format != "text" && l.format != "json" {
			return wrongUsage("-log-format %s: want text or json", l.format)
		}
		config, err := useTLS.config()
		if err != nil {
			return err
		}
		o.TLS = config
		l.w = std.err
		if useTLS.insecure {
			l.warn("The certificates of endpoints are not checked.")
		}
		o.Logger = l.logger()
		ctx, stop := untilInterrupted(ctx)
		defer stop()
		return runSandbox(ctx, *listen, o, l, std)
	}
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
// its address, printed once the port accepts connections.
func runSandbox(ctx context.Context, listen string, o sandbox.Options, l sandboxLog, std streams) (err error) {
	s, err := sandbox.Open(o)
	if errors.Is(err, sandbox.ErrOption) {
		return wrongUsage("%v", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("%w. Choose another address with -listen, such as -listen 127.0.0.1:0 for any free port", err)
	}
	greet(netip.MustParseAddrPort(listener.Addr().String()), o, l, std)
	return s.Serve(ctx, listener)
}

// greet prints the address on standard output and, unless quiet, what else to know
// at the start on standard error.
func greet(address netip.AddrPort, o sandbox.Options, l sandboxLog, std streams) {
	if !address.Addr().IsLoopback() {
		l.warn(fmt.Sprintf("%s is not a loopback address. Whoever can reach it can use and control this sandbox.", address))
	}
	if address.Addr().IsUnspecified() {
		address = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), address.Port())
	}
	url := "http://" + address.String()
	_, _ = fmt.Fprintf(std.out, "Webhooks API sandbox: %s\n", url)
	data := o.DataFile
	if data == "" {
		data = "a temporary file"
	}
	l.started(url, data, o.Seed)
}
