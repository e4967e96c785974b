// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// Changes of one webhook run one after another, those of several at the same time.
func TestChangesOfOneWebhookTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{latency: time.Second}
		api.addWebhooks(3)
		client := api.newClient(t)
		runConcurrently(3, func(i int) {
			err := run(t.Context(), client, []string{"update", "delete", "rotate"}[i])
			if err != nil && !IsNotFound(err) {
				t.Error(err)
			}
		})
		requests := api.takeRequests()
		for i := range requests[1:] {
			if gap := requests[i+1].at - requests[i].at; gap < time.Second {
				t.Errorf("%v was sent %v after %v", requests[i+1], gap, requests[i])
			}
		}
		start := time.Since(bubbleStart)
		runConcurrently(2, func(i int) {
			if err := client.DeleteWebhook(t.Context(), []string{"w2", "w3"}[i]); err != nil {
				t.Error(err)
			}
		})
		if took := time.Since(bubbleStart) - start; took > time.Second {
			t.Errorf("changes of two webhooks took %v", took)
		}
	})
}

func TestWaitForLockIsCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{latency: 10 * time.Second}
		api.addWebhooks(1)
		client := api.newClient(t)
		go func() { _ = run(t.Context(), client, "update") }()
		synctest.Wait()
		for _, operation := range []string{"update", "delete", "rotate"} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if err := run(ctx, client, operation); !errors.Is(asError(t, err), context.DeadlineExceeded) {
				t.Errorf("%s: %v", operation, err)
			}
			cancel()
		}
		sleep(t, time.Minute)
		if requests := api.takeRequests(); len(requests) != 1 {
			t.Errorf("%v", requests)
		}
	})
}

// TestDeleteOfWhatIsGone tells a webhook that an earlier attempt deleted from one that
// the API did not find at first.
func TestDeleteOfWhatIsGone(t *testing.T) {
	for name, test := range map[string]struct {
		webhooks int
		fault    fault
		want     bool
	}{
		"deleted by the first attempt": {1, resetAfter, true},
		"never there":                  {0, noFault, false},
		"never there, after a 429":     {0, failWith(429), false},
		"never there, not connected":   {0, refuseConnection, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{}
				api.addWebhooks(test.webhooks)
				api.failNext("DELETE", test.fault)
				err := run(t.Context(), api.newClient(t), "delete")
				if !IsNotFound(err) || MayHaveSucceeded(err) != test.want {
					t.Errorf("%v; MayHaveSucceeded is %t", err, MayHaveSucceeded(err))
				}
			})
		})
	}
}
