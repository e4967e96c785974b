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

	"github.com/google/go-cmp/cmp"
)

func TestRequests(t *testing.T) {
	tests := map[string]string{
		"create": "POST /webhooks",
		"read":   "GET /webhooks/w1",
		"list":   "GET /webhooks",
		"update": "PATCH /webhooks/w1",
		"delete": "DELETE /webhooks/w1",
		"reveal": "GET /webhooks/w1/secrets",
	}
	for operation, want := range tests {
		synctest.Test(t, func(t *testing.T) {
			api := &fakeAPI{}
			api.fill(1)
			client := api.connect(t)
			if err := do(t.Context(), client, operation); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{want}, api.names()); diff != "" {
				t.Errorf("%s: %s", operation, diff)
			}
			if wrote := slices.Contains([]string{"create", "update", "delete"}, operation); client.Wrote() != wrote {
				t.Errorf("%s: Wrote is %v", operation, !wrote)
			}
		})
	}
}

func TestNotFound(t *testing.T) {
	for _, operation := range []string{"read", "update", "delete", "rotate", "reveal"} {
		synctest.Test(t, func(t *testing.T) {
			api := &fakeAPI{}
			err := do(t.Context(), api.connect(t), operation)
			if !IsNotFound(err) {
				t.Errorf("%s: %v", operation, err)
			}
			if len(api.log()) != 1 {
				t.Errorf("%s took several requests", operation)
			}
		})
	}
}

func TestWebhookPath(t *testing.T) {
	tests := map[string]string{
		"177ef997-db7f": "/webhooks/177ef997-db7f",
		"a/b":           "/webhooks/a%2Fb",
		"a b?c#d%":      "/webhooks/a%20b%3Fc%23d%25",
		"..":            "/webhooks/%2E%2E",
		".":             "/webhooks/%2E",
		"ü":             "/webhooks/%C3%BC",
	}
	for id, want := range tests {
		if got := webhookPath(id); got != want {
			t.Errorf("%q is %s, want %s", id, got, want)
		}
	}
}

