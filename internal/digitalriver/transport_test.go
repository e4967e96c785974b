// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []http.Header
		var path string
		client := newServedClient(t, func(w http.ResponseWriter, r *http.Request) {
			got, path = append(got, r.Header), r.URL.EscapedPath()
			w.WriteHeader(400)
		}, func(c *Config) {
			c.BaseURL += "/prefix/"
			c.APIVersion, c.UserAgent, c.ApplicationID = "2021-12-13", "agent/1", "application/1"
		})
		_, createErr := client.CreateWebhook(t.Context(), newWebhook())
		_, getErr := client.GetWebhook(t.Context(), "a/b")
		if createErr == nil || getErr == nil {
			t.Fatal("no error")
		}
		if want := "/prefix/webhooks/a%2Fb"; path != want {
			t.Errorf("path %s, want %s", path, want)
		}
		want := http.Header{
			"Authorization": {"Bearer " + testKey}, "Accept": {"application/json"}, "User-Agent": {"agent/1"},
			"Upstream-Application-Id": {"application/1"}, "Digitalriver-Version": {"2021-12-13"},
			"Content-Type": {"application/json"}, "Accept-Encoding": {"gzip"},
		}
		first, second := got[0], got[1]
		if first.Get("upstream-id") == "" || first.Get("upstream-id") == second.Get("upstream-id") {
			t.Error("upstream-id is not unique")
		}
		if asError(t, createErr).UpstreamID != first.Get("upstream-id") {
			t.Error("the error has another upstream-id")
		}
		for _, header := range got {
			header.Del("upstream-id")
			header.Del("Content-Length")
		}
		if diff := cmp.Diff(want, first); diff != "" {
			t.Error(diff)
		}
		want.Del("Content-Type")
		if diff := cmp.Diff(want, second); diff != "" {
			t.Error(diff)
		}
	})
}

func TestOptionalHeadersAreAbsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newServedClient(t, func(w http.ResponseWriter, r *http.Request) {
			for _, name := range []string{"digitalriver-version", "upstream-application-id"} {
				if _, ok := r.Header[http.CanonicalHeaderKey(name)]; ok {
					t.Errorf("%s is sent", name)
				}
			}
			fmt.Fprint(w, "[]")
		})
		mustRun(t, client, "list")
	})
}

func TestRedirectIsNotFollowed(t *testing.T) {
	for _, operation := range []string{"create", "read", "list", "update", "delete", "list secrets", "rotate"} {
		synctest.Test(t, func(t *testing.T) {
			client := newServedClient(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/login" {
					t.Errorf("%s follows the redirect", operation)
				}
				http.Redirect(w, r, "/login", http.StatusTemporaryRedirect)
			})
			err := asError(t, run(t.Context(), client, operation))
			if err.Status != 307 || err.Attempts != 1 || !strings.Contains(err.Error(), "redirects to /login") {
				t.Errorf("%s: %v", operation, err)
			}
		})
	}
}

// The requests that follow a network failure show how http.Transport reports it:
// as one after which a POST may have been carried out.
func TestNetworkFailures(t *testing.T) {
	hijack := func(w http.ResponseWriter, partial string) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, partial)
		_ = conn.Close()
	}
	failures := map[string]http.HandlerFunc{
		"reset":           func(w http.ResponseWriter, _ *http.Request) { hijack(w, "") },
		"broken header":   func(w http.ResponseWriter, _ *http.Request) { hijack(w, "HTTP/1.1 200 OK\r\nCont") },
		"no HTTP":         func(w http.ResponseWriter, _ *http.Request) { hijack(w, "hello\r\n\r\n") },
		"attempt timeout": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"broken body": func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[]")
		},
		"broken chunks": func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n[]")
		},
		"body timeout": func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
	}
	wants := map[string][]string{
		"list":   {"GET", "GET"},
		"update": {"PATCH", "PATCH"},
		"create": {"POST", "GET", "POST", "GET"},
	}
	for name, fail := range failures {
		for operation, want := range wants {
			t.Run(operation+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					methods := make(chan string, 10)
					client := newServedClient(t, func(w http.ResponseWriter, r *http.Request) {
						// A server notices that the client is gone only when it has read the body.
						_, _ = io.Copy(io.Discard, r.Body)
						methods <- r.Method
						switch {
						case len(methods) == 1:
							fail(w, r)
						case r.Method == "GET":
							fmt.Fprint(w, "[]")
						default:
							fmt.Fprint(w, `{"id": "w1"}`)
						}
					})
					mustRun(t, client, operation)
					close(methods)
					var got []string
					for method := range methods {
						got = append(got, method)
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Error(diff)
					}
				})
			})
		}
	}
}

