// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
)

// newServedClient returns a client of a server with a handler, over http.Transport
// and connections in memory. It needs a bubble of testing/synctest.
func newServedClient(t *testing.T, handler http.HandlerFunc, change ...func(*Config)) *Client {
	t.Helper()
	server, transport := newServer(t, handler)
	server.Start()
	return newClient(t, Config{MaxRetries: 2, BaseURL: server.URL, Transport: transport}, change...)
}

// newServer returns a server that is not started, and a transport whose connections
// all lead to it.
func newServer(t *testing.T, handler http.HandlerFunc) (*httptest.Server, *http.Transport) {
	t.Helper()
	listener := newPipeListener()
	server := httptest.NewUnstartedServer(handler)
	_ = server.Listener.Close() // of the network
	server.Listener = listener
	t.Cleanup(server.Close)
	transport := newTransport()
	transport.DialContext = listener.dial
	t.Cleanup(transport.CloseIdleConnections)
	return server, transport
}

// pipeListener is a listener for connections in memory. In a bubble of
// testing/synctest, waiting for them lets the clock advance; waiting for the
// network does not.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	close  func()
}

var _ net.Listener = (*pipeListener)(nil)

func newPipeListener() *pipeListener {
	l := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	l.close = sync.OnceFunc(func() { close(l.closed) })
	return l
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func (l *pipeListener) Close() error {
	l.close()
	return nil
}

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// mortalConn is a connection that loses whatever is written to it once it is dead.
type mortalConn struct {
	net.Conn
	dead atomic.Bool
}

func (c *mortalConn) Write(p []byte) (int, error) {
	if c.dead.Load() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}
