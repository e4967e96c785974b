package digitalriver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Every operation meets every fault once: it succeeds, and the API holds what
// the operation says.
func TestOneFault(t *testing.T) {
	faults := map[string]fault{
		"408": failWith(408), "429": failWith(429), "429 with Retry-After": failWith(429, "Retry-After", "3"),
		"500": failWith(500), "502": failWith(502), "503 with Retry-After": failWith(503, "Retry-After", "2"),
		"503 as HTML": htmlPage(503), "200 as HTML": htmlPage(200), "504": failWith(504),
		"reset before": resetBefore, "reset after": resetAfter, "no connection": refuseConnection,
		"hang": hang, "halveBodyd": halveBody, "cut off": breakBody,
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
					deletedBefore := operation == "delete" && (name == "reset after" || name == "cut off")
					if deletedBefore != IsNotFound(err) || !deletedBefore && err != nil {
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
					if len(api.webhooks) != webhooks || len(api.secrets["w1"]) != secrets {
						t.Errorf("%d webhooks, %d secrets; want %d, %d", len(api.webhooks), len(api.secrets["w1"]), webhooks, secrets)
					}
					if operation == "update" && api.webhooks[0]["enabled"] != false {
						t.Error("not updated")
					}
				})
			})
		}
	}
}

// Statuses that are the API's last word are not retried.
func TestFinalAnswers(t *testing.T) {
	for _, code := range []int{301, 307, 400, 401, 403, 404, 405, 406, 409, 422} {
		for operation, method := range map[string]string{
			"create": http.MethodPost, "list": http.MethodGet, "update": http.MethodPatch, "list secrets": http.MethodGet,
		} {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{}
				api.addWebhooks(1)
				api.failNext(method, failWith(code, "Location", "https://elsewhere.example"))
				err := asError(t, run(t.Context(), api.newClient(t), operation))
				if err.Status != code || err.Attempts != 1 || len(api.takeRequests()) != 1 {
					t.Errorf("%s: %v", operation, err)
				}
				if IsNotFound(err) != (code == 404) {
					t.Errorf("%s: IsNotFound is wrong for %v", operation, err)
				}
			})
		}
	}
}

// Attempts that take all of an operation's time are no wait that the API asked
// for.
func TestTimeoutsAskForNoWait(t *testing.T) {
	for _, operation := range []string{"create", "rotate"} {
		synctest.Test(t, func(t *testing.T) {
			api := &fakeAPI{latency: time.Second}
			api.addWebhooks(1)
			api.failNext(http.MethodPost, hang, hang, hang, hang, hang)
			err := asError(t, run(t.Context(), api.newClient(t), operation))
			if !strings.Contains(err.Error(), "no complete response within") || strings.Contains(err.Error(), "asked to wait") {
				t.Errorf("%s: %v", operation, err)
			}
		})
	}
}

// How often a request is sent to an API that always fails the same way.
func TestRetriesEnd(t *testing.T) {
	tests := map[string]struct {
		operation, method string
		fault             fault
		want              []string
	}{
		"read": {"read", "GET", failWith(500), []string{"GET /webhooks/w1", "GET /webhooks/w1", "GET /webhooks/w1"}},
		"create refused by the gate": {"create", "POST", failWith(429),
			[]string{"POST /webhooks", "POST /webhooks", "POST /webhooks"}},
		"create without connection": {"create", "POST", refuseConnection,
			[]string{"POST /webhooks", "POST /webhooks", "POST /webhooks"}},
		"create lost": {"create", "POST", failWith(500),
			[]string{"POST /webhooks", "GET /webhooks", "POST /webhooks", "GET /webhooks", "POST /webhooks", "GET /webhooks"}},
		"delete": {"delete", "DELETE", hang, []string{"DELETE /webhooks/w1", "DELETE /webhooks/w1", "DELETE /webhooks/w1"}},
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
				var names []string
				for _, request := range requests {
					names = append(names, request.String())
					if request.upstreamID == "" || seen[request.upstreamID] {
						t.Errorf("upstream-id %q is not fresh", request.upstreamID)
					}
					seen[request.upstreamID] = true
				}
				if diff := cmp.Diff(test.want, names); diff != "" {
					t.Error(diff)
				}
				if !seen[err.UpstreamID] || !strings.Contains(err.Error(), err.UpstreamID) {
					t.Errorf("the upstream-id is missing in %v", err)
				}
			})
		})
	}
}

