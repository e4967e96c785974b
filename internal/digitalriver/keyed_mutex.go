package digitalriver

import (
	"context"
	"sync"
)

// locks are mutual exclusions by key. A wait for one ends with its context.
type locks struct {
	mu   sync.Mutex
	held map[string]*lock
}

type lock struct {
	turn  chan struct{}
	users int // holding or waiting
}

// acquire waits for key's turn; release gives it on.
func (l *locks) acquire(ctx context.Context, key string) (release func(), err error) {
	entry := l.enter(key)
	select {
	case entry.turn <- struct{}{}:
		return func() {
			<-entry.turn
			l.leave(key, entry)
		}, nil
	case <-ctx.Done():
		l.leave(key, entry)
		return nil, ctx.Err()
	}
}

func (l *locks) enter(key string) *lock {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = make(map[string]*lock)
	}
	entry := l.held[key]
	if entry == nil {
		entry = &lock{turn: make(chan struct{}, 1)}
		l.held[key] = entry
	}
	entry.users++
	return entry
}

func (l *locks) leave(key string, entry *lock) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if entry.users--; entry.users == 0 {
		delete(l.held, key)
	}
}
