package digitalriver

import "sync"

// known remembers which webhooks a client has come across, and when: a create
// whose answer is lost takes over none of those.
type known struct {
	mu   sync.Mutex
	tick uint64
	ids  map[string]uint64 // the tick at which a list first showed it; 0: always
}

// now marks a moment.
func (k *known) now() uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tick++
	return k.tick
}

// add makes an id known to every create, also to one that is under way.
func (k *known) add(id string) { k.set(id, true) }

// see makes an id known to creates that begin from now on.
func (k *known) see(id string) { k.set(id, false) }

func (k *known) set(id string, always bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ids == nil {
		k.ids = make(map[string]uint64)
	}
	if _, ok := k.ids[id]; always {
		k.ids[id] = 0
	} else if !ok {
		k.ids[id] = k.tick
	}
}

// before tells whether id was known at a moment, or is known always.
func (k *known) before(id string, moment uint64) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	tick, ok := k.ids[id]
	return ok && tick < moment
}