// A proxy's 404 says nothing about the webhook.
func TestForeignNotFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.addWebhooks(1)
		client := api.newClient(t, func(c *Config) { c.MaxRetries = 1 })
		api.failNext("GET", htmlPage(404))
		mustRun(t, client, "read")
		api.failNext("GET", htmlPage(404), htmlPage(404))
		if err := run(t.Context(), client, "list secrets"); err == nil || IsNotFound(err) {
			t.Errorf("got %v", err)
		}
		api.failNext("DELETE", htmlPage(404), htmlPage(404))
		if err := run(t.Context(), client, "delete"); err == nil {
			t.Error("a webhook that is there counts as deleted")
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

func TestRetryAfterOverBudget(t *testing.T) {
	tests := map[string]struct {
		fault fault
		says  string
	}{
		"seconds":           {failWith(429, "Retry-After", "3600"), "1h0m0s"},
		"an unavailability": {failWith(503, "Retry-After", "3600"), "1h0m0s"},
		"a date":            {failWith(429, "Retry-After", "Sat, 01 Jan 2000 02:00:00 GMT"), "2h0m0s"},
		"beyond all":        {failWith(429, "Retry-After", "99999999999999999999999"), "8760h0m0s"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{}
				api.failNext("GET", test.fault)
				err := asError(t, run(t.Context(), api.newClient(t), "list"))
				if took := time.Since(bubbleStart); took > time.Second || !strings.Contains(err.Error(), test.says) {
					t.Errorf("after %v: %v", took, err)
				}
				if err.RetryAfter < time.Hour {
					t.Errorf("RetryAfter is %v", err.RetryAfter)
				}
			})
		})
	}
}

// The context's own deadline is what an operation has left, if it is sooner.
func TestRetryAfterOverDeadline(t *testing.T) {
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

func TestRetryAfterOfUnavailability(t *testing.T) {
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
		if waited := requests[len(requests)-1].at; waited < 20*time.Second || waited > 21*time.Second+time.Millisecond {
			t.Errorf("waited %v", waited)
		}
	})
}

func TestCancellationEndsWaits(t *testing.T) {
	tests := map[string]struct {
		operation, method string
		fault             fault
		limit             float64
	}{
		"backoff":       {"list", "GET", failWith(500), 0},
		"retry after":   {"list", "GET", failWith(503, "Retry-After", "20"), 0},
		"gate":          {"list", "GET", failWith(429, "Retry-After", "20"), 0},
		"answer":        {"list", "GET", hang, 0},
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

// Each attempt has the whole timeout.
func TestTimeoutIsPerAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.failNext("GET", hang, hang, hang)
		mustRun(t, api.newClient(t), "list")
		if took := time.Since(bubbleStart); took < 3*DefaultRequestTimeout || took > 3*DefaultRequestTimeout+3*time.Second {
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

// Time in the queue is not taken from what an operation may take.
func TestQueueIsNotBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.addWebhooks(1)
		client := api.newClient(t, func(c *Config) {
			c.RequestsPerSecond, c.MaxRetries, c.RequestTimeout = 1, 1, 2*time.Second
		})
		api.failNext("GET", noFault, noFault, noFault, noFault, noFault, noFault, noFault, noFault, noFault, failWith(429, "Retry-After", "3"))
		runConcurrently(10, func(int) {
			mustRun(t, client, "list secrets")
		})
	})
}

// A closed gate that outlasts an operation is its error at once, also when
// another operation met it.
func TestGateOutlastsOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.addWebhooks(1)
		client := api.newClient(t)
		api.failNext("PATCH", failWith(429, "Retry-After", "3600"))
		if err := run(t.Context(), client, "update"); err == nil {
			t.Fatal("no error")
		}
		err := asError(t, run(t.Context(), client, "list secrets"))
		if err.Attempts != 0 || err.RetryAfter < 59*time.Minute || !strings.Contains(err.Error(), "was not sent") ||
			!strings.Contains(err.Error(), "asked to wait") {
			t.Errorf("got %v", err)
		}
		if time.Since(bubbleStart) > 0 || len(api.takeRequests()) != 1 {
			t.Error("it waited or sent")
		}
	})
}

func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{latency: 50 * time.Millisecond}
		api.failNext("GET", failWith(503, "Retry-After", "2"), resetBefore)
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
			"API request map[attempt:1 duration_ms:50 method:GET path:/webhooks status:503]",
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