func TestEmptyID(t *testing.T) {
	api := &fakeAPI{}
	client := api.connect(t)
	_, getErr := client.GetWebhook(t.Context(), "")
	_, updateErr := client.UpdateWebhook(t.Context(), "", WebhookPatch{})
	_, secretsErr := client.ListSecrets(t.Context(), "")
	_, rotateErr := client.RotateSecret(t.Context(), "", 0)
	for _, err := range []error{getErr, updateErr, secretsErr, rotateErr, client.DeleteWebhook(t.Context(), "")} {
		if err == nil || !strings.Contains(err.Error(), "ID is empty") {
			t.Errorf("got %v", err)
		}
	}
	if len(api.log()) != 0 {
		t.Error("something was sent")
	}
}

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
				if err := do(t.Context(), client, "create"); err != nil {
					t.Fatal(err)
				}
			},
			posts: 3, want: "w2"},
		"listed by this client just before": {
			prepare: func(t *testing.T, api *fakeAPI, client *Client) {
				api.add(alike(time.Now()))
				if err := do(t.Context(), client, "list"); err != nil {
					t.Fatal(err)
				}
			},
			posts: 2, want: "w2"},
		"read by this client just before": {
			prepare: func(t *testing.T, api *fakeAPI, client *Client) {
				api.add(alike(time.Now()))
				if err := do(t.Context(), client, "read"); err != nil {
					t.Fatal(err)
				}
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
				client := api.connect(t)
				if test.prepare != nil {
					test.prepare(t, api, client)
				}
				api.fail("POST", func(req *http.Request, _ func() *http.Response) (*http.Response, error) {
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
				for _, request := range api.log() {
					if request.Method == "POST" {
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

func sleep(t *testing.T, d time.Duration) {
	t.Helper()
	if err := (SystemClock{}).Sleep(t.Context(), d); err != nil {
		t.Fatal(err)
	}
}

// A list by another read during the create does not hide what it made.
func TestLostCreateListedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		client := api.connect(t)
		api.fail("POST", func(req *http.Request, do func() *http.Response) (*http.Response, error) {
			do()
			if _, err := client.ListWebhooks(t.Context()); err != nil {
				t.Error(err)
			}
			return nil, errors.New("lost")
		})
		if err := do(t.Context(), client, "create"); err != nil || len(api.webhooks) != 1 {
			t.Errorf("%v, %d webhooks", err, len(api.webhooks))
		}
	})
}

// The API's clock may be off: what counts is its own Date.
func TestLostCreateWithSkew(t *testing.T) {
	for _, skew := range []time.Duration{-time.Hour, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			api := &fakeAPI{}
			client := api.connect(t, func(c *Config) { c.Clock = shiftedClock{by: skew} })
			api.add(map[string]any{"types": newWebhook().Types, "address": newWebhook().Address})
			sleep(t, 10*time.Second)
			api.fail("POST", resetAfter)
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
			api.fail("POST", func(_ *http.Request, do func() *http.Response) (*http.Response, error) {
				do()
				api.webhooks[0]["createdTime"] = time.Now().Add(-behind)
				return nil, errors.New("lost")
			})
			api.fail("GET", func(_ *http.Request, do func() *http.Response) (*http.Response, error) {
				response := do()
				response.Header.Del("Date")
				return response, nil
			})
			if err := do(t.Context(), api.connect(t), "create"); err != nil || len(api.webhooks) != want {
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
		api.fail("POST", func(req *http.Request, do func() *http.Response) (*http.Response, error) {
			do()
			api.add(map[string]any{"types": newWebhook().Types, "address": newWebhook().Address})
			return nil, errors.New("lost")
		})
		err := do(t.Context(), api.connect(t), "create")
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
		api.fail("POST", resetAfter)
		api.fail("GET", status(403))
		err := do(t.Context(), api.connect(t), "create")
		if err == nil || !strings.Contains(err.Error(), "create webhook: GET /webhooks returned 403") ||
			!strings.Contains(err.Error(), "not known whether") {
			t.Errorf("got %v", err)
		}
	})
}

// Creates that are alike end with a webhook each, whatever is lost.
func TestAlikeCreates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{latency: 50 * time.Millisecond}
		client := api.connect(t)
		api.fail("POST", resetAfter, truncate, resetBefore, resetAfter, status(503), cut)
		var created [5]*Webhook
		together(len(created), func(i int) {
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

// One webhook is changed one request at a time; several are at once.
func TestOneChangeAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{latency: time.Second}
		api.fill(2)
		client := api.connect(t)
		together(3, func(i int) {
			if err := do(t.Context(), client, []string{"update", "delete", "rotate"}[i]); err != nil && !IsNotFound(err) {
				t.Error(err)
			}
		})
		requests := api.log()
		for i := range requests[1:] {
			if gap := requests[i+1].At - requests[i].At; gap < time.Second {
				t.Errorf("%v came %v after %v", requests[i+1], gap, requests[i])
			}
		}
		start := time.Since(bubbleStart)
		together(2, func(i int) {
			if err := client.DeleteWebhook(t.Context(), []string{"w1", "w2"}[i]); err != nil && !IsNotFound(err) {
				t.Error(err)
			}
		})
		if took := time.Since(bubbleStart) - start; took > time.Second {
			t.Errorf("changes of two webhooks took %v", took)
		}
	})
}

func TestWaitForLockIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{latency: 10 * time.Second}
		api.fill(1)
		client := api.connect(t)
		go func() { _ = do(t.Context(), client, "update") }()
		synctest.Wait()
		for _, operation := range []string{"update", "delete", "rotate"} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if err := do(ctx, client, operation); !errors.Is(asError(t, err), context.DeadlineExceeded) {
				t.Errorf("%s: %v", operation, err)
			}
			cancel()
		}
		sleep(t, time.Minute)
		if requests := api.log(); len(requests) != 1 {
			t.Errorf("%v", requests)
		}
	})
}

func TestPages(t *testing.T) {
	for n, want := range map[int]int{0: 1, 1: 1, 10: 1, 11: 2, 35: 4} {
		synctest.Test(t, func(t *testing.T) {
			api := &fakeAPI{paged: true}
			api.fill(n)
			webhooks, err := api.connect(t).ListWebhooks(t.Context())
			requests := api.names()
			if err != nil || len(webhooks) != n || len(requests) != want {
				t.Errorf("%d of %d webhooks in %v: %v", len(webhooks), n, requests, err)
			}
			if want > 1 && requests[1] != "GET /webhooks?startingAfter=w10&limit=100" {
				t.Errorf("asked on with %s", requests[1])
			}
		})
	}
}

func TestEndlessPages(t *testing.T) {
	for _, body := range []string{`{"data": [{"id": "a"}], "hasMore": true}`, `{"data": [], "hasMore": true}`} {
		synctest.Test(t, func(t *testing.T) {
			api := &fakeAPI{}
			for range 5 {
				api.fail("GET", func(*http.Request, func() *http.Response) (*http.Response, error) {
					return respond(200, body), nil
				})
			}
			err := asError(t, do(t.Context(), api.connect(t), "list"))
			if !strings.Contains(err.Error(), "no new webhook") || len(api.log()) > 2 || err.UpstreamID == "" {
				t.Errorf("got %v", err)
			}
		})
	}
}
