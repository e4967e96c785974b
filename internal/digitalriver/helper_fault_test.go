// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"testing/iotest"
)

// fault responds to a request of fakeAPI, or fails; carryOut does what the request
// asks for.
type fault func(req *http.Request, carryOut func() *http.Response) (*http.Response, error)

func noFault(_ *http.Request, carryOut func() *http.Response) (*http.Response, error) {
	return carryOut(), nil
}

// respondWith gives a response of its own; see respond.
func respondWith(status int, body any, header ...string) fault {
	return func(*http.Request, func() *http.Response) (*http.Response, error) {
		return respond(status, body, header...), nil
	}
}

// failWith responds with an error of the API.
func failWith(status int, header ...string) fault {
	return func(*http.Request, func() *http.Response) (*http.Response, error) {
		return apiError(status, "injected", "an injected fault", header...), nil
	}
}

// htmlPage is the response of a proxy.
func htmlPage(status int) fault {
	return respondWith(status, "<html><title>Service down</title></html>", "Content-Type", "text/html")
}

// resetBefore resets the connection before the request is carried out.
func resetBefore(req *http.Request, _ func() *http.Response) (*http.Response, error) {
	traceConnection(req, true)
	return nil, errors.New("connection reset by peer")
}

// resetAfter carries the request out and resets the connection.
func resetAfter(req *http.Request, carryOut func() *http.Response) (*http.Response, error) {
	traceConnection(req, true)
	carryOut()
	return nil, io.ErrUnexpectedEOF
}

// refuseConnection fails before there is a connection.
func refuseConnection(req *http.Request, _ func() *http.Response) (*http.Response, error) {
	traceConnection(req, false)
	return nil, errors.New("connection refused")
}

// hang never responds.
func hang(req *http.Request, _ func() *http.Response) (*http.Response, error) {
	traceConnection(req, true)
	<-req.Context().Done()
	return nil, req.Context().Err()
}

// halveBody carries the request out and responds with half of the JSON, as if it
// were all.
func halveBody(_ *http.Request, carryOut func() *http.Response) (*http.Response, error) {
	response := carryOut()
	body, err := io.ReadAll(response.Body)
	response.Body = io.NopCloser(bytes.NewReader(body[:len(body)/2]))
	return response, err
}

// breakBody carries the request out and breaks the connection within the body.
func breakBody(_ *http.Request, carryOut func() *http.Response) (*http.Response, error) {
	response := carryOut()
	start := bytes.NewReader([]byte(`{"id"`))
	response.Body = io.NopCloser(io.MultiReader(start, iotest.ErrReader(io.ErrUnexpectedEOF)))
	return response, nil
}

// traceConnection tells the trace of a request, as http.Transport does, that a
// connection is wanted and whether there was one.
func traceConnection(req *http.Request, established bool) {
	trace := httptrace.ContextClientTrace(req.Context())
	trace.GetConn(req.URL.Host)
	if established {
		trace.GotConn(httptrace.GotConnInfo{})
	}
}

// afterwards calls act when the request has met the fault.
func afterwards(act func(), meet fault) fault {
	return func(req *http.Request, carryOut func() *http.Response) (*http.Response, error) {
		defer act()
		return meet(req, carryOut)
	}
}
