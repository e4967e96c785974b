package digitalriver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// GetWebhook returns a webhook. IsNotFound is true for the error if there is none.
// Callers share the webhook and must not change it.
//
// The first read of a client asks for the one webhook. If there are more, they
// share the list of all webhooks.
func (c *Client) GetWebhook(ctx context.Context, id string) (*Webhook, error) {
	webhook, listed := c.cache.get(id)
	if webhook != nil {
		return webhook, nil
	}
	if listed {
		return c.getWebhook(ctx, id)
	}
	several, err := c.cache.awaitSecondRead(ctx, c.config.Clock)
	if err != nil {
		return nil, c.newOperation(readWebhook).contextError(ctx, newGet(webhookPath(id)))
	}
	if !several {
		return c.getWebhook(ctx, id)
	}
	all, err := c.sharedList(ctx)
	if err != nil {
		return nil, err
	}
	if webhook := all.get(id); webhook != nil {
		return webhook, nil
	}
	return c.getWebhook(ctx, id)
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
		return nil, err
	}
	c.seen.add(webhook)
	c.setMode(webhook.LiveMode)
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
		if err != nil {
			return nil, err
		}
		c.seen.add(l.webhooks...)
		return l, nil
	})
	if err != nil && ctx.Err() != nil {
		return nil, c.newOperation(listWebhooks).contextError(ctx, newGet(webhooksPath))
	}
	return all, err
}

// listWebhooks requests all webhooks, page by page if the API returns pages.
func (o *operation) listWebhooks(ctx context.Context) (*webhookList, error) {
	var all []*Webhook
	listed := make(map[string]struct{})
	isNew := func(w *Webhook) bool {
		_, ok := listed[w.ID]
		return !ok
	}
	for query := ""; ; {
		var p page
		r := newGet(webhooksPath)
		r.query = query
		r.decode = func(body []byte) (err error) {
			p, err = decodePage(body)
			if err == nil && p.hasMore && !slices.ContainsFunc(p.webhooks, isNew) {
				err = errors.New("the list has more pages, but this one contains no new webhook")
			}
			return err
		}
		if err := o.send(ctx, r); err != nil {
			return nil, err
		}
		for _, webhook := range p.webhooks {
			if isNew(webhook) {
				listed[webhook.ID] = struct{}{}
				all = append(all, webhook)
			}
		}
		if !p.hasMore {
			if len(all) > 0 {
				o.client.setMode(all[0].LiveMode)
			}
			return newWebhookList(all, true), nil
		}
		query = "startingAfter=" + url.QueryEscape(all[len(all)-1].ID) + "&limit=100"
	}
}

// page is one response of the list: all webhooks, or some with more to follow.
type page struct {
	webhooks []*Webhook
	hasMore  bool
}

// decodePage reads both documented forms, an array and {"data", "hasMore"}.
func decodePage(body []byte) (page, error) {
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		webhooks, err := decodeWebhooks(body)
		return page{webhooks: webhooks}, err
	}
	var object struct {
		Data    *json.RawMessage `json:"data"`
		HasMore bool             `json:"hasMore"`
	}
	if err := unmarshal(body, &object); err != nil {
		return page{}, err
	}
	if object.Data == nil {
		return page{}, errNoData
	}
	webhooks, err := decodeWebhooks(*object.Data)
	return page{webhooks: webhooks, hasMore: object.HasMore}, err
}

var errNoData = errors.New("the list has no data")

func decodeWebhooks(body []byte) ([]*Webhook, error) {
	var elements []json.RawMessage
	if err := unmarshal(body, &elements); err != nil {
		return nil, err
	}
	if elements == nil {
		return nil, errors.New("the list is null")
	}
	webhooks := make([]*Webhook, len(elements))
	for i, element := range elements {
		webhook, err := decodeWebhook(element)
		if err != nil {
			return nil, fmt.Errorf("element %d of the list: %w", i, err)
		}
		webhooks[i] = webhook
	}
	return webhooks, nil
}
