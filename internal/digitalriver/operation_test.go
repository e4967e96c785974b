// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Every operation meets every fault once. It succeeds, and the API has carried it
// out once.
func TestOneFault(t *testing.T) {
	faults := map[string]fault{
		"408": failWith(408), "429": failWith(429), "429 with Retry-After": failWith(429, "Retry-After", "3"),
		"500": failWith(500), "502": failWith(502), "503 with Retry-After": failWith(503, "Retry-After", "2"),
		"503 as HTML": htmlPage(503), "200 as HTML": htmlPage(200), "504": failWith(504),
		"reset before": resetBefore, "reset after": resetAfter, "no connection": refuseConnection,
		"hang": hang, "half a body": halveBody, "broken body": breakBody,
	}
	operations := map[string]string{
		"create": http.MethodPost, "read": http.MethodGet, "list": http.MethodGet, "update": http.MethodPatch,
		"delete": http.MethodDelete, "rotate": http.MethodPost, "list secrets": http.MethodGet,
	}
	for operation, method := range operations {
		for name, fault := range faults {
			t.Run(operation+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					api := &fakeAPI{}
					api.addWebhooks(1)
					api.failNext(method, fault)
					err := run(t.Context(), api.newClient(t), operation)
					// A second DELETE finds nothing.
					gone := operation == "delete" && (name == "reset after" || name == "broken body")
					if gone != IsNotFound(err) || !gone && err != nil {
						t.Fatal(err)
					}
					webhooks, secrets := 1, 1
					switch operation {
					case "create":
						webhooks = 2
					case "delete":
						webhooks = 0
					case "rotate":
						secrets = 2
					}
					if n := len(api.webhooks); n != webhooks {
						t.Errorf("%d webhooks, want %d", n, webhooks)
					}
					if n := len(api.secrets["w1"]); n != secrets {
						t.Errorf("%d secrets, want %d", n, secrets)
					}
					if operation == "update" && api.webhooks[0]["enabled"] != false {
						t.Error("not updated")
					}
				})
			})
		}
	}
}

func TestRefusalIsNotRetried(t *testing.T) {
	methods := map[string]string{
		"create": http.MethodPost, "list": http.MethodGet, "update": http.MethodPatch, "list secrets": http.MethodGet,
	}
	for _, code := range []int{301, 307, 400, 401, 403, 404, 405, 406, 409, 422} {
		for operation, method := range methods {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{}
				api.addWebhooks(1)
				api.failNext(method, failWith(code, "Location", "https://elsewhere.example"))
				err := asError(t, run(t.Context(), api.newClient(t), operation))
				lines := api.takeRequestLines()
				if err.Status != code || err.Attempts != 1 || slices.Contains(lines[1:], lines[0]) {
					t.Errorf("%s: %v after %v", operation, err, lines)
				}
			})
		}
	}
}

// Timeouts may use up the time of an operation. Its error is about them, not about
// a wait that the API asked for.
func TestErrorOfTimeouts(t *testing.T) {
	for _, operation := range []string{"create", "rotate"} {
		synctest.Test(t, func(t *testing.T) {
			api := &fakeAPI{latency: time.Second}
			api.addWebhooks(1)
			api.failNext(http.MethodPost, hang, hang, hang, hang, hang)
			err := asError(t, run(t.Context(), api.newClient(t), operation))
			text := err.Error()
			if !strings.Contains(text, "no complete response within 30s") || strings.Contains(text, "asked to wait") {
				t.Errorf("%s: %v", operation, err)
			}
		})
	}
}

