// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"maps"
	"slices"
	"time"
)

// webhookList is a list of webhooks that is also indexed by ID. It is shared and
// never changes.
type webhookList struct {
	webhooks []*Webhook
	index    map[string]int // by ID
	complete bool           // false if the API may have cut it off
}

func newWebhookList(webhooks []*Webhook, complete bool) *webhookList {
	l := &webhookList{webhooks: webhooks, index: make(map[string]int, len(webhooks)), complete: complete}
	for i, webhook := range webhooks {
		l.index[webhook.ID] = i
	}
	return l
}

// get returns the webhook with an ID, nil if there is none.
func (l *webhookList) get(id string) *Webhook {
	if i, ok := l.index[id]; ok {
		return l.webhooks[i]
	}
	return nil
}

// showsAllSince reports whether the list contains all webhooks that were created
// since a time: it is complete, or the newest come first and the last is older.
func (l *webhookList) showsAllSince(t time.Time) bool {
	if l.complete {
		return true
	}
	if len(l.webhooks) == 0 {
		return false
	}
	newestFirst := slices.IsSortedFunc(l.webhooks, func(a, b *Webhook) int {
		return b.CreatedTime.Compare(a.CreatedTime)
	})
	first, last := l.webhooks[0].CreatedTime, l.webhooks[len(l.webhooks)-1].CreatedTime
	return newestFirst && first.After(last) && last.Before(t) && !last.IsZero()
}

// with returns a list that also contains webhook, in place of its older version.
func (l *webhookList) with(webhook *Webhook) *webhookList {
	webhooks := slices.Clone(l.webhooks)
	if i, ok := l.index[webhook.ID]; ok {
		webhooks[i] = webhook
		return &webhookList{webhooks: webhooks, index: l.index, complete: l.complete}
	}
	index := maps.Clone(l.index)
	index[webhook.ID] = len(webhooks)
	return &webhookList{webhooks: append(webhooks, webhook), index: index, complete: l.complete}
}

// without returns a list that does not contain the webhook with an ID.
func (l *webhookList) without(id string) *webhookList {
	kept := slices.DeleteFunc(slices.Clone(l.webhooks), func(w *Webhook) bool { return w.ID == id })
	return newWebhookList(kept, l.complete)
}
