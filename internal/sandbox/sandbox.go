// Package sandbox is a local Webhooks API: it keeps webhooks and their signing
// secrets in one file, delivers events to their endpoints, holds clients to the
// documented rate limits and fails on demand. It shares no code with the API client, so that a mistake in one
// cannot hide in the other.
package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Options says how a sandbox behaves. The zero value is a sandbox in a
// temporary file with the documented rate limits.
type Options struct {
	// DataFile is where everything is kept. The same file again means the same
	// webhooks, also when the process was killed in between; a power cut can
	// cost the file, because changes are left to the operating system to write
	// out. Empty: a temporary file, removed by Close.
	DataFile string
	// RateLimit is "documented" (25 requests a second in test mode, 250 in live
	// mode), "off", or a number of requests a second for each key. Empty:
	// documented.
	RateLimit string
	// Latency passes between the work of a request and its answer.
	Latency time.Duration
	// ListForm is the form of GET /webhooks: "array", or "page" for an object
	// with data and hasMore. Empty: array.
	ListForm string
	// DeliverAnywhere lets events be sent to any address. Otherwise only loopback
	// addresses get them.
	DeliverAnywhere bool
	// DeliveryTimeout is how long an endpoint has to answer. Zero: the 3000 ms
	// of the documentation.
	DeliveryTimeout time.Duration
	// Seed makes all that is random repeatable.
	Seed uint64
}

// Sandbox is the API as an http.Handler. Open makes one.
type Sandbox struct {
	latency  time.Duration
	pages    bool
	store    *store
	limiter  *limiter
	faults   *faults
	requests *requestLog
	courier  *courier
	// resetting is held by a reset: while it lasts nothing is delivered.
	resetting sync.Mutex

	waits     context.Context
	stopWaits context.CancelFunc
	tempDir   string
}

// errOption is the error of a value that an option cannot have.
var errOption = errors.New("invalid option")

// Open starts a sandbox on its data file. It fails when an option is not one of
// those documented, and when the file cannot be used or is in use already.
func Open(o Options) (*Sandbox, error) {
	limiter, err := newLimiter(o.RateLimit)
	if err != nil {
		return nil, err
	}
	if o.ListForm != "" && o.ListForm != "array" && o.ListForm != "page" {
		return nil, fmt.Errorf("%w: list form %q: want array or page", errOption, o.ListForm)
	}
	if o.Latency < 0 {
		return nil, fmt.Errorf("%w: latency %s: want zero or more", errOption, o.Latency)
	}
	s := &Sandbox{
		latency:  o.Latency,
		pages:    o.ListForm == "page",
		limiter:  limiter,
		faults:   newFaults(o.Seed),
		requests: &requestLog{},
	}
	if o.DataFile == "" {
		if s.tempDir, err = os.MkdirTemp("", "webhooks-sandbox-"); err != nil {
			return nil, err
		}
		o.DataFile = filepath.Join(s.tempDir, "sandbox.db")
	}
	if s.store, err = openStore(o.DataFile); err != nil {
		return nil, errors.Join(err, s.removeTemp())
	}
	s.courier = newCourier(s.store, o.DeliverAnywhere, cmp.Or(o.DeliveryTimeout, answerTime))
	s.waits, s.stopWaits = context.WithCancel(context.Background())
	return s, nil
}

// Close ends all waits (latency, delays of faults), breaks deliveries off, writes
// the data file out and closes it. What was not delivered is when the file is
// opened again. Requests that come later are answered with 500.
func (s *Sandbox) Close() error {
	s.stopWaits()
	s.courier.stop()
	return errors.Join(s.store.close(), s.removeTemp())
}

func (s *Sandbox) removeTemp() error {
	if s.tempDir == "" {
		return nil
	}
	return os.RemoveAll(s.tempDir)
}

// ServeHTTP serves the control endpoints under /_sandbox and the API everywhere
// else.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	if path == controlRoot || strings.HasPrefix(path, controlRoot+"/") {
		s.control(path, r).write(w, s.store.clock.now())
		return
	}
	s.serveAPI(w, r, path)
}

// serveAPI checks a request in this order [decided]: key, rate limit, faults,
// and only then what is asked for.
func (s *Sandbox) serveAPI(w http.ResponseWriter, r *http.Request, path string) {
	key, known := keys[bearerToken(r)]
	x := &exchange{sandbox: s, w: w, r: r, entry: s.requests.begin(entry{
		Time:   timestamp{s.store.clock.now()},
		Method: r.Method, Path: path, Query: r.URL.RawQuery, Mode: key.mode,
	})}
	if !known {
		x.answer(errUnauthorized.answer())
		return
	}
	if wait, ok := s.limiter.allow(key, time.Now()); !ok {
		x.answer(tooManyRequests(wait).answer())
		return
	}
	body, err := readBody(r)
	if err != nil {
		x.cut()
		return
	}
	x.serve(s.faults.fire(r.Method, path), func() answer {
		return s.do(call{key: key, method: r.Method, path: path, query: r.URL.RawQuery, header: r.Header, body: body})
	})
}
