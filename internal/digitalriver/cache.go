// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
)

// batchWindow is how long the first read of a client waits for a second one: if
// one comes, a list serves both. It is short beside the time of a request.
const batchWindow = 10 * time.Millisecond

// cache holds the list of all webhooks that reads share. A write makes every list
// stale that was requested before the write ended.
type cache struct {
	mu         sync.Mutex
	generation uint64              // counts the beginnings and ends of writes
	writes     int                 // in progress
	writing    map[string]struct{} // IDs of the webhooks that they change
	list       *webhookList        // nil: none

	reads            atomic.Int64
	secondRead       context.Context // ends when the client's second read begins
	signalSecondRead context.CancelFunc

	fetches singleflight.Group
	waiters map[string]*fetchWaiters // by key of fetches
}

// fetchWaiters are the calls that wait for one fetch.
type fetchWaiters struct {
	count  int
	ctx    context.Context // of the fetch; ends when no call waits any more
	cancel context.CancelFunc
}

func newCache() *cache {
	c := &cache{writing: make(map[string]struct{}), waiters: make(map[string]*fetchWaiters)}
	c.secondRead, c.signalSecondRead = context.WithCancel(context.Background())
	return c
}

// get returns a webhook from the list, nil if it is not there or a write to it is
// in progress. It also reports whether there is a list.
func (c *cache) get(id string) (webhook *Webhook, listed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.list == nil {
		return nil, false
	}
	if _, ok := c.writing[id]; ok {
		return nil, true
	}
	return c.list.get(id), true
}

// current returns the list if it is up to date for all webhooks, nil otherwise,
// and the generation of a list that is requested now.
func (c *cache) current() (*webhookList, uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writes > 0 {
		return nil, c.generation
	}
	return c.list, c.generation
}

// store keeps l unless a write began or ended since generation.
func (c *cache) store(l *webhookList, generation uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.generation == generation {
		c.list = l
	}
}

// countRead counts a read and reports whether it is the client's first.
func (c *cache) countRead() bool {
	first := c.reads.Add(1) == 1
	if !first {
		c.signalSecondRead()
	}
	return first
}

// awaitSecondRead counts a read and reports whether the client has several. The
// first read waits for a second one, but no longer than batchWindow.
func (c *cache) awaitSecondRead(ctx context.Context, clock Clock) (bool, error) {
	if !c.countRead() {
		return true, nil
	}
	wait, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(c.secondRead, cancel)
	defer stop()
	_ = clock.Sleep(wait, batchWindow)
	return c.secondRead.Err() != nil, ctx.Err()
}

// fetch returns the list of a generation. Calls at the same time share one
// request, which is canceled when the last of them stops waiting.
func (c *cache) fetch(
	ctx context.Context, generation uint64, request func(context.Context) (*webhookList, error),
) (*webhookList, error) {
	key := strconv.FormatUint(generation, 10)
	waiters := c.join(ctx, key)
	defer c.leave(key, waiters)
	result := c.fetches.DoChan(key, func() (any, error) {
		if l, now := c.current(); l != nil && now == generation {
			return l, nil
		}
		l, err := request(waiters.ctx)
		if err != nil {
			return nil, err
		}
		c.store(l, generation)
		return l, nil
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-result:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*webhookList), nil //nolint:forcetypeassert // The function above returns no other type.
	}
}

func (c *cache) join(ctx context.Context, key string) *fetchWaiters {
	c.mu.Lock()
	defer c.mu.Unlock()
	waiters := c.waiters[key]
	if waiters == nil {
		waiters = &fetchWaiters{}
		waiters.ctx, waiters.cancel = context.WithCancel(context.WithoutCancel(ctx))
		c.waiters[key] = waiters
	}
	waiters.count++
	return waiters
}

func (c *cache) leave(key string, waiters *fetchWaiters) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if waiters.count--; waiters.count == 0 {
		waiters.cancel()
		delete(c.waiters, key)
		c.fetches.Forget(key)
	}
}

// write is a write in progress.
type write struct {
	cache *cache
	id    string
}

// beginWrite announces a write to a webhook; id is empty for a create. The caller
// must call end once.
func (c *cache) beginWrite(id string) *write {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	c.writes++
	if id != "" {
		c.writing[id] = struct{}{}
	}
	return &write{cache: c, id: id}
}

// end applies the result of the write to the list. After a failure, apply is nil
// and the list is dropped, since the write may have been carried out.
func (w *write) end(apply func(*webhookList) *webhookList) {
	c := w.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	c.writes--
	delete(c.writing, w.id)
	switch {
	case apply == nil:
		c.list = nil
	case c.list != nil:
		c.list = apply(c.list)
	}
}
