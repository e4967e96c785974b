// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

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

// maxPage is how many webhooks a response can contain. Digital River's OpenAPI
// document says so; it does not say how to get the rest. A list of just as many may
// be cut off, a longer one shows that the API does not apply the limit.
const maxPage = 100

// page is one response of the list.
type page struct {
	webhooks []*Webhook
	hasMore  bool // the API says that more webhooks follow
	isLast   bool // the API says that none follow
}

// listWebhooks requests all webhooks. Each page is requested by the last webhook of
// the page before; if that was deleted in the meantime, listWebhooks starts over,
// once.
func (o *operation) listWebhooks(ctx context.Context) (*webhookList, error) {
	l, lost, err := o.listPages(ctx)
	if lost {
		l, _, err = o.listPages(ctx)
	}
	return l, err
}

var errLostPage = errors.New("the list has more pages, but this one contains no new webhook")

// listPages requests the pages of the list one after another. If the API stops
// returning pages before the last one, lost is true.
func (o *operation) listPages(ctx context.Context) (l *webhookList, lost bool, err error) {
	var all []*Webhook
	listed := make(map[string]struct{})
	isNew := func(w *Webhook) bool {
		_, ok := listed[w.ID]
		return !ok
	}
	paged := false // whether the API has shown that it returns pages
	for query := ""; ; {
		var p page
		var progress bool
		r := newGet(webhooksPath)
		r.query = query
		r.decode = func(body []byte) (err error) {
			p, err = decodePage(body)
			progress = slices.ContainsFunc(p.webhooks, isNew)
			lost = err == nil && !progress && (p.hasMore || paged && !p.isLast && len(p.webhooks) > 0)
			if lost {
				return errLostPage
			}
			return err
		}
		if err := o.send(ctx, r); err != nil {
			refused := query != "" && isRefusal(err)
			if refused && !paged {
				return newWebhookList(all, false), false, nil
			}
			return nil, lost || refused, err
		}
		for _, webhook := range p.webhooks {
			if isNew(webhook) {
				listed[webhook.ID] = struct{}{}
				all = append(all, webhook)
			}
		}
		o.client.learn(p.webhooks...)
		switch {
		case p.isLast, len(p.webhooks) == 0:
			return newWebhookList(all, true), false, nil
		case !progress: // The API ignores what it was asked.
			return newWebhookList(all, false), false, nil
		case !p.hasMore && len(p.webhooks) != maxPage:
			return newWebhookList(all, true), false, nil
		}
		paged = p.hasMore || query != ""
		query = "startingAfter=" + url.QueryEscape(all[len(all)-1].ID) + "&limit=100"
	}
}

// isRefusal reports whether the API refused the request itself, and not the key or
// its rate.
func isRefusal(err error) bool {
	apiError := asAPIError(err)
	if apiError == nil || apiError.Status < 400 || apiError.Status > 499 {
		return false
	}
	switch apiError.Status {
	case http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	}
	return true
}

// decodePage reads both documented forms, an array and {"data", "hasMore"}.
func decodePage(body []byte) (page, error) {
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		webhooks, err := decodeWebhooks(body)
		return page{webhooks: webhooks}, err
	}
	var object struct {
		Data    *json.RawMessage `json:"data"`
		HasMore *bool            `json:"hasMore"`
	}
	if err := unmarshal(body, &object); err != nil {
		return page{}, err
	}
	if object.Data == nil {
		return page{}, errNoData
	}
	webhooks, err := decodeWebhooks(*object.Data)
	p := page{webhooks: webhooks}
	if object.HasMore != nil {
		p.hasMore, p.isLast = *object.HasMore, !*object.HasMore
	}
	return p, err
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
