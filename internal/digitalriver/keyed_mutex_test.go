package digitalriver

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestLocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l keyedMutex
		release, err := l.lock(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		if other, err := l.lock(t.Context(), "b"); err != nil {
			t.Error("keys hold each other up")
		} else {
			other()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := l.lock(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a held lock gave %v", err)
		}
		next := make(chan error)
		go func() {
			release, err := l.lock(t.Context(), "a")
			release()
			next <- err
		}()
		release()
		if err := <-next; err != nil {
			t.Error(err)
		}
		if len(l.locks) != 0 {
			t.Errorf("%d locks are kept", len(l.locks))
		}
	})
}
