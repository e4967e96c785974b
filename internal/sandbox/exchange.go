// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// exchange is one API request and what its client gets to see.
type exchange struct {
	sandbox *Sandbox
	w       http.ResponseWriter
	r       *http.Request
	entry   *entry
}

// serveAPI checks a request in this order: origin, key, rate limit, faults, and
// then what it asks for. DESIGN.md lists the order as a decision.
func (s *Sandbox) serveAPI(w http.ResponseWriter, r *http.Request, path string) {
	key, known := keys[bearerToken(r)]
	x := &exchange{sandbox: s, w: w, r: r, entry: s.requests.begin(entry{
		Time:   timestamp{s.store.clock.now()},
		Method: r.Method, Path: path, Query: r.URL.RawQuery, Mode: key.mode,
	})}
	if err := checkOrigin(r); err != nil {
		x.respond(errorResponse(err))
		return
	}
	if !known {
		x.respond(unauthorized().response())
		return
	}
	if wait, ok := s.limiter.allow(key, time.Now()); !ok {
		x.respond(tooManyRequests(wait).response())
		return
	}
	body, err := readBody(r)
	if err != nil {
		x.cut()
		return
	}
	x.serve(s.faults.onRequest(r.Method, path), func() response {
		return s.do(call{key: key, method: r.Method, path: path, query: r.URL.RawQuery, header: r.Header, body: body})
	})
}

// do finds the operation for a call and runs it.
func (s *Sandbox) do(c call) response {
	o, id, err := apiRoutes.find(c.method, c.path)
	if err != nil {
		return errorResponse(err)
	}
	if c.key.readOnly && !o.readOnly {
		return newError(http.StatusForbidden, "forbidden", "This restricted key may only read webhooks.").response()
	}
	if v := c.header.Get("digitalriver-version"); v != "" && !validDate(v) {
		return badRequest(codeInvalid, "digitalriver-version", "digitalriver-version must be a date.").response()
	}
	c.id = id
	return respond(o.run(s, c))
}

// serveControl serves the control endpoints. Only requests that may change
// something are logged.
func (s *Sandbox) serveControl(w http.ResponseWriter, r *http.Request, path string) {
	begin := time.Now()
	response := s.control(path, r)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		s.feed.request(entry{
			Method: r.Method, Path: path, Status: response.status, DurationMS: time.Since(begin).Milliseconds(),
			problem: response.problem,
		})
	}
	response.write(w, s.store.clock.now())
	if response.stream != nil {
		response.stream(r.Context(), w)
	}
}

// control returns the response of a control endpoint.
func (s *Sandbox) control(path string, r *http.Request) response {
	if err := checkOrigin(r); err != nil {
		return errorResponse(err)
	}
	o, id, err := controlRoutes().find(r.Method, path)
	if err != nil {
		return errorResponse(err)
	}
	body, err := readBody(r)
	if err != nil {
		return errorResponse(err)
	}
	return respond(o.run(s, call{method: r.Method, path: path, id: id, query: r.URL.RawQuery, body: body}))
}

func respond(r response, err error) response {
	if err != nil {
		return errorResponse(err)
	}
	return r
}

// serve does the work and responds, as far as the fault allows. The fault may be
// nil.
func (x *exchange) serve(fault *rule, do func() response) {
	if fault == nil {
		x.respond(do())
		return
	}
	x.entry.Fault = fault.Kind
	switch fault.Kind {
	case faultStatus:
		x.respond(fault.errorResponse())
	case faultHTML:
		x.respond(fault.htmlResponse())
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
		x.respond(do())
	case faultTruncate:
		r := do()
		r.truncated = true
		x.respond(r)
	}
}

// respond sends a response, with an id of its own, after the sandbox's latency.
// The request is in the log before the client can have the response.
func (x *exchange) respond(r response) {
	if !x.wait(x.sandbox.latency) {
		x.cut()
		return
	}
	r = x.sandbox.reading.response(r)
	x.entry.problem = r.problem
	x.finish(r.status)
	x.w.Header().Set("x-dr-requestid", uuid.NewString())
	r.write(x.w, x.sandbox.store.clock.now())
}

// cut resets the connection without a response.
func (x *exchange) cut() {
	x.finish(0)
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// finish logs the request with the status of its response, 0 for none.
func (x *exchange) finish(status int) {
	x.sandbox.feed.request(x.sandbox.requests.finish(x.entry, status))
}

// wait reports whether the client and the sandbox were still there after d.
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
