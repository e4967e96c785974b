package digitalriver

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
)

// gatherWindow is for how long the first read of a client waits for a second
// one, which makes it worth to ask for all webhooks at once (decided).
const gatherWindow = 10 * time.Millisecond

// cache holds the list of all webhooks that reads share. A write makes every
// list stale that was asked for before it ended.
type cache struct {
	mu         sync.Mutex
	generation uint64 // counts the beginnings and ends of writes
	writes     int    // under way
	writing    map[string]struct{}
	list       *list // nil: none

	reads  atomic.Int64
	second context.Context // done as soon as there are several reads
	crowd  context.CancelFunc

	fetches singleflight.Group
	readers map[string]*readers // by key of fetches
}

// readers are those that wait for one fetch.
type readers struct {
	count  int
	ctx    context.Context // the fetch's
	cancel context.CancelFunc
}

func newCache() *cache {
	c := &cache{writing: make(map[string]struct{}), readers: make(map[string]*readers)}
	c.second, c.crowd = context.WithCancel(context.Background())
	return c
}

// list is a list of webhooks; it is never changed once it is shared.
type list struct {
	webhooks []*Webhook
	byID     map[string]int
}

func newList(webhooks []*Webhook) *list {
	l := &list{webhooks: webhooks, byID: make(map[string]int, len(webhooks))}
	for i, webhook := range webhooks {
		l.byID[webhook.ID] = i
	}
	return l
}

func (l *list) get(id string) *Webhook {
	if i, ok := l.byID[id]; ok {
		return l.webhooks[i]
	}
	return nil
}

// with returns a list that holds webhook, in the place of an older one.
func (l *list) with(webhook *Webhook) *list {
	webhooks := slices.Clone(l.webhooks)
	if i, ok := l.byID[webhook.ID]; ok {
		webhooks[i] = webhook
		return &list{webhooks: webhooks, byID: l.byID}
	}
	byID := maps.Clone(l.byID)
	byID[webhook.ID] = len(webhooks)
	return &list{webhooks: append(webhooks, webhook), byID: byID}
}

func (l *list) without(id string) *list {
	return newList(slices.DeleteFunc(slices.Clone(l.webhooks), func(w *Webhook) bool { return w.ID == id }))
}

// write tells the cache of a write to id, or of a create where id is empty. The
// caller ends it once.
func (c *cache) write(id string) *write {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	c.writes++
	if id != "" {
		c.writing[id] = struct{}{}
	}
	return &write{cache: c, id: id}
}

type write struct {
	cache *cache
	id    string
}

// end takes over what the write's answer showed: change says what becomes of
// the list. After a failure change is nil, and the list is dropped.
func (w *write) end(change func(*list) *list) {
	c := w.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	c.writes--
	delete(c.writing, w.id)
	switch {
	case change == nil:
		c.list = nil
	case c.list != nil:
		c.list = change(c.list)
	}
}

// lookup returns a webhook of the list, unless a write to it is under way, and
// whether there is a list.
func (c *cache) lookup(id string) (*Webhook, bool) {
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

// whole returns the list where it may stand for all webhooks, and the
// generation that a new one would be of.
func (c *cache) whole() (*list, uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writes > 0 {
		return nil, c.generation
	}
	return c.list, c.generation
}

// store keeps l if no write began or ended since generation.
func (c *cache) store(l *list, generation uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.generation == generation {
		c.list = l
	}
}

// gather waits a moment if this is the client's first read, and tells whether
// there are more.
func (c *cache) gather(ctx context.Context, clock Clock) (bool, error) {
	if !c.announce() {
		return true, nil
	}
	wait, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(c.second, cancel)
	defer stop()
	_ = clock.Sleep(wait, gatherWindow)
	return c.second.Err() != nil, ctx.Err()
}

// announce counts a read, and tells whether it is the first.
func (c *cache) announce() bool {
	first := c.reads.Add(1) == 1
	if !first {
		c.crowd()
	}
	return first
}

// fetch returns a list that was asked for in generation, together with all that
// want the same. It ends when the last of them stops waiting.
func (c *cache) fetch(ctx context.Context, generation uint64, get func(context.Context) ([]*Webhook, error)) (*list, error) {
	key := strconv.FormatUint(generation, 10)
	shared := c.join(ctx, key)
	defer c.leave(key, shared)
	result := c.fetches.DoChan(key, func() (any, error) {
		if l, now := c.whole(); l != nil && now == generation {
			return l, nil
		}
		webhooks, err := get(shared.ctx)
		if err != nil {
			return nil, err
		}
		l := newList(webhooks)
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
		return r.Val.(*list), nil //nolint:forcetypeassert // What get returned.
	}
}

func (c *cache) join(ctx context.Context, key string) *readers {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.readers[key]
	if r == nil {
		r = &readers{}
		r.ctx, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
		c.readers[key] = r
	}
	r.count++
	return r
}

func (c *cache) leave(key string, r *readers) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.count--; r.count == 0 {
		r.cancel()
		delete(c.readers, key)
		c.fetches.Forget(key)
	}
}
