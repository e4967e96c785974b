// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// maxWebhookAttempts is the number of attempts that may be under way at a time
// for one webhook. There is no such number for all of them together, so that
// slow endpoints delay no other.
const maxWebhookAttempts = 8

// courier makes each attempt to deliver an event when it is due. Attempts wait
// in one queue until they are due, and then in the line of their webhook. Only
// attempts under way have a goroutine.
type courier struct {
	store  *store
	sender *sender
	faults *faults
	feed   *feed
	// testRetries are the times of the retries in test mode after the first attempt.
	testRetries []time.Duration
	// changed is signalled after a change of what run waits for.
	changed chan struct{}

	mu      sync.Mutex
	pending []*attempt       // The attempt that is due next is the last one.
	lines   map[string]*line // By the id of the webhook. None is empty.
	// held has the attempts that a fault holds back, by the id of the webhook.
	held map[string]*attempt

	cancel  context.CancelFunc
	running sync.WaitGroup
}

// line has the attempts for one webhook that are due.
type line struct {
	webhookID string
	waiting   []*attempt
	underWay  int
}

// newCourier starts a courier, which continues with the attempts in the data
// file.
func newCourier(store *store, sender *sender, faults *faults, feed *feed, testRetries []time.Duration) *courier {
	c := &courier{
		store: store, sender: sender, faults: faults, feed: feed, testRetries: testRetries,
		changed: make(chan struct{}, 1),
	}
	c.pending = store.allAttempts()
	slices.SortFunc(c.pending, dueLater)
	c.start()
	return c
}

// start starts a courier that was stopped.
func (c *courier) start() {
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	c.lines, c.held = map[string]*line{}, map[string]*attempt{}
	c.running.Go(func() { c.run(ctx) })
}

// stop breaks off the attempts under way and drops the others. They stay in the
// data file.
func (c *courier) stop() {
	c.cancel()
	c.running.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending, c.lines, c.held = nil, nil, nil
	c.sender.forgetAll()
}

// schedule has attempts made when they are due.
func (c *courier) schedule(attempts ...*attempt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range attempts {
		i, _ := slices.BinarySearchFunc(c.pending, a, dueLater)
		c.pending = slices.Insert(c.pending, i, a)
	}
	c.look()
}

// dueLater compares attempts for the order of the queue.
func dueLater(a, b *attempt) int {
	return cmp.Or(b.Due.Compare(a.Due.Time), cmp.Compare(b.eventKey, a.eventKey))
}

// look has run look again at what it waits for.
func (c *courier) look() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// run starts attempts when they are due, and disables webhooks that have failed
// for too long.
func (c *courier) run(ctx context.Context) {
	for ctx.Err() == nil {
		var timer <-chan time.Time
		if next := earlier(c.startDue(ctx), c.disableFailing()); !next.IsZero() {
			timer = time.After(next.Sub(c.store.clock.now()))
		}
		select {
		case <-timer:
		case <-c.changed:
		case <-ctx.Done():
		}
	}
}

// earlier returns the earlier one of two times. The zero time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// startDue moves the attempts that are due to the lines of their webhooks. It
// returns the time when the next one is due.
func (c *courier) startDue(ctx context.Context) (next time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.store.clock.now()
	for i, a := range slices.Backward(c.pending) {
		if a.Due.After(now) {
			return a.Due.Time
		}
		c.pending = c.pending[:i]
		l := c.lines[a.WebhookID]
		if l == nil {
			l = &line{webhookID: a.WebhookID}
			c.lines[a.WebhookID] = l
		}
		l.waiting = append(l.waiting, a)
		if l.underWay < maxWebhookAttempts {
			l.underWay++
			c.running.Go(func() { c.serve(ctx, l) })
		}
	}
	return time.Time{}
}

// serve makes the attempts in a line, one after the other, until none waits.
func (c *courier) serve(ctx context.Context, l *line) {
	for {
		a := c.take(ctx, l)
		if a == nil {
			return
		}
		c.attempt(ctx, a)
	}
}

// take takes the next attempt out of a line. It returns nil if serve is to end.
func (c *courier) take(ctx context.Context, l *line) *attempt {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ctx.Err() == nil && len(l.waiting) > 0 {
		a := l.waiting[0]
		l.waiting = l.waiting[1:]
		return a
	}
	if l.underWay--; l.underWay == 0 {
		delete(c.lines, l.webhookID)
	}
	return nil
}

// disableFailing disables the webhooks that have failed for too long. It returns
// the time when the next one may follow, or the zero time.
func (c *courier) disableFailing() (next time.Time) {
	disabled, next := c.store.disableFailing()
	for _, r := range disabled {
		c.feed.switched(r)
	}
	return next
}

// attempt makes an attempt, with the fault that a rule wants.
func (c *courier) attempt(ctx context.Context, a *attempt) {
	r, body, ok := c.store.prepare(a)
	if !ok {
		return
	}
	fault := c.fault(a, r)
	if fault == faultReorder {
		c.feed.held(a)
		return
	}
	c.send(ctx, a, r, body, fault)
	if fault == faultDuplicate {
		c.send(ctx, a, r, body, fault)
	}
	c.sendHeld(ctx, a)
}

// fault returns the fault of an attempt, or "". With the fault reorder, it holds
// the attempt back, unless another one for the webhook is held.
func (c *courier) fault(a *attempt, r *record) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var except []string
	if c.held[a.WebhookID] != nil {
		except = append(except, faultReorder)
	}
	if len(r.Secrets) == 1 {
		except = append(except, faultOldSecret)
	}
	fault := c.faults.onDelivery(a, except...)
	if fault == faultReorder {
		c.held[a.WebhookID] = a
	}
	return fault
}

// sendHeld makes the attempt that was held back until another one was made.
func (c *courier) sendHeld(ctx context.Context, made *attempt) {
	c.mu.Lock()
	held := c.held[made.WebhookID]
	delete(c.held, made.WebhookID)
	c.mu.Unlock()
	if held == nil {
		return
	}
	if r, body, ok := c.store.prepare(held); ok {
		c.send(ctx, held, r, body, faultReorder)
	}
}

// send sends the event of an attempt, and schedules the next attempt if there is
// one.
func (c *courier) send(ctx context.Context, a *attempt, r *record, body []byte, fault string) {
	result := attemptResult{
		EventID: a.EventID, EventType: a.EventType, WebhookID: a.WebhookID, Attempt: a.Number,
		Time: timestamp{c.store.clock.now()}, Fault: fault,
	}
	begin := time.Now()
	sent := c.sender.send(ctx, r, body, result.Time.Time, fault)
	result.Status, result.Outcome, result.Reason = sent.status, sent.outcome, sent.reason
	result.DurationMS = time.Since(begin).Milliseconds()
	if ctx.Err() != nil {
		return
	}
	var next *attempt
	if result.failed() {
		next = a.next(c.testRetries)
	}
	follows, err := c.store.finish(a, &result, sent.transcript, next)
	if err != nil {
		c.feed.failed(err)
		return
	}
	c.feed.delivery(result)
	if follows {
		c.schedule(next)
	}
	c.look() // The result may have changed when its webhook is to be disabled.
}
