// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"context"
	"sync"
)

// keyedMutex is a mutex for each key. A key takes memory only while it is in use.
type keyedMutex struct {
	mu    sync.Mutex
	locks map[string]*keyLock
}

type keyLock struct {
	held  chan struct{} // full while somebody holds the lock
	users int           // the holder and those that wait
}

// lock locks key. If ctx ends first, it returns the error of ctx.
func (m *keyedMutex) lock(ctx context.Context, key string) (unlock func(), err error) {
	entry := m.join(key)
	select {
	case entry.held <- struct{}{}:
		return func() {
			<-entry.held
			m.leave(key, entry)
		}, nil
	case <-ctx.Done():
		m.leave(key, entry)
		return nil, ctx.Err()
	}
}

func (m *keyedMutex) join(key string) *keyLock {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.locks == nil {
		m.locks = make(map[string]*keyLock)
	}
	entry := m.locks[key]
	if entry == nil {
		entry = &keyLock{held: make(chan struct{}, 1)}
		m.locks[key] = entry
	}
	entry.users++
	return entry
}

func (m *keyedMutex) leave(key string, entry *keyLock) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if entry.users--; entry.users == 0 {
		delete(m.locks, key)
	}
}
