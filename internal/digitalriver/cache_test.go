// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReadsShareOneList(t *testing.T) {
	tests := map[string]struct {
		act  func(t *testing.T, c *Client)
		want []string
	}{
		"one read": {
			func(t *testing.T, c *Client) { mustRead(t, c, 7) },
			[]string{"GET /webhooks/w7"}},
		"a thousand at once": {
			func(t *testing.T, c *Client) { runConcurrently(1000, func(i int) { mustRead(t, c, i+1) }) },
			[]string{"GET /webhooks"}},
		"one after the other": {
			func(t *testing.T, c *Client) {
				for i := range 1000 {
					mustRead(t, c, i+1)
				}
			},
			[]string{"GET /webhooks/w1", "GET /webhooks"}},
		"the second within the window": {
			func(t *testing.T, c *Client) {
				runConcurrently(2, func(i int) {
					sleep(t, time.Duration(i)*batchWindow/2)
					mustRead(t, c, i+1)
				})
			},
			[]string{"GET /webhooks"}},
		"lists": {
			func(t *testing.T, c *Client) {
				runConcurrently(10, func(int) {
					if webhooks, _, err := c.ListWebhooks(t.Context()); err != nil || len(webhooks) != 1000 {
						t.Errorf("%d webhooks, %v", len(webhooks), err)
					}
				})
				mustRead(t, c, 1)
			},
			[]string{"GET /webhooks"}},
		"a list and a read": {
			func(t *testing.T, c *Client) {
				runConcurrently(2, func(i int) {
					mustRun(t, c, []string{"list", "read"}[i])
				})
			},
			[]string{"GET /webhooks"}},
		"one change among many": {
			func(t *testing.T, c *Client) {
				runConcurrently(1000, func(i int) { mustRead(t, c, i+1) })
				mustRun(t, c, "update")
				runConcurrently(1000, func(i int) { mustRead(t, c, i+1) })
			},
			[]string{"GET /webhooks", "PATCH /webhooks/w1"}},
		"writes and a list": {
			func(t *testing.T, c *Client) {
				mustRun(t, c, "list")
				for _, operation := range []string{"create", "update", "delete", "list"} {
					mustRun(t, c, operation)
				}
				webhooks, _, err := c.ListWebhooks(t.Context())
				if err != nil || len(webhooks) != 1000 || webhooks[999].ID != "w1001" {
					t.Errorf("%d webhooks, %v", len(webhooks), err)
				}
			},
			[]string{"GET /webhooks", "POST /webhooks", "PATCH /webhooks/w1", "DELETE /webhooks/w1"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{latency: 50 * time.Millisecond}
				api.addWebhooks(1000)
				test.act(t, api.newClient(t))
				if diff := cmp.Diff(test.want, api.takeRequestLines()); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// A webhook that the list does not contain may be newer than the list.
func TestReadOfUnlistedWebhook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.addWebhooks(3)
		client := api.newClient(t)
		mustRun(t, client, "list")
		api.addWebhooks(1)
		mustRead(t, client, 4)
		if _, err := client.GetWebhook(t.Context(), "w5"); !IsNotFound(err) {
			t.Errorf("got %v", err)
		}
		want := []string{"GET /webhooks", "GET /webhooks/w4", "GET /webhooks/w5"}
		if diff := cmp.Diff(want, api.takeRequestLines()); diff != "" {
			t.Error(diff)
		}
	})
}

// A list that was requested before a write does not serve reads after the write.
func TestWriteDuringList(t *testing.T) {
	for _, operation := range []string{"create", "update", "delete"} {
		t.Run(operation, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{}
				api.addWebhooks(2)
				client := api.newClient(t)
				api.failNext("GET", func(_ *http.Request, carryOut func() *http.Response) (*http.Response, error) {
					response := carryOut()
					sleep(t, time.Second) // longer than the write takes
					return response, nil
				})
				go func() { _, _, _ = client.ListWebhooks(t.Context()) }()
				synctest.Wait()
				mustRun(t, client, operation)
				for range 2 {
					checkListed(t, client, api)
					sleep(t, time.Minute)
				}
			})
		})
	}
}

