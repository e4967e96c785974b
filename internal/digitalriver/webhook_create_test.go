package digitalriver

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
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
				sleep(t, time.Minute)
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

// Without a Date header, the clocks may differ by clockTolerance.
func TestLostCreateWithoutDate(t *testing.T) {
	for behind, want := range map[time.Duration]int{clockTolerance: 1, clockTolerance + time.Millisecond: 2} {
		synctest.Test(t, func(t *testing.T) {
			api := &fakeAPI{}
			api.failNext("POST", func(_ *http.Request, carryOut func() *http.Response) (*http.Response, error) {
				carryOut()
				api.webhooks[0]["createdTime"] = time.Now().Add(-behind)
				return nil, errors.New("lost")
			})
			api.failNext("GET", func(_ *http.Request, carryOut func() *http.Response) (*http.Response, error) {
				response := carryOut()
				response.Header.Del("Date")
				return response, nil
			})
			if err := run(t.Context(), api.newClient(t), "create"); err != nil || len(api.webhooks) != want {
				t.Errorf("%v behind: %v, %d webhooks", behind, err, len(api.webhooks))
			}
		})
	}
}

// shiftedClock is ahead of the bubble's clock, which is the API's.
type shiftedClock struct {
	SystemClock
	by time.Duration
}

func (c shiftedClock) Now() time.Time { return time.Now().Add(c.by) }

func TestLostCreateWithSeveralMatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.failNext("POST", func(req *http.Request, carryOut func() *http.Response) (*http.Response, error) {
			carryOut()
			api.add(map[string]any{"types": newWebhook().Types, "address": newWebhook().Address})
			return nil, errors.New("lost")
		})
		err := run(t.Context(), api.newClient(t), "create")
		var duplicate *DuplicateError
		if !errors.As(err, &duplicate) || !slices.Equal(duplicate.IDs, []string{"w1", "w2"}) {
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
		if err == nil || !strings.Contains(err.Error(), "create webhook: GET /webhooks returned 403") ||
			!strings.Contains(err.Error(), "not known whether") {
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
