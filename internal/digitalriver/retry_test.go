package digitalriver

import (
	"context"
	"errors"
	"math"
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
		"408": status(408), "429": status(429), "429 with Retry-After": status(429, "Retry-After", "3"),
		"500": status(500), "502": status(502), "503 with Retry-After": status(503, "Retry-After", "2"),
		"503 as HTML": html503, "200 as HTML": html200, "504": status(504),
		"reset before": resetBefore, "reset after": resetAfter, "no connection": noConnection,
		"hang": hang, "truncated": truncate, "cut off": cut,
	}
	operations := map[string]string{
		"create": http.MethodPost, "read": http.MethodGet, "list": http.MethodGet, "update": http.MethodPatch,
		"delete": http.MethodDelete, "rotate": http.MethodPost, "reveal": http.MethodGet,
	}
	for operation, method := range operations {
		for name, fault := range faults {
			t.Run(operation+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					api := &fakeAPI{}
					api.fill(1)
					api.fail(method, fault)
					err := do(t.Context(), api.connect(t), operation)
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
			"create": http.MethodPost, "list": http.MethodGet, "update": http.MethodPatch, "reveal": http.MethodGet,
		} {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{}
				api.fill(1)
				api.fail(method, status(code, "Location", "https://elsewhere.example"))
				err := asError(t, do(t.Context(), api.connect(t), operation))
				if err.Status != code || err.Attempts != 1 || len(api.log()) != 1 {
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
			api.fill(1)
			api.fail(http.MethodPost, hang, hang, hang, hang, hang)
			err := asError(t, do(t.Context(), api.connect(t), operation))
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
		"read": {"read", "GET", status(500), []string{"GET /webhooks/w1", "GET /webhooks/w1", "GET /webhooks/w1"}},
		"create refused by the gate": {"create", "POST", status(429),
			[]string{"POST /webhooks", "POST /webhooks", "POST /webhooks"}},
		"create without connection": {"create", "POST", noConnection,
			[]string{"POST /webhooks", "POST /webhooks", "POST /webhooks"}},
		"create lost": {"create", "POST", status(500),
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
				api.fill(1)
				api.fail(test.method, test.fault, test.fault, test.fault, test.fault)
				client := api.connect(t, func(c *Config) { c.MaxRetries = 2 })
				err := asError(t, do(t.Context(), client, test.operation))
				requests := api.log()
				if err.Attempts != len(requests) {
					t.Errorf("%d attempts in %v", err.Attempts, err)
				}
				seen := make(map[string]bool)
				var names []string
				for _, request := range requests {
					names = append(names, request.String())
					if request.UpstreamID == "" || seen[request.UpstreamID] {
						t.Errorf("upstream-id %q is not fresh", request.UpstreamID)
					}
					seen[request.UpstreamID] = true
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
		api.fill(1)
		client := api.connect(t, func(c *Config) { c.MaxRetries = 1 })
		api.fail("GET", page404)
		if err := do(t.Context(), client, "read"); err != nil {
			t.Error(err)
		}
		api.fail("GET", page404, page404)
		if err := do(t.Context(), client, "reveal"); err == nil || IsNotFound(err) {
			t.Errorf("got %v", err)
		}
		api.fail("DELETE", page404, page404)
		if err := do(t.Context(), client, "delete"); err == nil {
			t.Error("a webhook that is there counts as deleted")
		}
	})
}

func TestBackoffGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		for range 9 {
			api.fail("GET", status(500))
		}
		client := api.connect(t, func(c *Config) { c.MaxRetries = 8 })
		if err := do(t.Context(), client, "list"); err == nil {
			t.Fatal("no error")
		}
		requests := api.log()
		for i, least := range []time.Duration{250, 500, 1000, 2000, 4000, 8000, 8000, 8000} {
			least *= time.Millisecond
			most := min(least*5/4, maxBackoff)
			if waited := requests[i+1].At - requests[i].At; waited < least || waited > most+time.Millisecond {
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
		"seconds":           {status(429, "Retry-After", "3600"), "1h0m0s"},
		"an unavailability": {status(503, "Retry-After", "3600"), "1h0m0s"},
		"a date":            {status(429, "Retry-After", "Sat, 01 Jan 2000 02:00:00 GMT"), "2h0m0s"},
		"beyond all":        {status(429, "Retry-After", "99999999999999999999999"), "8760h0m0s"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{}
				api.fail("GET", test.fault)
				err := asError(t, do(t.Context(), api.connect(t), "list"))
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
		api.fail("GET", status(429, "Retry-After", "20"))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		err := do(ctx, api.connect(t), "reveal")
		if err == nil || errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "20s") {
			t.Errorf("got %v", err)
		}
	})
}

// A create that the API refuses for long may have been carried out all the same.
func TestLostWithLongRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.fail("POST", func(_ *http.Request, do func() *http.Response) (*http.Response, error) {
			do()
			return refuse(503, "down", "later", "Retry-After", "3600"), nil
		})
		if err := do(t.Context(), api.connect(t), "create"); err != nil {
			t.Error(err)
		}
		if len(api.webhooks) != 1 {
			t.Errorf("%d webhooks", len(api.webhooks))
		}
	})
}

