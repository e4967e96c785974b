// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package delivery

import (
	"context"
	"crypto/tls"
	"net/http/httptrace"
	"sync"
	"time"
)

// Timing is how long the parts of a delivery took. A part that was not reached
// took no time; the one in which the delivery failed ends with it.
type Timing struct {
	Connect time.Duration // Until there is a connection, with the name lookup.
	TLS     time.Duration // The TLS handshake.
	Wait    time.Duration // Until the first byte of the response, with sending the request.
	Read    time.Duration // Until the end of the response.
}

// stopwatch measures a [Timing]. The hooks of a trace run in several goroutines,
// some of them after the request has ended.
type stopwatch struct {
	begin time.Time

	mu                                      sync.Mutex
	handshake, secured, connected, response time.Time
}

func newStopwatch() *stopwatch { return &stopwatch{begin: time.Now()} }

// trace has the stopwatch note the events of a request.
func (w *stopwatch) trace(ctx context.Context) context.Context {
	note := func(at *time.Time) {
		w.mu.Lock()
		defer w.mu.Unlock()
		*at = time.Now()
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		TLSHandshakeStart:    func() { note(&w.handshake) },
		TLSHandshakeDone:     func(tls.ConnectionState, error) { note(&w.secured) },
		GotConn:              func(httptrace.GotConnInfo) { note(&w.connected) },
		GotFirstResponseByte: func() { note(&w.response) },
	})
}

// stop returns the time since the beginning, as a whole and in parts.
func (w *stopwatch) stop() (time.Duration, Timing) {
	w.mu.Lock()
	defer w.mu.Unlock()
	end := time.Now()
	part := func(from time.Time, until ...time.Time) time.Duration {
		if from.IsZero() {
			return 0
		}
		for _, t := range until {
			if !t.IsZero() {
				return t.Sub(from)
			}
		}
		return end.Sub(from)
	}
	return end.Sub(w.begin), Timing{
		Connect: part(w.begin, w.handshake, w.connected),
		TLS:     part(w.handshake, w.secured),
		Wait:    part(w.connected, w.response),
		Read:    part(w.response),
	}
}
