package digitalriver

import (
	"context"
	"net/http"
)

// UpdateWebhook sets the named members of a webhook, such as "apiVersion", to those
// of values in one request, and returns the updated webhook. A member without a
// value is removed.
func (c *Client) UpdateWebhook(ctx context.Context, id string, values Webhook, members ...string) (*Webhook, error) {
	o := c.newOperation("update webhook", values.credentials()...)
	var updated *Webhook
	r := &request{method: http.MethodPatch, path: webhookPath(id), body: encodePatch(values, members)}
	r.decode = func(body []byte) (err error) {
		updated, err = decodeWebhook(body)
		return err
	}
	err := o.changeWebhook(ctx, r, id, func(l *webhookList) *webhookList { return l.with(updated) })
	if err != nil {
		return nil, err
	}
	c.setMode(updated.LiveMode)
	return updated, nil
}

// DeleteWebhook deletes a webhook. With an error for which IsNotFound is true,
// there is no such webhook: an earlier attempt whose response was lost deleted it,
// it did not exist before, or the key is of the other mode. The caller has to
// tell these apart.
func (c *Client) DeleteWebhook(ctx context.Context, id string) error {
	o := c.newOperation("delete webhook")
	r := &request{method: http.MethodDelete, path: webhookPath(id)}
	return o.changeWebhook(ctx, r, id, func(l *webhookList) *webhookList { return l.without(id) })
}

// changeWebhook sends a request that changes a webhook, and applies the change to
// the list. Changes of one webhook run one after another, since Digital River asks
// not to send them at the same time:
// https://docs.digitalriver.com/digital-river-api-reference/digital-river-api-reference-guide/best-practices
func (o *operation) changeWebhook(
	ctx context.Context, r *request, id string, apply func(*webhookList) *webhookList,
) error {
	unlock, err := o.client.lockWebhook(ctx, id)
	if err != nil {
		return o.contextError(ctx, r)
	}
	defer unlock()
	write := o.client.cache.beginWrite(id)
	err = o.send(ctx, r)
	if err != nil {
		apply = nil
	}
	write.end(apply)
	return err
}

func (c *Client) lockWebhook(ctx context.Context, id string) (unlock func(), err error) {
	return c.locks.lock(ctx, "webhook "+id)
}
