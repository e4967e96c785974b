package digitalriver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestBaseURL(t *testing.T) {
	good := map[string]string{
		"https://api.digitalriver.com":   "https://api.digitalriver.com",
		"https://api.digitalriver.com/":  "https://api.digitalriver.com",
		"https://gateway.example/a%2Fb/": "https://gateway.example/a%2Fb",
		"https://10.0.0.1:8443":          "https://10.0.0.1:8443",
		"http://localhost:8787":          "http://localhost:8787",
		"http://LOCALHOST":               "http://LOCALHOST",
		"http://127.0.0.1:8787":          "http://127.0.0.1:8787",
		"http://127.255.255.254":         "http://127.255.255.254",
		"http://[::1]:8787":              "http://[::1]:8787",
	}
	for raw, want := range good {
		if got, err := parseBaseURL(raw); err != nil || got != want {
			t.Errorf("%s is %s, %v", raw, got, err)
		}
	}
	for _, raw := range []string{
		"api.digitalriver.com", "/webhooks", "https://", "https:///path", "https:opaque", "ftp://localhost",
		"http://api.digitalriver.com", "http://10.0.0.1", "http://localhost.example", "http://128.0.0.1",
		"https://user:hunter2@api.digitalriver.com", "https://hunter2@api.digitalriver.com", "http://user:hunter2@elsewhere",
		"https://api.digitalriver.com?hunter2", "https://api.digitalriver.com#hunter2", "https://api.digitalriver.com?",
		"https://api.digitalriver.com/#", "https://user:hunter2@api.digitalriver.com:port", "https://%zz/hunter2", "\x7f://hunter2",
		"https://api.digitalriver.com:99999",
	} {
		_, err := New(Config{BaseURL: raw})
		if err == nil {
			t.Errorf("%q is accepted", raw)
			continue
		}
		if text := err.Error(); !strings.Contains(text, "https") || !strings.Contains(text, "loopback") || strings.Contains(text, "hunter2") {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestAPIKeyWithLineBreak(t *testing.T) {
	if _, err := New(Config{APIKey: testKey + "\n"}); err == nil || strings.Contains(err.Error(), testKey) {
		t.Errorf("got %v", err)
	}
}

// serve returns a client of a real server, and its base URL.
func serve(t *testing.T, handler http.HandlerFunc, change ...func(*Config)) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	transport := newTransport()
	t.Cleanup(transport.CloseIdleConnections)
	config := Config{APIKey: testKey, BaseURL: server.URL, Transport: transport, MaxRetries: 2, Clock: &hurriedClock{}}
	for _, apply := range change {
		apply(&config)
	}
	client, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// hurriedClock does not wait, and says that it did.
type hurriedClock struct{ slept atomic.Int64 }

func (c *hurriedClock) Now() time.Time { return time.Now().Add(time.Duration(c.slept.Load())) }

func (c *hurriedClock) Sleep(ctx context.Context, d time.Duration) error {
	c.slept.Add(int64(max(d, 0)))
	return ctx.Err()
}

func TestHeaders(t *testing.T) {
	var got []http.Header
	var path string
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
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
		t.Error("upstream-id is not fresh")
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
}

func TestOptionalHeadersAreAbsent(t *testing.T) {
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"digitalriver-version", "upstream-application-id"} {
			if _, ok := r.Header[http.CanonicalHeaderKey(name)]; ok {
				t.Errorf("%s is sent", name)
			}
		}
		fmt.Fprint(w, "[]")
	})
	if err := do(t.Context(), client, "list"); err != nil {
		t.Error(err)
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	var elsewhere atomic.Int32
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer target.Close()
	for _, operation := range []string{"create", "read", "list", "update", "delete", "reveal", "rotate"} {
		client := serve(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, target.URL+"/login", http.StatusTemporaryRedirect)
		})
		err := asError(t, do(t.Context(), client, operation))
		if err.Status != 307 || err.Attempts != 1 || !strings.Contains(err.Error(), target.URL+"/login") {
			t.Errorf("%s: %v", operation, err)
		}
	}
	if elsewhere.Load() != 0 {
		t.Error("a redirect was followed")
	}
}

