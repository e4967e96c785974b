// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A create whose response is lost never returns a webhook that is not its own.
func TestLostCreateReturnsNoOther(t *testing.T) {
	addIdentical := func(api *fakeAPI) {
		api.add(map[string]any{
			"types":   []string{"order.blocked", "order.accepted", "order.blocked"},
			"address": newWebhook().Address,
		})
	}
	tests := map[string]struct {
		prepare func(t *testing.T, api *fakeAPI, client *Client)
		during  func(api *fakeAPI) // after the POST was sent
		posts   int
		want    string // ID that is returned
	}{
		"there long before": {
			prepare: func(t *testing.T, api *fakeAPI, _ *Client) {
				addIdentical(api)
				sleep(t, 2*clockDoubt)
			},
			posts: 2, want: "w2"},
		"created by this client just before": {
			prepare: func(t *testing.T, _ *fakeAPI, client *Client) { mustRun(t, client, "create") },
			posts:   3, want: "w2"},
		"listed by this client just before": {
			prepare: func(t *testing.T, api *fakeAPI, client *Client) {
				addIdentical(api)
				mustRun(t, client, "list")
			},
			posts: 2, want: "w2"},
		"read by this client just before": {
			prepare: func(t *testing.T, api *fakeAPI, client *Client) {
				addIdentical(api)
				mustRun(t, client, "read")
			},
			posts: 2, want: "w2"},
		"another address": {
			during: func(api *fakeAPI) {
				api.add(map[string]any{"types": newWebhook().Types, "address": "https://other.example"})
			},
			posts: 2, want: "w2"},
		"other types": {
			during: func(api *fakeAPI) {
				api.add(map[string]any{"types": []string{"order.accepted"}, "address": newWebhook().Address})
			},
			posts: 2, want: "w2"},
		"its own, with types in another order": {
			during: addIdentical,
			posts:  1, want: "w1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{}
				client := api.newClient(t)
				if test.prepare != nil {
					test.prepare(t, api, client)
				}
				api.failNext("POST", func(req *http.Request, _ func() *http.Response) (*http.Response, error) {
					if test.during != nil {
						test.during(api)
					}
					return resetBefore(req, nil)
				})
				got, err := client.CreateWebhook(t.Context(), newWebhook())
				if err != nil {
					t.Fatal(err)
				}
				posts := countMethod(api.takeRequests(), "POST")
				if got.ID != test.want || posts != test.posts {
					t.Errorf("got %s after %d requests, want %s after %d", got.ID, posts, test.want, test.posts)
				}
			})
		})
	}
}

// A read during the create, which lists the new webhook, does not hide it.
func TestLostCreateListedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		client := api.newClient(t)
		api.failNext("POST", func(req *http.Request, carryOut func() *http.Response) (*http.Response, error) {
			carryOut()
			mustRun(t, client, "list")
			return nil, errors.New("lost")
		})
		if err := run(t.Context(), client, "create"); err != nil || len(api.webhooks) != 1 {
			t.Errorf("%v, %d webhooks", err, len(api.webhooks))
		}
	})
}

// The clocks may differ: the Date header shows the API's.
func TestLostCreateWithSkew(t *testing.T) {
	for _, skew := range []time.Duration{-time.Hour, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			api := &fakeAPI{}
			client := api.newClient(t, func(c *Config) { c.Clock = shiftedClock{by: skew} })
			api.add(map[string]any{"types": newWebhook().Types, "address": newWebhook().Address})
			sleep(t, 10*time.Second)
			api.failNext("POST", resetAfter)
			got, err := client.CreateWebhook(t.Context(), newWebhook())
			if err != nil || got.ID != "w2" || len(api.webhooks) != 2 {
				t.Errorf("clock off by %v: %v, %v, %d webhooks", skew, got, err, len(api.webhooks))
			}
		})
	}
}

