// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// CreateWebhook creates a webhook. If the response is lost, it looks for the
// webhook in the list before it sends the request again.
//
// It returns an *UncertainError if it remains open whether the API created the
// webhook, or how many. If there is one that is certain, it returns that too.
func (c *Client) CreateWebhook(ctx context.Context, webhook Webhook) (*Webhook, error) {
	o := c.newOperation("create webhook")
	c.redactor.add(webhook.credentials()...)
	r := &request{method: http.MethodPost, path: webhooksPath, body: encode(webhook)}
	// Identical creates run one after another, so that each finds its own webhook.
	unlock, err := c.locks.lock(ctx, "create "+fingerprint(webhook.Address, webhook.Types))
	if err != nil {
		return nil, o.contextError(ctx, r)
	}
	defer unlock()

	start := createStart{time: c.config.Clock.Now()}
	start.seen, start.seenAll = c.seen.now()
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
	if err := o.sendWebhook(ctx, r, webhook.Authentication, &created); err != nil {
		write.end(nil)
		return nil, err
	}
	c.seen.add(created)
	c.learn(created)
	if r.lost != nil {
		if err := o.checkCreatedOnce(ctx, r, created, start); err != nil {
			write.end(nil)
			return created, err
		}
	}
	write.end(func(l *webhookList) *webhookList { return l.with(created) })
	return created, nil
}

// createStart is the moment before the first attempt of a create.
type createStart struct {
	time    time.Time
	seen    uint64 // the logical time of seenIDs
	seenAll bool   // whether a complete list was seen before
}

const (
	// clockTolerance is how far createdTime may lie before the start of the create:
	// the Date header, which shows the API's clock, has whole seconds.
	clockTolerance = 2 * time.Second
	// clockDoubt is how far it may lie before the start so that the webhook could
	// still be the result: the clocks of the two need not be the same.
	clockDoubt = time.Minute
)

// findCreated lists the webhooks and returns the one that a create made although
// its response was lost; nil if the list shows that there is none.
func (o *operation) findCreated(
	ctx context.Context, r *request, webhook Webhook, start createStart,
) (*Webhook, error) {
	all, err := o.listWebhooks(ctx)
	if err != nil {
		return nil, err
	}
	certain, doubtful := o.results(all, webhook, start)
	switch {
	case len(certain) == 1:
		return certain[0], nil
	case len(certain) > 1:
		return nil, &UncertainError{IDs: idsOf(certain), Err: r.lost}
	case len(doubtful) > 0:
		return nil, &UncertainError{IDs: idsOf(doubtful), Err: r.lost}
	case !all.showsAllSince(start.earliest(o.client)):
		return nil, &UncertainError{Err: r.lost.withReason("the list of webhooks may be cut off")}
	}
	return nil, nil
}

// checkCreatedOnce returns an *UncertainError unless the list shows that the
// attempts of a create made only one webhook. An attempt whose response was lost
// may be carried out late.
func (o *operation) checkCreatedOnce(ctx context.Context, r *request, created *Webhook, start createStart) error {
	uncertain := &UncertainError{IDs: []string{created.ID}, repeated: true}
	all, err := o.listWebhooks(ctx)
	if err != nil {
		uncertain.Err = asAPIError(err)
	} else {
		certain, _ := o.results(all, *created, start)
		for _, id := range idsOf(certain) {
			if id != created.ID {
				uncertain.IDs = append(uncertain.IDs, id)
			}
		}
		if len(uncertain.IDs) == 1 && all.showsAllSince(start.earliest(o.client)) {
			return nil
		}
		uncertain.Err = r.lost
	}
	return uncertain
}

// results returns the webhooks of a list that could be the result of a create.
// Those of which it is certain were created after it began, or are missing in a
// complete list from before.
func (o *operation) results(l *webhookList, webhook Webhook, start createStart) (certain, doubtful []*Webhook) {
	skew := time.Duration(o.client.clockSkew.Load())
	for _, w := range l.webhooks {
		if fingerprint(w.Address, w.Types) != fingerprint(webhook.Address, webhook.Types) ||
			o.client.seen.before(w.ID, start.seen) {
			continue
		}
		before := start.time.Add(skew).Sub(w.CreatedTime)
		switch {
		case before <= clockTolerance, start.seenAll && before < clockDoubt:
			certain = append(certain, w)
		case before < clockDoubt, start.seenAll, w.CreatedTime.IsZero():
			doubtful = append(doubtful, w)
		}
	}
	return certain, doubtful
}

// earliest is when the result of a create was created at the earliest.
func (s createStart) earliest(c *Client) time.Time {
	return s.time.Add(time.Duration(c.clockSkew.Load()) - clockDoubt)
}

func idsOf(webhooks []*Webhook) []string {
	ids := make([]string, len(webhooks))
	for i, webhook := range webhooks {
		ids[i] = webhook.ID
	}
	return ids
}

// fingerprint is equal for webhooks with the same address and the same set of
// event types.
func fingerprint(address string, types []string) string {
	set := slices.Compact(slices.Sorted(slices.Values(types)))
	return normalAddress(address) + " " + strings.Join(set, " ")
}

// normalAddress is equal for addresses that mean the same: the API need not return
// an address as it was sent.
func normalAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	switch u.Scheme {
	case "http":
		u.Host = strings.TrimSuffix(u.Host, ":80")
	case "https":
		u.Host = strings.TrimSuffix(u.Host, ":443")
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), strings.TrimRight(u.RawPath, "/")
	return u.String()
}
