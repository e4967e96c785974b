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

// A lost create never takes over a webhook that is not its own.
func TestLostCreateTakesNoOther(t *testing.T) {
	alike := func(at time.Time) map[string]any {
		return map[string]any{"types": []string{"order.blocked", "order.accepted", "order.blocked"},
			"address": "https://example.com/hook", "at": at}
	}
	tests := map[string]struct {
		prepare func(t *testing.T, api *fakeAPI, client *Client)
		during  func(api *fakeAPI) // after the POST, before its answer is lost
		posts   int
		want    string // id that is returned
	}{
		"there long before": {
			prepare: func(t *testing.T, api *fakeAPI, _ *Client) {
				api.add(alike(time.Now()))
				sleep(t, time.Minute)
			},
			posts: 2, want: "w2"},
		"created by this client just before": {
			prepare: func(t *testing.T, api *fakeAPI, client *Client) {
				mustRun(t, client, "create")
			},
			posts: 3, want: "w2"},
		"listed by this client just before": {
			prepare: func(t *testing.T, api *fakeAPI, client *Client) {
				api.add(alike(time.Now()))
				mustRun(t, client, "list")
			},
			posts: 2, want: "w2"},
		"read by this client just before": {
			prepare: func(t *testing.T, api *fakeAPI, client *Client) {
				api.add(alike(time.Now()))
				mustRun(t, client, "read")
			},
			posts: 2, want: "w2"},
		"another address": {
			during: func(api *fakeAPI) {
				api.add(map[string]any{"types": []string{"order.accepted", "order.blocked"}, "address": "https://other.example"})
			},
			posts: 2, want: "w2"},
		"other types": {
			during: func(api *fakeAPI) {
				api.add(map[string]any{"types": []string{"order.accepted"}, "address": "https://example.com/hook"})
			},
			posts: 2, want: "w2"},
		"its own, with types in another order": {
			during: func(api *fakeAPI) { api.add(alike(time.Now())) },
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
				posts := 0
				for _, request := range api.takeRequests() {
					if request.method == "POST" {
						posts++
					}
				}
				if got.ID != test.want || posts != test.posts {
					t.Errorf("got %s after %d posts, want %s after %d", got.ID, posts, test.want, test.posts)
				}
			})
		})
	}
}

// A list by another read during the create does not hide what it made.
func TestLostCreateListedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		client := api.newClient(t)
		api.failNext("POST", func(req *http.Request, carryOut func() *http.Response) (*http.Response, error) {
			carryOut()
			if _, err := client.ListWebhooks(t.Context()); err != nil {
				t.Error(err)
			}
			return nil, errors.New("lost")
		})
		if err := run(t.Context(), client, "create"); err != nil || len(api.webhooks) != 1 {
			t.Errorf("%v, %d webhooks", err, len(api.webhooks))
		}
	})
}

// The API's clock may be off: what counts is its own Date.
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

// Without a Date, the clocks may differ by the margin.
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
			t.Errorf("%v does not name the ids", err)
		}
		_ = asError(t, err)
	})
}

func TestLostCreateThatCannotBeLookedUp(t *testing.T) {
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

// A create that the API refuses for long may have been carried out all the same.
func TestLostWithLongRetryAfter(t *testing.T) {
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

// Creates that are alike end with a webhook each, whatever is lost.
func TestAlikeCreates(t *testing.T) {
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
		distinct := ids(created[:])
		slices.Sort(distinct)
		if len(slices.Compact(distinct)) != 5 || len(api.webhooks) != 5 {
			t.Errorf("created %v, there are %d", distinct, len(api.webhooks))
		}
	})
}

// A create that meets the gate is sent again, and not looked for.
func TestGateAndCreate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.failNext("POST", failWith(429, "Retry-After", "1"))
		mustRun(t, api.newClient(t), "create")
		if requests := api.takeRequests(); len(requests) != 2 || len(api.webhooks) != 1 {
			t.Errorf("%v", requests)
		}
	})
}

// A POST on its way may still be answered for a moment after Ctrl-C, so that
// state knows what it created.
func TestCancelledCreateIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{latency: 500 * time.Millisecond}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		if err := run(ctx, api.newClient(t), "create"); err != nil || len(api.webhooks) != 1 {
			t.Errorf("%v, %d webhooks", err, len(api.webhooks))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.failNext("POST", hang)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		err := run(ctx, api.newClient(t), "create")
		if took := time.Since(bubbleStart); took != 100*time.Millisecond+interruptGrace || !errors.Is(err, context.Canceled) {
			t.Errorf("after %v: %v", took, err)
		}
		if !strings.Contains(err.Error(), "not known whether") {
			t.Errorf("%v does not say what is not known", err)
		}
	})
}
