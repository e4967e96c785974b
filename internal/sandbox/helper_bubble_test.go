// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox/contracttest"
)

// inBubble runs a test in a synctest bubble. There time is fake and passes only
// while everything waits, so that tests can state durations exactly and need not
// poll. The network is in memory, because waiting for a real one does not count.
func inBubble(t *testing.T, test func(t *testing.T, n *network)) {
	t.Helper()
	contracttest.Handler(t, nil) // What it shares among tests must not be made in a bubble.
	synctest.Test(t, func(t *testing.T) { test(t, &network{t: t, listeners: map[string]*listener{}}) })
}

// settle waits until nothing more happens unless time passes.
func settle() { synctest.Wait() }

// pass lets time pass, and waits until nothing more happens.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// network is a network in memory.
type network struct {
	t *testing.T

	mu        sync.Mutex
	listeners map[string]*listener
}

// listener accepts connections at an address of a network.
type listener struct {
	address     string
	connections chan net.Conn
	closed      chan struct{}
	close       func()
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.connections:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.close()
	return nil
}

func (l *listener) Addr() net.Addr { return &net.TCPAddr{} }

func (n *network) dial(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	l := n.listeners[address]
	n.mu.Unlock()
	if l != nil {
		client, server := net.Pipe()
		select {
		case l.connections <- server:
			return client, nil
		case <-l.closed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
}

// listen listens at a new loopback address.
func (n *network) listen() *listener {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := &listener{
		address:     fmt.Sprintf("127.0.0.1:%d", len(n.listeners)+1),
		connections: make(chan net.Conn),
		closed:      make(chan struct{}),
	}
	l.close = sync.OnceFunc(func() { close(l.closed) })
	n.listeners[l.address] = l
	return l
}

// serve serves a handler at a new loopback address until the test or stop ends
// it.
func (n *network) serve(handler http.Handler) (url string, stop func()) {
	l := n.listen()
	s := &http.Server{Handler: handler}
	go func() { _ = s.Serve(l) }()
	stop = func() { _ = s.Close() }
	n.t.Cleanup(stop)
	return "http://" + l.address, stop
}

// sandbox starts a sandbox, which runs until the test or stop ends it.
func (n *network) sandbox(o sandbox.Options) (running *server, stop func()) {
	n.t.Helper()
	s, err := sandbox.OpenOn(withDefaults(n.t, o), n.dial)
	if err != nil {
		n.t.Fatal(err)
	}
	url, stopServing := n.serve(contracttest.Handler(n.t, s, o.Readings...))
	client := &http.Client{Transport: &http.Transport{DialContext: n.dial}}
	stop = sync.OnceFunc(func() {
		client.CloseIdleConnections()
		stopServing()
		if err := s.Close(); err != nil {
			n.t.Error(err)
		}
	})
	n.t.Cleanup(stop)
	return &server{t: n.t, url: url, client: client}, stop
}

// endpoint is an endpoint that keeps what it gets.
type endpoint struct {
	url string

	mu  sync.Mutex
	got []delivered
}

// delivered is a request as an endpoint got it.
type delivered struct {
	header http.Header
	body   string
}

// endpoint starts an endpoint. Without a handler, it acknowledges everything.
func (n *network) endpoint(respond http.HandlerFunc) *endpoint {
	e := &endpoint{}
	e.url, _ = n.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		e.mu.Lock()
		e.got = append(e.got, delivered{r.Header, string(body)})
		e.mu.Unlock()
		if respond == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		respond(w, r)
	}))
	return e
}

// requests returns what the endpoint has got once nothing more happens.
func (e *endpoint) requests() []delivered {
	settle()
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.got
}

// last returns the last request of the endpoint.
func (e *endpoint) last(t testing.TB) delivered {
	t.Helper()
	got := e.requests()
	if len(got) == 0 {
		t.Fatal("the endpoint has got nothing")
	}
	return got[len(got)-1]
}