// What a real transport makes of faults of the network. The number of requests
// tells whether the request was taken for one that may have been carried out.
func TestNetworkFaults(t *testing.T) {
	hijack := func(w http.ResponseWriter, partial string) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, partial)
		_ = conn.Close()
	}
	faults := map[string]http.HandlerFunc{
		"connection cut": func(w http.ResponseWriter, _ *http.Request) { hijack(w, "") },
		"header cut":     func(w http.ResponseWriter, _ *http.Request) { hijack(w, "HTTP/1.1 200 OK\r\nCont") },
		"body cut": func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[]")
		},
		"chunks cut": func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n[]")
		},
		"no HTTP":         func(w http.ResponseWriter, _ *http.Request) { hijack(w, "hello\r\n\r\n") },
		"attempt timeout": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"body timeout": func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
	}
	for name, fault := range faults {
		for operation, want := range map[string][]string{
			"list":   {"GET", "GET"},
			"update": {"PATCH", "PATCH"},
			"create": {"POST", "GET", "POST"},
		} {
			t.Run(operation+"/"+name, func(t *testing.T) {
				var mu sync.Mutex
				var methods []string
				client := serve(t, func(w http.ResponseWriter, r *http.Request) {
					// The body must be read for the server to notice that the client is gone.
					_, _ = io.Copy(io.Discard, r.Body)
					mu.Lock()
					methods = append(methods, r.Method)
					first := len(methods) == 1
					mu.Unlock()
					switch {
					case first:
						fault(w, r)
					case r.Method == "GET":
						fmt.Fprint(w, "[]")
					default:
						fmt.Fprint(w, `{"id": "w1"}`)
					}
				}, func(c *Config) { c.RequestTimeout = 200 * time.Millisecond })
				if err := do(t.Context(), client, operation); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				if !slices.Equal(methods, want) {
					t.Errorf("requests %v, want %v", methods, want)
				}
			})
		}
	}
}

// A POST that never got a connection is sent again, and nothing is looked up.
func TestConnectionNeverStood(t *testing.T) {
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + dead.Addr().String()
	_ = dead.Close()
	var methods []string
	client := serve(t, nil, func(c *Config) {
		c.BaseURL = url
		c.Log = func(_ context.Context, _ string, fields map[string]any) {
			if method, ok := fields["method"].(string); ok {
				methods = append(methods, method)
			}
		}
	})
	failure := asError(t, do(t.Context(), client, "create"))
	if !slices.Equal(methods, []string{"POST", "POST", "POST"}) || failure.Status != 0 || !strings.Contains(failure.Error(), "got no response") {
		t.Errorf("%v: %v", methods, failure)
	}
}

// A certificate that is not trusted does not get better by asking again.
func TestUntrustedCertificate(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	client := serve(t, nil, func(c *Config) { c.BaseURL = server.URL })
	for _, operation := range []string{"list", "create"} {
		if err := asError(t, do(t.Context(), client, operation)); err.Attempts != 1 || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%s: %v", operation, err)
		}
	}
}

func TestHugeAnswer(t *testing.T) {
	api := &fakeAPI{}
	api.fail("GET", func(*http.Request, func() *http.Response) (*http.Response, error) {
		response := respond(200, "")
		response.Body = io.NopCloser(zeros{})
		return response, nil
	})
	err := do(t.Context(), api.connect(t), "list")
	if err == nil || !strings.Contains(err.Error(), "larger than 64 MiB") || len(api.log()) != 1 {
		t.Errorf("got %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// Parallel requests use their connections again.
func TestConnectionsAreReused(t *testing.T) {
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"data": []}`) }))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	client := serve(t, nil, func(c *Config) { c.BaseURL = server.URL })
	for range 20 {
		together(20, func(int) {
			if err := do(t.Context(), client, "reveal"); err != nil {
				t.Error(err)
			}
		})
	}
	if n := connections.Load(); n > 60 {
		t.Errorf("%d connections for 20 requests at a time", n)
	}
}

// A caller's own deadline is no attempt timeout.
func TestDeadlineOfCaller(t *testing.T) {
	var requests atomic.Int32
	client := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := do(ctx, client, "reveal"); !errors.Is(asError(t, err), context.DeadlineExceeded) || requests.Load() != 1 {
		t.Errorf("%d requests: %v", requests.Load(), err)
	}
}

func TestDefaults(t *testing.T) {
	client, err := New(Config{APIKey: testKey})
	if err != nil {
		t.Fatal(err)
	}
	if client.baseURL != DefaultBaseURL || client.config.RequestTimeout != DefaultRequestTimeout || client.config.MaxRetries != 0 {
		t.Errorf("%+v", client.config)
	}
	transport := client.config.Transport.(*http.Transport)
	if transport.Proxy == nil || transport.TLSClientConfig != nil && transport.TLSClientConfig.RootCAs != nil || transport.MaxIdleConnsPerHost < 50 {
		t.Error("the transport is not the environment's")
	}
}
