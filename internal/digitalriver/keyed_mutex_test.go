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

func TestKeyedMutex(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m keyedMutex
		unlock, err := m.lock(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		unlockOther, err := m.lock(t.Context(), "b")
		if err != nil {
			t.Fatal(err)
		}
		unlockOther()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := m.lock(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("locking a held key: %v", err)
		}
		next := make(chan error)
		go func() {
			unlock, err := m.lock(t.Context(), "a")
			unlock()
			next <- err
		}()
		unlock()
		if err := <-next; err != nil {
			t.Error(err)
		}
		if len(m.locks) != 0 {
			t.Errorf("%d locks are kept", len(m.locks))
		}
	})
}
