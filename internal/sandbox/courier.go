package sandbox

import (
	"context"
	"sync"
	"time"
)

const (
	// maxAttempts is the number of attempts that may be under way at a time.
	maxAttempts = 1000
	// maxWebhookAttempts is the same for one webhook, so that a slow endpoint
	// delays no other.
	maxWebhookAttempts = 8
)

// courier makes each attempt to deliver an event when it is due. Each attempt to
// be made has a goroutine that waits for that.
type courier struct {
	store  *store
	sender *sender
	// testRetries are the times of the retries in test mode after the first attempt.
	testRetries []time.Duration
	slots       chan struct{} // One for each attempt under way.
	// failed is signalled after failures, which change when a webhook is to be
	// disabled.
	failed chan struct{}

	mu           sync.Mutex
	moved        chan struct{}            // Closed when the clock has moved.
	webhookSlots map[string]chan struct{} // By the id of the webhook.
	ctx          context.Context
	cancel       context.CancelFunc
	work         sync.WaitGroup
}

func newCourier(store *store, sender *sender, testRetries []time.Duration) *courier {
	c := &courier{
		store:       store,
		sender:      sender,
		testRetries: testRetries,
		slots:       make(chan struct{}, maxAttempts),
		failed:      make(chan struct{}, 1),
		moved:       make(chan struct{}),
	}
	c.start()
	return c
}

// start continues with the attempts in the data file.
func (c *courier) start() {
	c.mu.Lock()
	c.webhookSlots = map[string]chan struct{}{}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	ctx := c.ctx
	c.mu.Unlock()
	c.work.Go(func() { c.watch(ctx) })
	c.schedule(c.store.allAttempts())
}

// stop breaks off the attempts under way. They stay in the data file.
func (c *courier) stop() {
	c.mu.Lock()
	c.cancel()
	c.mu.Unlock()
	c.work.Wait()
	c.sender.reset()
}

// schedule has attempts made when they are due.
func (c *courier) schedule(attempts []*attempt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() != nil {
		return
	}
	for _, a := range attempts {
		slots := c.webhookSlots[a.WebhookID]
		if slots == nil {
			slots = make(chan struct{}, maxWebhookAttempts)
			c.webhookSlots[a.WebhookID] = slots
		}
		ctx := c.ctx
		c.work.Go(func() { c.carry(ctx, slots, a) })
	}
}

// clockMoved tells everything that waits for a time to look again.
func (c *courier) clockMoved() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.moved)
	c.moved = make(chan struct{})
}

// nextMove returns a channel that is closed when the clock moves next.
func (c *courier) nextMove() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.moved
}

// carry makes an attempt when it is due, and its retries.
func (c *courier) carry(ctx context.Context, webhookSlots chan struct{}, a *attempt) {
	for a != nil {
		if !c.waitUntil(ctx, a.Due.Time) || !acquire(ctx, webhookSlots) {
			return
		}
		if !acquire(ctx, c.slots) {
			<-webhookSlots
			return
		}
		a = c.attempt(ctx, a)
		<-c.slots
		<-webhookSlots
	}
}

func acquire(ctx context.Context, slots chan<- struct{}) bool {
	select {
	case slots <- struct{}{}:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// waitUntil reports whether the sandbox's clock has reached t before ctx ended.
func (c *courier) waitUntil(ctx context.Context, t time.Time) bool {
	for ctx.Err() == nil {
		moved := c.nextMove()
		wait := t.Sub(c.store.clock.now())
		if wait <= 0 {
			return true
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-moved:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	return false
}

// watch disables webhooks that have failed for too long.
func (c *courier) watch(ctx context.Context) {
	for ctx.Err() == nil {
		moved := c.nextMove()
		next, failing := c.store.disableFailing()
		var timer <-chan time.Time
		if failing {
			timer = time.After(max(next.Sub(c.store.clock.now()), time.Millisecond))
		}
		select {
		case <-timer:
		case <-moved:
		case <-c.failed:
		case <-ctx.Done():
		}
	}
}

// attempt makes an attempt and returns the next one, if there is one.
func (c *courier) attempt(ctx context.Context, a *attempt) *attempt {
	r, body, ok := c.store.prepare(a)
	if !ok {
		return nil
	}
	result := attemptResult{
		EventID: a.EventID, EventType: a.EventType, WebhookID: a.WebhookID, Attempt: a.Number,
		Time: timestamp{c.store.clock.now()},
	}
	begin := time.Now()
	result.Status, result.Outcome, result.Reason = c.sender.send(ctx, r, body, result.Time.Time)
	result.DurationMS = time.Since(begin).Milliseconds()
	if ctx.Err() != nil {
		return nil
	}
	var next *attempt
	if result.failed() {
		if next = a.next(c.testRetries); next != nil {
			result.NextAttempt = &next.Due
		}
	}
	if err := c.store.finish(a, result, next); err != nil {
		return nil
	}
	if result.failed() {
		select {
		case c.failed <- struct{}{}:
		default:
		}
	}
	return next
}