// While a write is in progress, its webhook is read from the API, and others from
// the list.
func TestReadDuringWrite(t *testing.T) {
	for operation, method := range map[string]string{"update": "PATCH", "delete": "DELETE"} {
		synctest.Test(t, func(t *testing.T) {
			api := &fakeAPI{}
			api.addWebhooks(2)
			client := api.newClient(t)
			mustRun(t, client, "list")
			api.failNext(method, func(_ *http.Request, carryOut func() *http.Response) (*http.Response, error) {
				response := carryOut()
				sleep(t, time.Second)
				return response, nil
			})
			written := make(chan error)
			go func() { written <- run(t.Context(), client, operation) }()
			synctest.Wait()
			webhook, err := client.GetWebhook(t.Context(), "w1")
			if operation == "delete" && !IsNotFound(err) || operation == "update" && (err != nil || webhook.Enabled) {
				t.Errorf("%s: read %+v, %v", operation, webhook, err)
			}
			checkListed(t, client, api)
			api.takeRequests()
			mustRead(t, client, 2)
			if requests := api.takeRequests(); len(requests) != 0 {
				t.Errorf("%s: the read of another webhook sent %v", operation, requests)
			}
			if err := <-written; err != nil {
				t.Error(err)
			}
		})
	}
}

// A write that fails may have been carried out.
func TestFailedWriteDropsTheList(t *testing.T) {
	for operation, method := range map[string]string{"create": "POST", "update": "PATCH", "delete": "DELETE"} {
		for name, fault := range map[string]fault{"refused": failWith(403), "lost": resetAfter} {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{}
				api.addWebhooks(2)
				client := api.newClient(t, func(c *Config) { c.MaxRetries = 0 })
				mustRun(t, client, "list")
				api.failNext(method, fault)
				err := run(t.Context(), client, operation)
				if err == nil && !(operation == "create" && name == "lost") {
					t.Fatal("no error")
				}
				checkListed(t, client, api)
			})
		}
	}
}

func TestDeleteAndCreateAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.addWebhooks(3)
		client := api.newClient(t)
		for range 3 {
			mustRun(t, client, "list")
			created, err := client.CreateWebhook(t.Context(), newWebhook())
			if err != nil {
				t.Fatal(err)
			}
			if err := client.DeleteWebhook(t.Context(), created.ID); err != nil {
				t.Fatal(err)
			}
			if _, err := client.GetWebhook(t.Context(), created.ID); !IsNotFound(err) {
				t.Errorf("read of a deleted webhook: %v", err)
			}
		}
		checkListed(t, client, api)
	})
}

// The slice that ListWebhooks returns does not change afterwards.
func TestSharedListDoesNotChange(t *testing.T) {
	for _, operation := range []string{"update", "create", "delete"} {
		synctest.Test(t, func(t *testing.T) {
			api := &fakeAPI{}
			api.addWebhooks(3)
			client := api.newClient(t)
			before := mustList(t, client)
			mustRun(t, client, operation)
			if before[2] == nil || !cmp.Equal(ids(before), []string{"w1", "w2", "w3"}) || !before[0].Enabled {
				t.Errorf("%s changed it to %v", operation, before)
			}
		})
	}
}

// A list that was requested during a write does not serve reads after the write.
func TestListDuringWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.addWebhooks(2)
		client := api.newClient(t)
		api.failNext("PATCH", func(_ *http.Request, carryOut func() *http.Response) (*http.Response, error) {
			sleep(t, 2*time.Second)
			return carryOut(), nil
		})
		api.failNext("GET", func(_ *http.Request, carryOut func() *http.Response) (*http.Response, error) {
			response := carryOut()
			sleep(t, 5*time.Second)
			return response, nil
		})
		runConcurrently(2, func(i int) {
			sleep(t, time.Duration(i)*time.Second)
			mustRun(t, client, []string{"update", "list"}[i])
		})
		checkListed(t, client, api)
	})
}

// The first read waits no longer than until the second one begins.
func TestSecondReadEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.addWebhooks(2)
		client := api.newClient(t)
		runConcurrently(2, func(i int) {
			sleep(t, time.Duration(i)*batchWindow/2)
			mustRead(t, client, i+1)
		})
		if took := time.Since(bubbleStart); took != batchWindow/2 {
			t.Errorf("took %v", took)
		}
	})
}

// Each of many writers reads what it wrote, at any time.
func TestReadsSeeOwnWrites(t *testing.T) {
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) {
			const writers = 8
			api := &fakeAPI{latency: 20 * time.Millisecond}
			api.addWebhooks(writers)
			client := api.newClient(t)
			runConcurrently(2*writers, func(i int) {
				random := rand.New(rand.NewPCG(seed, uint64(i)))
				id, enabled := fmt.Sprint("w", i%writers+1), true
				for range 20 {
					sleep(t, time.Duration(random.Int64N(int64(50*time.Millisecond))))
					if i >= writers {
						mustList(t, client)
						continue
					}
					if random.IntN(2) == 0 {
						enabled = !enabled
						_, err := client.UpdateWebhook(t.Context(), id, Webhook{Enabled: enabled}, "enabled")
						if err != nil {
							t.Error(err)
						}
					}
					webhook, err := client.GetWebhook(t.Context(), id)
					if err != nil || webhook.Enabled != enabled {
						t.Errorf("%s: read %+v, wrote %t: %v", id, webhook, enabled, err)
					}
					listed := newWebhookList(mustList(t, client), true).get(id)
					if listed == nil || listed.Enabled != enabled {
						t.Errorf("%s: listed %+v, wrote %t", id, listed, enabled)
					}
				}
			})
			checkListed(t, client, api)
		})
	}
}