// The clocks of the Date header and of createdTime need not be the same. A webhook
// that was created shortly before the create began may be its result: there is no
// second attempt. It certainly is if it was missing in the list before.
func TestLostCreateWithEarlyCreatedTime(t *testing.T) {
	tests := []struct {
		early     time.Duration
		listed    bool // whether the list was read before
		uncertain bool
		webhooks  int
	}{
		{2 * time.Second, false, false, 1},
		{2001 * time.Millisecond, false, true, 1},
		{3 * time.Second, false, true, 1},
		{time.Minute, false, false, 2},
		{3 * time.Second, true, false, 1},
		{59 * time.Second, true, false, 1},
		{time.Hour, true, true, 1},
	}
	for _, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			api := &fakeAPI{}
			client := api.newClient(t)
			if test.listed {
				mustRun(t, client, "list")
			}
			api.failNext("POST", func(_ *http.Request, carryOut func() *http.Response) (*http.Response, error) {
				carryOut()
				api.webhooks[0]["createdTime"] = time.Now().Add(-test.early)
				return nil, errors.New("lost")
			})
			withoutDate := func(_ *http.Request, carryOut func() *http.Response) (*http.Response, error) {
				response := carryOut()
				response.Header.Del("Date")
				return response, nil
			}
			api.failNext("GET", withoutDate)
			err := run(t.Context(), client, "create")
			var uncertain *UncertainError
			if errors.As(err, &uncertain) != test.uncertain || err != nil && !test.uncertain {
				t.Errorf("%+v: %v", test, err)
			}
			if len(api.webhooks) != test.webhooks || test.uncertain && !slices.Equal(uncertain.IDs, []string{"w1"}) {
				t.Errorf("%+v: %d webhooks, %v", test, len(api.webhooks), err)
			}
		})
	}
}

// A list without createdTime does not show whether a webhook is the result.
func TestLostCreateWithoutCreatedTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.failNext("POST", func(_ *http.Request, carryOut func() *http.Response) (*http.Response, error) {
			carryOut()
			delete(api.webhooks[0], "createdTime")
			return nil, errors.New("lost")
		})
		var uncertain *UncertainError
		err := run(t.Context(), api.newClient(t), "create")
		if !errors.As(err, &uncertain) || len(api.webhooks) != 1 {
			t.Errorf("%v, %d webhooks", err, len(api.webhooks))
		}
	})
}

// The API may return an address in another form than it was sent.
func TestLostCreateWithNormalizedAddress(t *testing.T) {
	for sent, stored := range map[string]string{
		"https://EXAMPLE.com/Hook":     "https://example.com/Hook",
		"https://example.com":          "https://example.com/",
		"https://example.com/hook/":    "https://example.com/hook",
		"https://example.com:443/hook": "https://example.com/hook",
		"http://example.com:80/?a=b":   "http://example.com?a=b",
	} {
		synctest.Test(t, func(t *testing.T) {
			api := &fakeAPI{}
			api.failNext("POST", func(_ *http.Request, carryOut func() *http.Response) (*http.Response, error) {
				carryOut()
				api.webhooks[0]["address"] = stored
				return nil, errors.New("lost")
			})
			webhook := newWebhook()
			webhook.Address = sent
			created, err := api.newClient(t).CreateWebhook(t.Context(), webhook)
			if err != nil || created.ID != "w1" || len(api.webhooks) != 1 {
				t.Errorf("%s as %s: %v, %d webhooks", sent, stored, err, len(api.webhooks))
			}
		})
	}
	if normalAddress("https://example.com/a") == normalAddress("https://example.com/A") {
		t.Error("paths are compared without regard to case")
	}
}

// A list that may be cut off shows that there is no new webhook only if the newest
// come first.
func TestLostCreateWithListThatIsCutOff(t *testing.T) {
	tests := map[string]struct {
		newestFirst bool
		fault       fault
		uncertain   bool
		webhooks    int
	}{
		"newest first, lost":            {true, resetAfter, false, 107},
		"newest first, not carried out": {true, resetBefore, false, 107},
		"oldest first, lost":            {false, resetAfter, true, 107},
		"oldest first, not carried out": {false, resetBefore, true, 106},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{reading: reading{listing: listCapped, newestFirst: test.newestFirst}}
				for range 106 {
					api.addWebhooks(1)
					sleep(t, time.Minute)
				}
				api.failNext("POST", test.fault)
				err := run(t.Context(), api.newClient(t), "create")
				var uncertain *UncertainError
				if errors.As(err, &uncertain) != test.uncertain || err != nil && !test.uncertain {
					t.Errorf("got %v", err)
				}
				if len(api.webhooks) != test.webhooks {
					t.Errorf("%d webhooks, want %d", len(api.webhooks), test.webhooks)
				}
				if test.uncertain && (!strings.Contains(err.Error(), "cut off") || asError(t, err).UpstreamID == "") {
					t.Errorf("%v does not say why, or which request it was", err)
				}
			})
		})
	}
}

