package digitalriver

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
)

// CreateWebhook creates a webhook. If the response is lost, it looks for the
// webhook in the list before it sends the request again. It returns a
// *DuplicateError if several webhooks in the list could be the one.
func (c *Client) CreateWebhook(ctx context.Context, webhook Webhook) (*Webhook, error) {
	o := c.newOperation("create webhook", webhook.credentials()...)
	r := &request{method: http.MethodPost, path: webhooksPath, body: encode(webhook)}
	// Identical creates run one after another, so that each finds its own webhook.
	unlock, err := c.locks.lock(ctx, "create "+fingerprint(webhook.Address, webhook.Types))
	if err != nil {
		return nil, o.contextError(ctx, r)
	}
	defer unlock()

	start := createStart{time: c.config.Clock.Now(), seen: c.seen.now()}
	var created *Webhook
	r.decode = func(body []byte) (err error) {
		created, err = decodeWebhook(body)
		return err
	}
	r.lookUp = func(ctx context.Context) (found bool, err error) {
		created, err = o.findCreated(ctx, r, webhook, start)
		return created != nil, err
	}

	write := c.cache.beginWrite("")
	if err := o.send(ctx, r); err != nil {
		write.end(nil)
		return nil, err
	}
	c.seen.add(created)
	c.setMode(created.LiveMode)
	write.end(func(l *webhookList) *webhookList { return l.with(created) })
	return created, nil
}

// createStart is the moment before the first attempt of a create.
type createStart struct {
	time time.Time
	seen uint64 // the logical time of seenIDs
}

// clockTolerance is how far createdTime may lie before the start of the create:
// the Date header, which shows the API's clock, has whole seconds.
const clockTolerance = 2 * time.Second

// findCreated lists the webhooks and returns the one that a create made although
// its response was lost; nil if there is none.
func (o *operation) findCreated(
	ctx context.Context, r *request, webhook Webhook, start createStart,
) (*Webhook, error) {
	all, clockSkew, err := o.listWebhooks(ctx)
	if err != nil {
		return nil, err
	}
	earliest := start.time.Add(clockSkew - clockTolerance)
	var matches []*Webhook
	for _, w := range all {
		if fingerprint(w.Address, w.Types) == fingerprint(webhook.Address, webhook.Types) &&
			!w.CreatedTime.Before(earliest) && !o.client.seen.before(w.ID, start.seen) {
			matches = append(matches, w)
		}
	}
	switch len(matches) {
	case 0:
		return nil, nil
	case 1:
		return matches[0], nil
	}
	duplicate := &DuplicateError{Err: o.newError(r, "the response was lost")}
	for _, match := range matches {
		duplicate.IDs = append(duplicate.IDs, match.ID)
	}
	return nil, duplicate
}

// fingerprint is equal for webhooks with the same address and the same set of
// event types.
func fingerprint(address string, types []string) string {
	set := slices.Compact(slices.Sorted(slices.Values(types)))
	return address + " " + strings.Join(set, " ")
}