// A POST for which there was no connection is sent again, without a look-up.
func TestRefusedConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var methods []string
		transport := newTransport()
		client := newClient(t, Config{MaxRetries: 2, Transport: transport, Log: func(
			_ context.Context, _ string, fields map[string]any,
		) {
			if method, ok := fields["method"].(string); ok {
				methods = append(methods, method)
			}
		}}, func(c *Config) { c.BaseURL = "http://127.0.0.1:0" }) // nothing can listen on port 0
		err := asError(t, run(t.Context(), client, "create"))
		if !slices.Equal(methods, []string{"POST", "POST", "POST"}) {
			t.Errorf("requests %v", methods)
		}
		if err.Status != 0 || !strings.Contains(err.Error(), "got no response") {
			t.Error(err)
		}
	})
}

// A certificate that is not trusted is not trusted at the next attempt either.
func TestUntrustedCertificate(t *testing.T) {
	for _, operation := range []string{"list", "create"} {
		synctest.Test(t, func(t *testing.T) {
			server, transport := newServer(t, http.NotFound)
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.StartTLS()
			client := newClient(t, Config{MaxRetries: 2, BaseURL: server.URL, Transport: transport})
			err := asError(t, run(t.Context(), client, operation))
			if err.Attempts != 1 || !strings.Contains(err.Error(), "certificate") {
				t.Errorf("%s: %v", operation, err)
			}
		})
	}
}

func TestHugeResponse(t *testing.T) {
	api := &fakeAPI{}
	api.failNext("GET", func(*http.Request, func() *http.Response) (*http.Response, error) {
		response := respond(200, "")
		response.Body = io.NopCloser(zeros{})
		return response, nil
	})
	err := run(t.Context(), api.newClient(t), "list")
	if err == nil || !strings.Contains(err.Error(), "larger than 64 MiB") || len(api.takeRequests()) != 1 {
		t.Errorf("got %v", err)
	}
}

// zeros is a reader that never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestConnectionsAreReused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const concurrency = 20
		server, transport := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
			sleep(t, time.Second) // until all requests are there
			fmt.Fprint(w, `{"data": []}`)
		})
		var connections atomic.Int32
		server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				connections.Add(1)
			}
		}
		server.Start()
		client := newClient(t, Config{BaseURL: server.URL, Transport: transport})
		for range 5 {
			runConcurrently(concurrency, func(int) { mustRun(t, client, "list secrets") })
		}
		if n := connections.Load(); n != concurrency {
			t.Errorf("%d connections for %d requests at a time", n, concurrency)
		}
	})
}

// The deadline of a caller is not the timeout of an attempt: there is no retry.
func TestDeadlineOfCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var requests atomic.Int32
		client := newServedClient(t, func(_ http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			<-r.Context().Done()
		})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		err := asError(t, run(ctx, client, "list secrets"))
		if !errors.Is(err, context.DeadlineExceeded) || requests.Load() != 1 {
			t.Errorf("%d requests: %v", requests.Load(), err)
		}
	})
}

// An HTTP/2 connection that dies without notice is found by a ping, and is not used
// for the next attempt after a timeout.
func TestDeadConnection(t *testing.T) {
	tests := map[string]struct {
		timeout time.Duration // of an attempt
		atMost  time.Duration // for a request after the connection died
	}{
		"ping":    {30 * time.Second, pingAfter + pingTimeout + time.Second},
		"timeout": {2 * time.Second, 3 * time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, transport := newServer(t, func(w http.ResponseWriter, r *http.Request) {
					if r.ProtoMajor != 2 {
						t.Errorf("it is %s", r.Proto)
					}
					fmt.Fprint(w, "[]")
				})
				server.EnableHTTP2 = true
				server.StartTLS()
				roots := x509.NewCertPool()
				roots.AddCert(server.Certificate())
				transport.TLSClientConfig = &tls.Config{RootCAs: roots, ServerName: "example.com"}
				var last *mortalConn
				dial := transport.DialContext
				transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
					conn, err := dial(ctx, network, address)
					last = &mortalConn{Conn: conn}
					return last, err
				}
				client := newClient(t, Config{
					MaxRetries: 1, BaseURL: server.URL, Transport: transport, RequestTimeout: test.timeout,
				})
				mustRun(t, client, "list")
				last.dead.Store(true)
				start := time.Now()
				client.cache.beginWrite("").end(nil) // The list is requested again.
				mustRun(t, client, "list")
				if took := time.Since(start); took > test.atMost {
					t.Errorf("took %v", took)
				}
				transport.CloseIdleConnections()
			})
		})
	}
}

func TestDefaultTransport(t *testing.T) {
	transport := newTransport()
	if transport.Proxy == nil {
		t.Error("it does not use the proxy of the environment")
	}
	if transport.TLSClientConfig != nil && transport.TLSClientConfig.RootCAs != nil {
		t.Error("it does not trust the certificates of the system")
	}
}