func TestShowsAllSince(t *testing.T) {
	list := func(complete bool, minutes ...int) *webhookList {
		var webhooks []*Webhook
		for _, minute := range minutes {
			webhooks = append(webhooks, &Webhook{CreatedTime: bubbleStart.Add(time.Duration(minute) * time.Minute)})
		}
		return newWebhookList(webhooks, complete)
	}
	tests := map[string]struct {
		list *webhookList
		want bool
	}{
		"complete":                {list(true, 3, 9), true},
		"newest first":            {list(false, 9, 7, 7, 3), true},
		"not far enough":          {list(false, 9, 7, 5), false},
		"oldest first":            {list(false, 1, 2, 3), false},
		"in no order":             {list(false, 9, 1, 3), false},
		"all at the same time":    {list(false, 1, 1, 1), false},
		"without times":           {newWebhookList([]*Webhook{{}, {}}, false), false},
		"the last without a time": {newWebhookList([]*Webhook{{CreatedTime: bubbleStart}, {}}, false), false},
		"empty":                   {list(false), false},
	}
	for name, test := range tests {
		if got := test.list.showsAllSince(bubbleStart.Add(5 * time.Minute)); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// An API or a gateway that times out may carry the request out a little later.
func TestLateCreate(t *testing.T) {
	faults := map[string]func(late func()) fault{
		"504":     func(late func()) fault { return afterwards(late, failWith(504)) },
		"timeout": func(late func()) fault { return afterwards(late, hang) },
	}
	for name, newFault := range faults {
		for delay, wantUncertain := range map[time.Duration]bool{time.Second: false, 8 * time.Second: true} {
			t.Run(name+"/"+delay.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					api := &fakeAPI{}
					client := api.newClient(t, func(c *Config) { c.RequestTimeout = 10 * time.Second })
					commit := func() {
						api.after(delay, func() {
							api.add(map[string]any{"types": newWebhook().Types, "address": newWebhook().Address})
						})
					}
					api.failNext("POST", newFault(commit), func(
						_ *http.Request, carryOut func() *http.Response,
					) (*http.Response, error) {
						response := carryOut()
						sleep(t, 5*time.Second)
						return response, nil
					})
					created, err := client.CreateWebhook(t.Context(), newWebhook())
					if !wantUncertain {
						if err != nil || len(api.webhooks) != 1 {
							t.Errorf("%v, %d webhooks", err, len(api.webhooks))
						}
						return
					}
					var uncertain *UncertainError
					if !errors.As(err, &uncertain) || created == nil || len(uncertain.IDs) != 2 || uncertain.IDs[0] != created.ID {
						t.Fatalf("got %v, %v", created, err)
					}
					if !strings.Contains(err.Error(), "more than once") || !strings.Contains(err.Error(), "w1") {
						t.Errorf("got %v", err)
					}
					checkListed(t, client, api)
				})
			})
		}
	}
}

// If the retries run out, or the API refuses the repetition, an earlier attempt may
// still have been carried out.
func TestLostCreateWithoutSuccess(t *testing.T) {
	tests := map[string][]fault{
		"all fail":         {failWith(500), resetBefore, failWith(502)},
		"refused later":    {failWith(500), failWith(403)},
		"rate limit":       {failWith(500), failWith(429), failWith(429)},
		"unavailable":      {failWith(503, "Retry-After", "99999")},
		"long pause later": {failWith(500), failWith(429, "Retry-After", "99999")},
	}
	for name, faults := range tests {
		for _, operation := range []string{"create", "rotate"} {
			t.Run(operation+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					api := &fakeAPI{}
					api.addWebhooks(1)
					api.failNext("POST", faults...)
					client := api.newClient(t, func(c *Config) { c.MaxRetries = 2 })
					err := run(t.Context(), client, operation)
					var uncertain *UncertainError
					if !errors.As(err, &uncertain) || len(uncertain.IDs) != 0 ||
						!strings.Contains(err.Error(), "not known whether") {
						t.Errorf("got %v", err)
					}
				})
			})
		}
	}
}

// The look-up after a repeated create may fail. What it made is returned.
func TestRepeatedCreateIsNotLookedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.failNext("POST", resetBefore)
		api.failNext("GET", noFault, failWith(403))
		created, err := api.newClient(t).CreateWebhook(t.Context(), newWebhook())
		var uncertain *UncertainError
		if !errors.As(err, &uncertain) || created == nil || !slices.Equal(uncertain.IDs, []string{created.ID}) {
			t.Fatalf("got %v, %v", created, err)
		}
		if !strings.Contains(err.Error(), "whether an earlier attempt made another") {
			t.Errorf("got %v", err)
		}
	})
}

func TestLostCreateWithSeveralMatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.failNext("POST", func(req *http.Request, carryOut func() *http.Response) (*http.Response, error) {
			carryOut()
			api.add(map[string]any{"types": newWebhook().Types, "address": newWebhook().Address})
			return nil, errors.New("lost")
		})
		err := run(t.Context(), api.newClient(t), "create")
		var uncertain *UncertainError
		if !errors.As(err, &uncertain) || !slices.Equal(uncertain.IDs, []string{"w1", "w2"}) {
			t.Fatalf("got %v", err)
		}
		if !strings.Contains(err.Error(), "w1, w2") {
			t.Errorf("%v does not name the IDs", err)
		}
		_ = asError(t, err)
	})
}

func TestLookUpFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.failNext("POST", resetAfter)
		api.failNext("GET", failWith(403))
		err := run(t.Context(), api.newClient(t), "create")
		if err == nil || !strings.Contains(err.Error(), "GET /webhooks returned 403") ||
			!strings.Contains(err.Error(), "not known whether") || strings.Contains(err.Error(), "; ;") {
			t.Errorf("got %v", err)
		}
	})
}

// A 503 does not say that the create was not carried out, however long the wait
// that it asks for.
func TestLostCreateWithLongRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.failNext("POST", func(_ *http.Request, carryOut func() *http.Response) (*http.Response, error) {
			carryOut()
			return apiError(503, "down", "later", "Retry-After", "3600"), nil
		})
		mustRun(t, api.newClient(t), "create")
		if len(api.webhooks) != 1 {
			t.Errorf("%d webhooks", len(api.webhooks))
		}
	})
}

// Identical creates at the same time make one webhook each, whatever fails.
func TestIdenticalCreates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{latency: 50 * time.Millisecond}
		client := api.newClient(t)
		api.failNext("POST", resetAfter, halveBody, resetBefore, resetAfter, failWith(503), breakBody)
		var created [5]*Webhook
		runConcurrently(len(created), func(i int) {
			webhook, err := client.CreateWebhook(t.Context(), newWebhook())
			if err != nil {
				t.Error(err)
			}
			created[i] = webhook
		})
		distinct := slices.Compact(slices.Sorted(slices.Values(ids(created[:]))))
		if len(distinct) != len(created) || len(api.webhooks) != len(created) {
			t.Errorf("created %v, the API has %d", distinct, len(api.webhooks))
		}
	})
}

// A 429 says that the create was not carried out.
func TestCreateOverTheRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.failNext("POST", failWith(429, "Retry-After", "1"))
		mustRun(t, api.newClient(t), "create")
		if requests := api.takeRequests(); len(requests) != 2 || len(api.webhooks) != 1 {
			t.Errorf("%v", requests)
		}
	})
}

// A POST that was sent waits for its response a little longer than its context, so
// that what it created reaches state.
func TestInterruptedCreate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{latency: 500 * time.Millisecond}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		if err := run(ctx, api.newClient(t), "create"); err != nil || len(api.webhooks) != 1 {
			t.Errorf("%v, %d webhooks", err, len(api.webhooks))
		}
	})
}

// A create is not sent on a connection that comes only after the interruption.
func TestInterruptedCreateWithoutConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var posts atomic.Int32
		server, transport := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			if body, _ := io.ReadAll(r.Body); len(body) > 0 {
				posts.Add(1)
			}
			w.WriteHeader(201)
			_, _ = io.WriteString(w, `{"id": "w1"}`)
		})
		dial := transport.DialContext
		transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			sleep(t, time.Second)
			return dial(ctx, network, address)
		}
		server.Start()
		client := newClient(t, Config{MaxRetries: 2, BaseURL: server.URL, Transport: transport})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		err := run(ctx, client, "create")
		var uncertain *UncertainError
		if !errors.Is(err, context.Canceled) || errors.As(err, &uncertain) || time.Since(bubbleStart) > time.Second {
			t.Errorf("after %v: %v", time.Since(bubbleStart), err)
		}
		sleep(t, time.Minute)
		if n := posts.Load(); n != 0 {
			t.Errorf("%d requests were sent", n)
		}
	})
}

// The connection may come at the same moment as the interruption.
func TestRequestBodyIsNotReadTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		client := newClient(t, Config{Transport: roundTripFunc(func(req *http.Request) (*http.Response, error) {
			cancel()
			traceConnection(req, true)
			if body, err := io.ReadAll(req.Body); err == nil {
				t.Errorf("%s was sent", body)
			}
			return nil, errors.New("not sent")
		})})
		err := run(ctx, client, "create")
		var uncertain *UncertainError
		if !errors.Is(err, context.Canceled) || errors.As(err, &uncertain) {
			t.Errorf("got %v", err)
		}
	})
}

func TestInterruptedCreateWithoutResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.failNext("POST", hang)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		err := run(ctx, api.newClient(t), "create")
		took := time.Since(bubbleStart)
		if took != 100*time.Millisecond+interruptGrace || !errors.Is(err, context.Canceled) {
			t.Errorf("after %v: %v", took, err)
		}
		if !strings.Contains(err.Error(), "not known whether") {
			t.Errorf("%v does not say that the outcome is unknown", err)
		}
	})
}
