package digitalriver

import "sync"

// known remembers which webhooks a client has come across, and when: a create
// whose answer is lost takes over none that was known before it began.
type known struct {
	mu   sync.Mutex
	tick uint64
	ids  map[string]uint64 // the tick at which a webhook was first seen
}

// now marks a moment.
func (k *known) now() uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tick++
	return k.tick
}

// see makes webhooks known from now on.
func (k *known) see(webhooks ...*Webhook) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ids == nil {
		k.ids = make(map[string]uint64, len(webhooks))
	}
	for _, webhook := range webhooks {
		if _, ok := k.ids[webhook.ID]; !ok {
			k.ids[webhook.ID] = k.tick
		}
	}
}

// before tells whether a webhook was known before a moment.
func (k *known) before(id string, moment uint64) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	tick, ok := k.ids[id]
	return ok && tick < moment
}