// The requests to an API that always fails in the same way.
func TestExhaustedRetries(t *testing.T) {
	tests := map[string]struct {
		operation, method string
		fault             fault
		want              []string
	}{
		"read": {"read", "GET", failWith(500),
			[]string{"GET /webhooks/w1", "GET /webhooks/w1", "GET /webhooks/w1"}},
		"create over the rate limit": {"create", "POST", failWith(429),
			[]string{"POST /webhooks", "POST /webhooks", "POST /webhooks"}},
		"create without connection": {"create", "POST", refuseConnection,
			[]string{"POST /webhooks", "POST /webhooks", "POST /webhooks"}},
		"create lost": {"create", "POST", failWith(500),
			[]string{
				"POST /webhooks", "GET /webhooks", "POST /webhooks", "GET /webhooks", "POST /webhooks", "GET /webhooks"}},
		"delete": {"delete", "DELETE", hang,
			[]string{"DELETE /webhooks/w1", "DELETE /webhooks/w1", "DELETE /webhooks/w1"}},
		"rotate lost": {"rotate", "POST", resetBefore, []string{"GET /webhooks/w1/secrets",
			"POST /webhooks/w1/secrets", "GET /webhooks/w1/secrets",
			"POST /webhooks/w1/secrets", "GET /webhooks/w1/secrets",
			"POST /webhooks/w1/secrets", "GET /webhooks/w1/secrets"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{}
				api.addWebhooks(1)
				api.failNext(test.method, test.fault, test.fault, test.fault, test.fault)
				client := api.newClient(t, func(c *Config) { c.MaxRetries = 2 })
				err := asError(t, run(t.Context(), client, test.operation))
				requests := api.takeRequests()
				if err.Attempts != len(requests) {
					t.Errorf("%d attempts in %v", err.Attempts, err)
				}
				seen := make(map[string]bool)
				var lines []string
				for _, request := range requests {
					lines = append(lines, request.String())
					if request.upstreamID == "" || seen[request.upstreamID] {
						t.Errorf("upstream-id %q is not unique", request.upstreamID)
					}
					seen[request.upstreamID] = true
				}
				if diff := cmp.Diff(test.want, lines); diff != "" {
					t.Error(diff)
				}
				if !seen[err.UpstreamID] || !strings.Contains(err.Error(), err.UpstreamID) {
					t.Errorf("the upstream-id is missing in %v", err)
				}
			})
		})
	}
}

// A 404 that is not in the API's error format says nothing about the webhook.
func TestNotFoundOfGateway(t *testing.T) {
	bodies := map[string]string{
		"empty":          "",
		"HTML":           "<html><title>404</title>",
		"a router":       `{"message": "no Route matched with those values"}`,
		"problem":        `{"type": "about:blank", "title": "Not Found", "status": 404}`,
		"other errors":   `{"success": false, "errors": [{"code": 7003, "message": "Could not route"}]}`,
		"errors by name": `{"type": "not_found", "errors": {"path": "unknown"}}`,
		"half":           `{"type": "not_found", "errors": [{"code": "not_fo`,
	}
	methods := map[string]string{"read": "GET", "list secrets": "GET", "update": "PATCH", "delete": "DELETE"}
	for name, body := range bodies {
		for operation, method := range methods {
			t.Run(operation+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					api := &fakeAPI{}
					api.addWebhooks(1)
					client := api.newClient(t, func(c *Config) { c.MaxRetries = 1 })
					notFound := respondWith(404, body)
					api.failNext(method, notFound, notFound)
					if err := run(t.Context(), client, operation); err == nil || IsNotFound(err) || len(api.webhooks) != 1 {
						t.Errorf("got %v", err)
					}
					api.failNext(method, notFound)
					mustRun(t, client, operation)
				})
			})
		}
	}
}

// Such a 404 counts if the list shows that there is no such webhook, unless the list
// may be cut off.
func TestNotFoundAndNotListed(t *testing.T) {
	for _, webhooks := range []int{0, maxPage - 1, maxPage} {
		synctest.Test(t, func(t *testing.T) {
			api := &fakeAPI{}
			api.addWebhooks(webhooks)
			client := api.newClient(t, func(c *Config) { c.MaxRetries = 0 })
			api.failNext("GET", respondWith(404, ""))
			_, err := client.GetWebhook(t.Context(), "gone")
			if want := webhooks < maxPage; IsNotFound(err) != want {
				t.Errorf("of %d webhooks: %v", webhooks, err)
			}
		})
	}
}

// A webhook that the list contains is not gone, whatever a 404 says.
func TestNotFoundButListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.addWebhooks(1)
		client := api.newClient(t)
		api.failNext("GET", failWith(404))
		if webhook := mustRead(t, client, 1); webhook == nil || webhook.ID != "w1" {
			t.Errorf("read %v", webhook)
		}
		api.failNext("DELETE", failWith(404))
		err := run(t.Context(), client, "delete")
		if err == nil || IsNotFound(err) || !strings.Contains(err.Error(), "its list still contains it") {
			t.Errorf("delete: %v", err)
		}
		var unavailable *SecretsUnavailableError
		api.failNext("GET", failWith(404), failWith(404))
		if err := run(t.Context(), client, "list secrets"); !errors.As(err, &unavailable) {
			t.Errorf("list secrets: %v", err)
		}
		mustRun(t, client, "delete")
		if err := run(t.Context(), client, "delete"); !IsNotFound(err) {
			t.Errorf("second delete: %v", err)
		}
	})
}

