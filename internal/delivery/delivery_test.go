// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package delivery

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/signature"
)

func TestEventEncode(t *testing.T) {
	e := Event{
		ID: "1", Type: "order.accepted", Data: Data{Object: []byte(`{"note": "a<b"}`)}, LiveMode: true,
		CreatedTime: FormatTime(time.Date(2026, 1, 2, 4, 4, 5, 60_999_999, time.FixedZone("", 3600))),
		WebhookIDs:  []string{"2"}, DigitalRiverVersion: Version,
	}
	const want = `{"id":"1","type":"order.accepted","data":{"object":{"note":"a<b"}},"liveMode":true,` +
		`"createdTime":"2026-01-02T03:04:05.060Z","webhookIds":["2"],"digitalriverVersion":"2021-12-13"}`
	if got, err := e.Encode(); err != nil || string(got) != want {
		t.Errorf("Encode() = %s, %v; want %s", got, err, want)
	}
	e.Data.PreviousAttributes = []byte(`{"note": null}`)
	const changed = `"data":{"object":{"note":"a<b"},"previousAttributes":{"note":null}},`
	if got, err := e.Encode(); err != nil || !strings.Contains(string(got), changed) {
		t.Errorf("Encode() = %s, %v; want %s", got, err, changed)
	}
	e.Data.Object = []byte("{")
	if got, err := e.Encode(); err == nil {
		t.Errorf("Encode() = %s", got)
	}
}

func TestEventEncodeCommerce(t *testing.T) {
	tests := []struct{ name, object, ids string }{
		{"subscription", `{"id":"9","siteId":"shop"}`,
			`"clientIds":{"site_id":"shop"},"searchableData":{"subscriptionId":"9"}`},
		{"action", `{"action":{},"subscription":{"id":"9","siteId":"shop"}}`,
			`"clientIds":{"site_id":"shop"},"searchableData":{"subscriptionId":"9"}`},
		{"order", `{"id":"1","orderId":"7","siteId":"shop"}`,
			`"clientIds":{"site_id":"shop"},"searchableData":{"orderId":"7"}`},
		{"neither", `{"quantity":0}`, `"clientIds":{"site_id":"sample"},"searchableData":{}`},
		{"other types", `{"id":9,"siteId":null,"subscription":"x"}`,
			`"clientIds":{"site_id":null},"searchableData":{"subscriptionId":9}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := Event{ID: "1", Type: "a.b", Data: Data{Object: []byte(test.object)}, LiveMode: true, Commerce: true}
			want := `{"type":"a.b","data":{"object":` + test.object + `},` + test.ids + `}`
			if got, err := e.Encode(); err != nil || string(got) != want {
				t.Errorf("Encode() = %s, %v; want %s", got, err, want)
			}
		})
	}
	e := Event{Data: Data{Object: []byte("[]")}, Commerce: true}
	if got, err := e.Encode(); err == nil {
		t.Errorf("Encode() = %s", got)
	}
}

// roundTrip is a transport.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// slow is a body that takes a second for each byte.
type slow int

func (s *slow) Read(p []byte) (int, error) {
	if *s == 0 {
		return 0, io.EOF
	}
	time.Sleep(time.Second)
	*s--
	return copy(p, "x"), nil
}

func (s *slow) Close() error { return nil }

func TestSend(t *testing.T) {
	body := func(size int) io.ReadCloser { return io.NopCloser(strings.NewReader(strings.Repeat("x", size))) }
	inTwoSeconds, inFourSeconds := slow(2), slow(4)
	refused := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	quoting := errors.New(`malformed HTTP response "POST /?token=shop"`)
	tests := []struct {
		name         string
		status       int
		body         io.ReadCloser
		failure      error
		want         error
		acknowledged bool
	}{
		{"acknowledged", 202, http.NoBody, nil, nil, true},
		{"refused", 400, http.NoBody, nil, nil, false},
		{"redirected", 302, http.NoBody, nil, nil, false},
		{"longest body", 200, body(MaxResponseBody), nil, nil, true},
		{"body too long", 200, body(MaxResponseBody + 1), nil, ErrTooLong, false},
		{"slow body", 200, &inTwoSeconds, nil, nil, true},
		{"body too slow", 200, &inFourSeconds, nil, ErrTimeout, false},
		{"no connection", 0, nil, refused, refused, false},
		{"cut", 0, nil, fmt.Errorf("broken: %w", io.EOF), io.EOF, false},
		{"repeats the request", 0, nil, quoting, ErrInvalid, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := roundTrip(func(r *http.Request) (*http.Response, error) {
					if user, password, _ := r.BasicAuth(); user != "shop" || password != "hid den" || r.URL.User != nil {
						t.Errorf("%s with %s/%s", r.URL, user, password)
					}
					got, err := io.ReadAll(r.Body)
					if err != nil {
						t.Error(err)
					}
					if err := signature.Verify(r.Header.Get(signature.HeaderName), "whk_2", got, time.Now(), 0); err != nil {
						t.Error(err)
					}
					if test.failure != nil {
						return nil, test.failure
					}
					return &http.Response{
						StatusCode: test.status, Header: http.Header{"Location": {"https://elsewhere"}},
						Body: untilDone{test.body, r},
					}, nil
				})
				request, err := NewRequest(t.Context(), "https://shop:hid%20den@shop.example.com", []byte("{}"), time.Now(),
					"whk_1", "whk_2")
				if err != nil {
					t.Fatal(err)
				}
				r := Send(transport, request, ResponseTimeout)
				if r.Status != test.status || !errors.Is(r.Err, test.want) || r.Acknowledged() != test.acknowledged {
					t.Errorf("%+v", r)
				}
				if r.Redirected() != (test.status == 302) {
					t.Errorf("redirected: %t", r.Redirected())
				}
				if r.Err != nil && strings.Contains(r.Err.Error(), "shop") {
					t.Errorf("the error has the address: %v", r.Err)
				}
			})
		})
	}
}

func TestTiming(t *testing.T) {
	send := func(transport http.RoundTripper, address string) Response {
		request, err := NewRequest(t.Context(), address, []byte("{}"), time.Now(), "whk_1")
		if err != nil {
			t.Fatal(err)
		}
		return Send(transport, request, ResponseTimeout)
	}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "why")
	}))
	defer server.Close()
	r := send(server.Client().Transport, server.URL)
	if p := r.Timing; p.Connect <= 0 || p.TLS <= 0 || p.Wait <= 0 || p.Connect+p.TLS+p.Wait+p.Read > r.Duration {
		t.Errorf("%+v of %s", p, r.Duration)
	}
	if string(r.Body) != "why" {
		t.Errorf("body %q", r.Body)
	}
	synctest.Test(t, func(t *testing.T) {
		r := send(roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}), "https://shop.example.com")
		if (r.Timing != Timing{Connect: ResponseTimeout}) {
			t.Errorf("without a connection: %+v", r.Timing)
		}
	})
}

// untilDone is a body that fails once the request is done, as that of a real
// connection does.
type untilDone struct {
	io.ReadCloser
	request *http.Request
}

func (b untilDone) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if done := b.request.Context().Err(); done != nil {
		return 0, done
	}
	return n, err
}