func TestRetryAfterOfUnavailability(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.fill(1)
		api.fail("GET", status(503, "Retry-After", "20"))
		client := api.connect(t)
		finished := make(chan error)
		go func() { finished <- do(t.Context(), client, "reveal") }()
		synctest.Wait()
		if err := do(t.Context(), client, "update"); err != nil || time.Since(bubbleStart) > time.Second {
			t.Errorf("another operation waited too: %v", err)
		}
		if err := <-finished; err != nil {
			t.Error(err)
		}
		requests := api.log()
		if waited := requests[len(requests)-1].At; waited < 20*time.Second || waited > 21*time.Second+time.Millisecond {
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
		"backoff":       {"list", "GET", status(500), 0},
		"retry after":   {"list", "GET", status(503, "Retry-After", "20"), 0},
		"gate":          {"list", "GET", status(429, "Retry-After", "20"), 0},
		"answer":        {"list", "GET", hang, 0},
		"lost create":   {"create", "POST", resetBefore, 0},
		"limiter":       {"update", "PATCH", status(500), 0.01},
		"hanging patch": {"update", "PATCH", hang, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{}
				api.fill(1)
				api.fail(test.method, test.fault)
				client := api.connect(t, func(c *Config) { c.RequestsPerSecond = test.limit })
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(100*time.Millisecond, cancel)
				err := do(ctx, client, test.operation)
				if took := time.Since(bubbleStart); took != 100*time.Millisecond || !errors.Is(err, context.Canceled) {
					t.Errorf("after %v: %v", took, err)
				}
				_ = asError(t, err)
			})
		})
	}
}

// A POST on its way may still be answered for a moment after Ctrl-C, so that
// state knows what it created.
func TestCancelledCreateIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{latency: 500 * time.Millisecond}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		if err := do(ctx, api.connect(t), "create"); err != nil || len(api.webhooks) != 1 {
			t.Errorf("%v, %d webhooks", err, len(api.webhooks))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.fail("POST", hang)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		err := do(ctx, api.connect(t), "create")
		if took := time.Since(bubbleStart); took != 100*time.Millisecond+interruptGrace || !errors.Is(err, context.Canceled) {
			t.Errorf("after %v: %v", took, err)
		}
		if !strings.Contains(err.Error(), "not known whether") {
			t.Errorf("%v does not say what is not known", err)
		}
	})
}

// Each attempt has the whole timeout.
func TestTimeoutIsPerAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.fail("GET", hang, hang, hang)
		if err := do(t.Context(), api.connect(t), "list"); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(bubbleStart); took < 3*DefaultRequestTimeout || took > 3*DefaultRequestTimeout+3*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestNoRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.fail("GET", status(500))
		err := do(t.Context(), api.connect(t, func(c *Config) { c.MaxRetries = 0 }), "list")
		if asError(t, err).Attempts != 1 || time.Since(bubbleStart) > 0 {
			t.Errorf("after %v: %v", time.Since(bubbleStart), err)
		}
	})
}

func TestParseRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := map[string]time.Duration{
		"":                                 0,
		"0":                                0,
		"7":                                7 * time.Second,
		" 7 ":                              7 * time.Second,
		"007":                              7 * time.Second,
		"31536000":                         maxRetryAfter,
		"31536001":                         maxRetryAfter,
		"9223372036854775807":              maxRetryAfter,
		"9223372036854775808":              maxRetryAfter,
		"99999999999999999999999999":       maxRetryAfter,
		"-7":                               0,
		"+7":                               0,
		"7.5":                              0,
		"7s":                               0,
		"1e9":                              0,
		"soon":                             0,
		"Fri, 02 Jan 2026 03:04:25 GMT":    20 * time.Second,
		"Friday, 02-Jan-26 03:04:25 GMT":   20 * time.Second,
		"Fri Jan  2 03:04:25 2026":         20 * time.Second,
		"Fri, 02 Jan 2026 03:04:04 GMT":    0,
		"Fri, 31 Dec 9999 23:59:59 GMT":    maxRetryAfter,
		"Fri, 02 Jan 2026 25:61:61 GMT":    0,
		"Mon, 01 Jan 0001 00:00:00 GMT":    0,
		"\x00":                             0,
		strings.Repeat("9", math.MaxInt16): maxRetryAfter,
	}
	for value, want := range tests {
		if got := parseRetryAfter(value, now); got != want {
			t.Errorf("%.40q is %v, want %v", value, got, want)
		}
	}
}

func FuzzParseRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "7", "-1", "99999999999999999999", "Fri, 02 Jan 2026 03:04:25 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "soon"} {
		f.Add(seed, int64(1767323045))
	}
	f.Fuzz(func(t *testing.T, value string, now int64) {
		if got := parseRetryAfter(value, time.Unix(now, 0)); got < 0 || got > maxRetryAfter {
			t.Errorf("%q is %v", value, got)
		}
	})
}