// A read that is canceled does not cancel the list that others wait for.
func TestCanceledReadLeavesOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{latency: time.Second}
		api.addWebhooks(2)
		client := api.newClient(t)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		canceled := make(chan error)
		go func() { canceled <- run(ctx, client, "list") }()
		synctest.Wait()
		other := make(chan error)
		go func() { other <- run(t.Context(), client, "list") }()
		err := asError(t, <-canceled)
		if took := time.Since(bubbleStart); !errors.Is(err, context.DeadlineExceeded) || took != 500*time.Millisecond {
			t.Errorf("after %v: %v", took, err)
		}
		if err := <-other; err != nil {
			t.Error(err)
		}
		if requests := api.takeRequests(); len(requests) != 1 {
			t.Errorf("%v", requests)
		}
	})
}

// A fetch ends when no read waits for it any more, and later reads do not join it.
func TestAbandonedFetchEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{latency: time.Second}
		api.addWebhooks(1)
		client := api.newClient(t)
		for range 2 {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			if err := run(ctx, client, "list"); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			cancel()
		}
		mustRun(t, client, "list")
		if len(client.cache.waiters) != 0 {
			t.Error("waiters are left")
		}
	})
}

// A list that is refused, or contains a webhook that cannot be read, does not fail
// the reads of others: each is requested by itself, until the list can be read.
func TestReadsWithoutList(t *testing.T) {
	faults := map[string]fault{
		"refused":           failWith(403),
		"a time, no zone":   respondWith(200, `[{"id": "w1", "createdTime": "2026-01-02T03:04:05"}]`),
		"a number for text": respondWith(200, `{"data": [{"id": "w1", "address": 4711}], "hasMore": false}`),
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{latency: 50 * time.Millisecond}
				api.addWebhooks(9)
				client := api.newClient(t)
				api.failNext("GET", fault)
				runConcurrently(9, func(i int) { mustRead(t, client, i+1) })
				mustRead(t, client, 9)
				if lines := api.takeRequestLines(); len(lines) != 11 || lines[0] != "GET /webhooks" {
					t.Errorf("%v", lines)
				}
				mustRun(t, client, "list")
				runConcurrently(9, func(i int) { mustRead(t, client, i+1) })
				if diff := cmp.Diff([]string{"GET /webhooks"}, api.takeRequestLines()); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// A key that is refused, or an API that is down, is not asked for each webhook.
func TestReadsOfFailingAPI(t *testing.T) {
	for _, status := range []int{401, 500} {
		synctest.Test(t, func(t *testing.T) {
			api := &fakeAPI{latency: 50 * time.Millisecond}
			api.addWebhooks(2)
			client := api.newClient(t, func(c *Config) { c.MaxRetries = 0 })
			api.failNext("GET", failWith(status))
			runConcurrently(2, func(i int) {
				_, err := client.GetWebhook(t.Context(), fmt.Sprint("w", i+1))
				if asError(t, err).Status != status {
					t.Errorf("got %v", err)
				}
			})
			// The error is not cached.
			runConcurrently(2, func(i int) { mustRead(t, client, i+1) })
			if diff := cmp.Diff([]string{"GET /webhooks", "GET /webhooks"}, api.takeRequestLines()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFirstReadIsCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := asError(t, run(ctx, api.newClient(t), "read"))
		if !errors.Is(err, context.Canceled) || len(api.takeRequests()) != 0 {
			t.Errorf("got %v", err)
		}
	})
}

func BenchmarkCachedRead(b *testing.B) {
	page, err := decodePage(listBody(5000, 10))
	if err != nil {
		b.Fatal(err)
	}
	client, err := New(Config{APIKey: testKey})
	if err != nil {
		b.Fatal(err)
	}
	client.cache.store(newWebhookList(page.webhooks, true), 0)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if _, err := client.GetWebhook(b.Context(), page.webhooks[i%5000].ID); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkCacheWrite(b *testing.B) {
	page, err := decodePage(listBody(5000, 10))
	if err != nil {
		b.Fatal(err)
	}
	cache := newCache()
	cache.store(newWebhookList(page.webhooks, true), 0)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		webhook := page.webhooks[i%5000]
		cache.beginWrite(webhook.ID).end(func(l *webhookList) *webhookList { return l.with(webhook) })
	}
}
