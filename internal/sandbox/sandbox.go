// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/delivery"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox/inspector"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox/readings"
)

// Options configure a sandbox. The zero value is a sandbox with a temporary data
// file and the documented rate limits.
type Options struct {
	// DataFile holds everything. A later sandbox with the same file has the same
	// webhooks, even if the process was killed in between. A power cut may cost
	// the file, because the operating system decides when to write changes to the
	// disk. Empty: a temporary file, which Close removes.
	DataFile string
	// RateLimit is "documented" (25 requests a second in test mode, 250 in live
	// mode), "off", or a number of requests a second for each key. Empty:
	// documented.
	RateLimit string
	// Latency passes between the work of a request and its response.
	Latency time.Duration
	// Readings are the names of readings of the public sources, as the package
	// readings has them. The sandbox serves the default of every axis that is not
	// among them.
	Readings []string
	// ListForm "page" stands for the reading [readings.ListPage]. Otherwise it is
	// "array" or empty, which leaves the form of GET /webhooks to Readings.
	ListForm string
	// DeliverAnywhere allows deliveries to any address. Otherwise only loopback
	// addresses get them.
	DeliverAnywhere bool
	// TLS configures the deliveries. Nil: the certificates of endpoints must be
	// those of the system's authorities.
	TLS *tls.Config
	// DeliveryTimeout is the time that an endpoint has for its response. Zero:
	// the documented 3000 ms.
	DeliveryTimeout time.Duration
	// Seed makes everything random repeatable.
	Seed uint64
	// Command is how a terminal calls the provider's binary, for the commands that
	// the inspector shows. Empty: terraform-provider-digitalriver.
	Command string
	// Logger gets a record for each API request, each control request that may
	// change something, each event, each attempt to deliver one, and each webhook
	// that is disabled. Nil: nothing is logged.
	Logger *slog.Logger

	// dial replaces the network of deliveries in tests.
	dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// ErrOption is the error of [Open] for a value that an option cannot have.
var ErrOption = errors.New("invalid option")

// ErrLocked is the error of [Open] for a data file that another sandbox has open.
var ErrLocked = errors.New("another sandbox is using it")

var errClosed = errors.New("it is closed")

// Sandbox is a Webhooks API. It is an [http.Handler].
type Sandbox struct {
	latency  time.Duration
	reading  reading
	store    *store
	limiter  *limiter
	faults   *faults
	requests *requestLog
	feed     *feed
	courier  *courier
	// inspector is the page at /.
	inspector http.Handler

	stopping sync.Mutex // Held while the courier is stopped, by a reset or Close.
	closed   bool

	waits     context.Context // Ended by Close: latency, and the delays of faults.
	stopWaits context.CancelFunc
	tempDir   string
}

// Open starts a sandbox on its data file. The error wraps [ErrLocked], or [ErrOption] if an
// option is invalid. It names the data file if that cannot be used or is in use.
func Open(o Options) (*Sandbox, error) {
	limiter, err := newLimiter(o.RateLimit)
	if err != nil {
		return nil, err
	}
	if o.ListForm != "" && o.ListForm != "array" && o.ListForm != "page" {
		return nil, fmt.Errorf("%w: list form %q: want array or page", ErrOption, o.ListForm)
	}
	set, err := readings.Choose(o.readings()...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOption, err)
	}
	if o.Latency < 0 {
		return nil, fmt.Errorf("%w: latency %s: want zero or more", ErrOption, o.Latency)
	}
	s := &Sandbox{
		latency:  o.Latency,
		reading:  reading{set},
		limiter:  limiter,
		faults:   newFaults(o.Seed),
		requests: &requestLog{},
	}
	s.inspector = inspector.New(cmp.Or(o.Command, "terraform-provider-digitalriver"))
	if o.DataFile == "" {
		if s.tempDir, err = os.MkdirTemp("", "webhooks-sandbox-"); err != nil {
			return nil, err
		}
		o.DataFile = filepath.Join(s.tempDir, "sandbox.db")
	}
	if s.store, err = openStore(o.DataFile, s.reading.view); err != nil {
		return nil, errors.Join(err, s.removeTemp())
	}
	s.waits, s.stopWaits = context.WithCancel(context.Background())
	s.feed = newFeed(&s.store.clock, o.Logger)
	s.courier = newCourier(s.store, newSender(&s.store.clock, s.reading, o), s.faults, s.feed, s.reading.testRetries())
	return s, nil
}

// Close ends all waits, stops deliveries, and closes the data file. Deliveries
// continue when the file is opened again. Later requests get a 500.
func (s *Sandbox) Close() error {
	s.stopWaits()
	s.stopping.Lock()
	defer s.stopping.Unlock()
	s.closed = true
	s.courier.stop()
	return errors.Join(s.store.close(), s.removeTemp())
}

func (s *Sandbox) removeTemp() error {
	if s.tempDir == "" {
		return nil
	}
	return os.RemoveAll(s.tempDir)
}

// shutdownTimeout is how long requests may take after Serve is told to end. Their
// work takes milliseconds; more time would only go to clients that do not finish
// what they send.
const shutdownTimeout = time.Second

// Serve serves the sandbox on a listener until ctx ends. It then ends all waits,
// lets the requests under way finish, and cuts connections whose request is not
// complete. The sandbox stays open.
func (s *Sandbox) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	server.RegisterOnShutdown(s.stopWaits)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return server.Close()
	}
	return err
}

// ServeHTTP serves the inspector at /, the control endpoints under /_sandbox, and
// the API everywhere else.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	if inspector.Serves(path) {
		s.serveInspector(w, r)
		return
	}
	if path == controlRoot || strings.HasPrefix(path, controlRoot+"/") {
		s.serveControl(w, r, path)
		return
	}
	s.serveAPI(w, r, path)
}

func (s *Sandbox) serveInspector(w http.ResponseWriter, r *http.Request) {
	if err := checkOrigin(r); err != nil {
		errorResponse(err).write(w, s.store.clock.now())
		return
	}
	s.inspector.ServeHTTP(w, r)
}

func (s *Sandbox) health(call) (response, error) {
	return jsonResponse(http.StatusOK, []byte(`{"status":"ok"}`)), nil
}

// reset makes the sandbox as empty as at its first start.
func (s *Sandbox) reset(call) (response, error) {
	s.stopping.Lock()
	defer s.stopping.Unlock()
	if s.closed {
		return response{}, errClosed
	}
	s.courier.stop()
	defer s.courier.start()
	s.faults.reset()
	s.requests.clear()
	return noContent, s.store.reset()
}

func (o Options) readings() []string {
	if o.ListForm == "page" {
		return append(slices.Clone(o.Readings), readings.ListPage)
	}
	return o.Readings
}

func (o Options) deliveryTimeout() time.Duration {
	return cmp.Or(o.DeliveryTimeout, delivery.ResponseTimeout)
}
