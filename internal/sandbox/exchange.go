package sandbox

import (
	"context"
	"io"
	"net"
	"net/http"
	"time"
)

const (
	maxBody = 1 << 20
	// maxDrain is how much of a body that is too large is read all the same, so
	// that the client comes to read its 413.
	maxDrain = 16 << 20
)

// readBody reads one byte more than is accepted at most, so that its caller
// can tell a body that is too large. Only a body read to its end lets the
// server notice that the client has gone away.
func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(r.Body, maxDrain))
	return body, err
}

// exchange is one API request and what its client gets to see.
type exchange struct {
	sandbox *Sandbox
	w       http.ResponseWriter
	r       *http.Request
	entry   *entry
}

// serve does the work and answers, as far as the fault lets it. A nil fault is
// none.
func (x *exchange) serve(fault *rule, do func() answer) {
	if fault == nil {
		x.answer(do())
		return
	}
	x.entry.Fault = fault.Kind
	switch fault.Kind {
	case faultStatus:
		x.answer(fault.errorAnswer())
	case faultHTML:
		x.answer(fault.htmlAnswer())
	case faultResetBefore:
		x.cut()
	case faultResetAfter:
		do()
		x.cut()
	case faultHang:
		x.wait(time.Duration(fault.Delay))
		x.cut()
	case faultSlow:
		if !x.wait(time.Duration(fault.Delay)) {
			x.cut()
			return
		}
		x.answer(do())
	case faultTruncate:
		a := do()
		a.truncated = true
		x.answer(a)
	}
}

// answer sends a after the sandbox's latency. The request is in the log before
// the client can have the answer.
func (x *exchange) answer(a answer) {
	if !x.wait(x.sandbox.latency) {
		x.cut()
		return
	}
	x.sandbox.requests.finish(x.entry, a.status)
	a.write(x.w, x.sandbox.store.clock.now())
}

// cut resets the connection without an answer.
func (x *exchange) cut() {
	x.sandbox.requests.finish(x.entry, 0)
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// wait reports whether d has passed with the client and the sandbox still there.
func (x *exchange) wait(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	ctx, cancel := context.WithTimeout(x.sandbox.waits, d)
	defer cancel()
	select {
	case <-ctx.Done():
		return x.sandbox.waits.Err() == nil
	case <-x.r.Context().Done():
		return false
	}
}