// A key that may not list cannot contradict a 404.
func TestNotFoundWithoutList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.failNext("GET", noFault, failWith(403))
		if err := run(t.Context(), api.newClient(t), "read"); !IsNotFound(err) {
			t.Errorf("got %v", err)
		}
	})
}

func TestBackoffGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		for range 9 {
			api.failNext("GET", failWith(500))
		}
		client := api.newClient(t, func(c *Config) { c.MaxRetries = 8 })
		if err := run(t.Context(), client, "list"); err == nil {
			t.Fatal("no error")
		}
		requests := api.takeRequests()
		for i, least := range []time.Duration{250, 500, 1000, 2000, 4000, 8000, 8000, 8000} {
			least *= time.Millisecond
			most := min(least*5/4, maxBackoff)
			if waited := requests[i+1].at - requests[i].at; waited < least || waited > most+time.Millisecond {
				t.Errorf("retry %d after %v, want %v to %v", i+1, waited, least, most)
			}
		}
	})
}

// A wait that the API asks for is an error at once if it is longer than the
// operation may take.
func TestLongRetryAfter(t *testing.T) {
	tests := map[string]struct {
		fault fault
		want  string
	}{
		"seconds":     {failWith(429, "Retry-After", "3600"), "1h0m0s"},
		"unavailable": {failWith(503, "Retry-After", "3600"), "1h0m0s"},
		"a date":      {failWith(429, "Retry-After", "Sat, 01 Jan 2000 02:00:00 GMT"), "2h0m0s"},
		"overflow":    {failWith(429, "Retry-After", "99999999999999999999999"), "8760h0m0s"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{}
				api.failNext("GET", test.fault)
				err := asError(t, run(t.Context(), api.newClient(t), "list"))
				if took := time.Since(bubbleStart); took > time.Second {
					t.Errorf("it waited %v", took)
				}
				if !strings.Contains(err.Error(), "the API asked to wait "+test.want) {
					t.Errorf("got %v, want it to say %q", err, test.want)
				}
				if err.RetryAfter < time.Hour {
					t.Errorf("RetryAfter is %v", err.RetryAfter)
				}
			})
		})
	}
}

// The deadline of the context counts if it is sooner.
func TestRetryAfterBeyondDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.failNext("GET", failWith(429, "Retry-After", "20"))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		err := run(ctx, api.newClient(t), "list secrets")
		if err == nil || errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "20s") {
			t.Errorf("got %v", err)
		}
	})
}

// A 503 with Retry-After holds back its own operation only.
func TestRetryAfterOfUnavailable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.addWebhooks(1)
		api.failNext("GET", failWith(503, "Retry-After", "20"))
		client := api.newClient(t)
		finished := make(chan error)
		go func() { finished <- run(t.Context(), client, "list secrets") }()
		synctest.Wait()
		if err := run(t.Context(), client, "update"); err != nil || time.Since(bubbleStart) > time.Second {
			t.Errorf("another operation waited too: %v", err)
		}
		if err := <-finished; err != nil {
			t.Error(err)
		}
		requests := api.takeRequests()
		waited := requests[len(requests)-1].at
		if waited < 20*time.Second || waited > 20*time.Second+maxJitter {
			t.Errorf("waited %v", waited)
		}
	})
}

func TestCancelEndsWaits(t *testing.T) {
	tests := map[string]struct {
		operation, method string
		fault             fault
		limit             float64
	}{
		"backoff":       {"list", "GET", failWith(500), 0},
		"retry after":   {"list", "GET", failWith(503, "Retry-After", "20"), 0},
		"pause":         {"list", "GET", failWith(429, "Retry-After", "20"), 0},
		"response":      {"list", "GET", hang, 0},
		"lost create":   {"create", "POST", resetBefore, 0},
		"limiter":       {"update", "PATCH", failWith(500), 0.01},
		"hanging patch": {"update", "PATCH", hang, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{}
				api.addWebhooks(1)
				api.failNext(test.method, test.fault)
				client := api.newClient(t, func(c *Config) { c.RequestsPerSecond = test.limit })
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(100*time.Millisecond, cancel)
				err := run(ctx, client, test.operation)
				if took := time.Since(bubbleStart); took != 100*time.Millisecond || !errors.Is(err, context.Canceled) {
					t.Errorf("after %v: %v", took, err)
				}
				_ = asError(t, err)
			})
		})
	}
}

func TestEachAttemptHasTheWholeTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.failNext("GET", hang, hang, hang)
		mustRun(t, api.newClient(t), "list")
		took := time.Since(bubbleStart)
		if took < 3*DefaultRequestTimeout || took > 3*DefaultRequestTimeout+3*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestNoRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.failNext("GET", failWith(500))
		err := run(t.Context(), api.newClient(t, func(c *Config) { c.MaxRetries = 0 }), "list")
		if asError(t, err).Attempts != 1 || time.Since(bubbleStart) > 0 {
			t.Errorf("after %v: %v", time.Since(bubbleStart), err)
		}
	})
}

// Waiting for the rate limit does not use up the time that the API may ask for.
func TestQueueDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.addWebhooks(1)
		client := api.newClient(t, func(c *Config) {
			c.RequestsPerSecond, c.MaxRetries, c.RequestTimeout = 1, 1, 2*time.Second
		})
		const requests = 10
		for range requests - 1 {
			api.failNext("GET", noFault)
		}
		api.failNext("GET", failWith(429, "Retry-After", "3"))
		runConcurrently(requests, func(int) { mustRun(t, client, "list secrets") })
	})
}

// A timeout of any length does not shorten the time that the API may ask for.
func TestHugeTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		client := api.newClient(t, func(c *Config) { c.RequestTimeout = 1_000_000 * time.Hour })
		api.failNext("GET", failWith(429, "Retry-After", "5"))
		mustRun(t, client, "list")
		api.failNext("GET", failWith(429, "Retry-After", "99999999"))
		if err := run(t.Context(), client, "list secrets"); err == nil {
			t.Error("it waits for years")
		}
	})
}

// A long pause is also an error of operations that did not cause it.
func TestLongPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.addWebhooks(1)
		client := api.newClient(t)
		api.failNext("PATCH", failWith(429, "Retry-After", "3600"))
		if err := run(t.Context(), client, "update"); err == nil {
			t.Fatal("no error")
		}
		err := asError(t, run(t.Context(), client, "list secrets"))
		if err.Attempts != 0 || err.RetryAfter < 59*time.Minute {
			t.Errorf("%d attempts, RetryAfter %v", err.Attempts, err.RetryAfter)
		}
		if text := err.Error(); !strings.Contains(text, "was not sent") || !strings.Contains(text, "asked to wait") {
			t.Errorf("got %v", err)
		}
		if took := time.Since(bubbleStart); took > 0 || len(api.takeRequests()) != 1 {
			t.Errorf("it waited %v, or sent a request", took)
		}
	})
}

func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{latency: 50 * time.Millisecond}
		api.failNext("GET", failWith(503, "Retry-After", "2", "x-dr-requestid", "r-1"), resetBefore)
		var lines []string
		client := api.newClient(t, func(c *Config) {
			c.Log = func(_ context.Context, message string, fields map[string]any) {
				if id, ok := fields["upstream_id"].(string); ok && len(id) != 36 {
					t.Errorf("upstream_id %q", id)
				}
				delete(fields, "upstream_id")
				delete(fields, "wait_ms")
				lines = append(lines, fmt.Sprint(message, " ", fields))
			}
		})
		mustRun(t, client, "list")
		want := []string{
			"API request map[attempt:1 duration_ms:50 method:GET path:/webhooks request_id:r-1 status:503]",
			"waiting as requested by the API map[operation:list webhooks]",
			"API request map[attempt:2 duration_ms:50 error:connection reset by peer method:GET path:/webhooks status:0]",
			"waiting before a retry map[operation:list webhooks]",
			"API request map[attempt:3 duration_ms:50 method:GET path:/webhooks status:200]",
		}
		if diff := cmp.Diff(want, lines); diff != "" {
			t.Error(diff)
		}
	})
}
