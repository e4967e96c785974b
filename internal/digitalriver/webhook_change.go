// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"context"
	"net/http"
	"slices"
)

// UpdateWebhook sets the named members of a webhook, such as "apiVersion", to those
// of values in one request, and returns the updated webhook. A member without a
// value is removed.
func (c *Client) UpdateWebhook(ctx context.Context, id string, values Webhook, members ...string) (*Webhook, error) {
	o := c.newOperation("update webhook")
	c.redactor.add(values.credentials()...)
	var updated *Webhook
	r := &request{method: http.MethodPatch, path: webhookPath(id), body: encodePatch(values, members)}
	r.decode = func(body []byte) (err error) {
		updated, err = decodeWebhook(body)
		return err
	}
	var authentication *Authentication
	if slices.Contains(members, "authentication") {
		authentication = values.Authentication
	}
	err := o.changeWebhook(ctx, r, id,
		func(ctx context.Context) error { return o.sendWebhook(ctx, r, authentication, &updated) },
		func(l *webhookList) *webhookList { return l.with(updated) })
	if err != nil {
		return nil, err
	}
	c.learn(updated)
	return updated, nil
}

// DeleteWebhook deletes a webhook. With an error for which IsNotFound is true,
// there is no such webhook: an earlier attempt whose response was lost deleted it,
// it did not exist before, or the key is of another account or mode. The caller has
// to tell these apart; MayHaveSucceeded recognizes the first.
func (c *Client) DeleteWebhook(ctx context.Context, id string) error {
	o := c.newOperation("delete webhook")
	r := &request{method: http.MethodDelete, path: webhookPath(id)}
	err := o.changeWebhook(ctx, r, id,
		func(ctx context.Context) error { return o.send(ctx, r) },
		func(l *webhookList) *webhookList { return l.without(id) })
	if IsNotFound(err) && c.listedDespite(ctx, id) != nil {
		contradiction := *asAPIError(err)
		contradiction.fromAPI, contradiction.Faults = false, nil
		contradiction.Reason = "the API does not find the webhook, but its list still contains it"
		return &contradiction
	}
	return err
}

// changeWebhook calls send, which sends a request that changes a webhook, and applies
// the change to the list. Changes of one webhook take turns; Digital River asks not to send them
// at the same time:
// https://docs.digitalriver.com/digital-river-api-reference/digital-river-api-reference-guide/best-practices
func (o *operation) changeWebhook(
	ctx context.Context, r *request, id string,
	send func(context.Context) error, apply func(*webhookList) *webhookList,
) error {
	unlock, err := o.client.lockWebhook(ctx, id)
	if err != nil {
		return o.contextError(ctx, r)
	}
	defer unlock()
	write := o.client.cache.beginWrite(id)
	err = send(ctx)
	if err != nil {
		apply = nil
	}
	write.end(apply)
	return err
}

func (c *Client) lockWebhook(ctx context.Context, id string) (unlock func(), err error) {
	return c.locks.lock(ctx, "webhook "+id)
}
