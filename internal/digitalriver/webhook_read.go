// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"context"
	"net/http"
)

// GetWebhook returns a webhook. IsNotFound is true for the error if there is none.
// Callers share the webhook and must not change it.
//
// The first read of a client asks for the one webhook. If there are more, they
// share the list of all webhooks. If the key may not list, or the list contains a
// webhook that cannot be read, each is requested by itself.
func (c *Client) GetWebhook(ctx context.Context, id string) (*Webhook, error) {
	webhook, listed := c.cache.get(id)
	if webhook != nil {
		return webhook, nil
	}
	if listed || c.unlistable.Load() {
		return c.getWebhook(ctx, id)
	}
	several, err := c.cache.awaitSecondRead(ctx, c.config.Clock)
	if err != nil {
		return nil, c.newOperation(readWebhook).contextError(ctx, newGet(webhookPath(id)))
	}
	if !several {
		return c.getUnlisted(ctx, id)
	}
	all, err := c.sharedList(ctx)
	if err != nil && !c.unlistable.Load() {
		return nil, err
	}
	if err == nil {
		if webhook := all.get(id); webhook != nil {
			return webhook, nil
		}
	}
	return c.getWebhook(ctx, id)
}

// getUnlisted is getWebhook for a client without a list. A webhook that the API says
// is gone, although the list then contains it, is not.
func (c *Client) getUnlisted(ctx context.Context, id string) (*Webhook, error) {
	webhook, err := c.getWebhook(ctx, id)
	if IsNotFound(err) {
		if listed := c.listedDespite(ctx, id); listed != nil {
			return listed, nil
		}
	}
	return webhook, err
}

// isUnlistable reports whether an error of the list is about the list alone: the API
// refused it, or one of its webhooks is malformed.
func isUnlistable(err error) bool {
	apiError := asAPIError(err)
	return isRefusal(err) || apiError != nil && apiError.Status >= 200 && apiError.Status <= 299
}

// listedDespite requests the list after a 404 and returns the webhook with an ID, nil
// if it is not there or the list cannot be read.
func (c *Client) listedDespite(ctx context.Context, id string) *Webhook {
	all, err := c.sharedList(ctx)
	if err != nil {
		return nil
	}
	return all.get(id)
}

// ListedWebhook returns a webhook from the list that reads share, nil if there is
// no list or the webhook is not in it. It sends no request.
func (c *Client) ListedWebhook(id string) *Webhook {
	webhook, _ := c.cache.get(id)
	return webhook
}

// ListWebhooks returns the webhooks of the key's account and mode. The list is
// complete unless the API may have cut it off. Callers share the slice and must not
// change it.
func (c *Client) ListWebhooks(ctx context.Context) (webhooks []*Webhook, complete bool, err error) {
	c.cache.countRead()
	all, err := c.sharedList(ctx)
	if err != nil {
		return nil, false, err
	}
	return all.webhooks, all.complete, nil
}

const (
	readWebhook  = "read webhook"
	listWebhooks = "list webhooks"
)

func newGet(path string) *request { return &request{method: http.MethodGet, path: path} }

// getWebhook requests one webhook.
func (c *Client) getWebhook(ctx context.Context, id string) (*Webhook, error) {
	var webhook *Webhook
	r := newGet(webhookPath(id))
	r.decode = func(body []byte) (err error) {
		webhook, err = decodeWebhook(body)
		return err
	}
	if err := c.newOperation(readWebhook).send(ctx, r); err != nil {
		if refusal := asAPIError(err); refusal != nil && refusal.Status == http.StatusNotFound && !refusal.fromAPI {
			all, listErr := c.sharedList(ctx)
			refusal.notListed = listErr == nil && all.complete && all.get(id) == nil
		}
		return nil, err
	}
	c.seen.add(webhook)
	c.learn(webhook)
	return webhook, nil
}

// sharedList returns the list that reads share, from the cache or the API.
func (c *Client) sharedList(ctx context.Context) (*webhookList, error) {
	all, generation := c.cache.current()
	if all != nil {
		return all, nil
	}
	all, err := c.cache.fetch(ctx, generation, func(ctx context.Context) (*webhookList, error) {
		l, err := c.newOperation(listWebhooks).listWebhooks(ctx)
		c.unlistable.Store(isUnlistable(err))
		if err != nil {
			return nil, err
		}
		c.seen.addList(l)
		return l, nil
	})
	if err != nil && ctx.Err() != nil {
		return nil, c.newOperation(listWebhooks).contextError(ctx, newGet(webhooksPath))
	}
	return all, err
}
