// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

var (
	bucketMeta        = []byte("meta")
	bucketDeliveries  = []byte("deliveries")
	bucketTranscripts = []byte("transcripts")
	keyClock          = []byte("clock")

	// buckets are those that are not tables.
	buckets = [][]byte{bucketMeta, bucketDeliveries, bucketTranscripts}
)

// store holds everything that the data file holds: the tables, the log of
// deliveries, and how far the clock is ahead. Reads of tables never wait for the
// disk. Validate before a transaction: bbolt reads the whole file to roll back.
type store struct {
	clock clock
	db    *bbolt.DB
	view  func(webhook) []byte // Encodes a webhook as the API returns it.

	mu       sync.RWMutex // Guards the tables and orders the changes.
	webhooks *table[*record]
	events   *table[*storedEvent]
	attempts *table[*attempt]
}

// openStore opens the data file, which only one sandbox can have open. It writes
// without fsync: a change survives the end of this process once the operating
// system has it, and takes 40 µs instead of 400, which keeps the disk out of
// what a test measures.
func openStore(file string, view func(webhook) []byte) (*store, error) {
	db, err := bbolt.Open(file, 0o600, &bbolt.Options{Timeout: time.Second, NoSync: true, NoFreelistSync: true})
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, fmt.Errorf("data file %s is locked: %w", file, ErrLocked)
	}
	if err != nil {
		return nil, fmt.Errorf("data file %s: %w", file, err)
	}
	s := &store{
		db:       db,
		view:     view,
		clock:    clock{real: time.Now},
		webhooks: newTable("webhooks", recordDecoder(view)),
		events:   newTable("events", decodeStoredEvent),
		attempts: newTable("attempts", decodeAttempt),
	}
	if err := db.Update(s.load); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("data file %s: %w", file, err)
	}
	return s, nil
}

// tables returns all tables.
func (s *store) tables() []anyTable {
	return []anyTable{s.webhooks, s.events, s.attempts}
}

// anyTable is a table of any kind of object.
type anyTable interface {
	load(*bbolt.Tx) error
	clear(*bbolt.Tx) error
}

func (s *store) load(tx *bbolt.Tx) error {
	for _, name := range buckets {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	if offset := tx.Bucket(bucketMeta).Get(keyClock); offset != nil {
		d, err := time.ParseDuration(string(offset))
		if err != nil {
			return err
		}
		s.clock.offset.Store(int64(d))
	}
	for _, t := range s.tables() {
		if err := t.load(tx); err != nil {
			return err
		}
	}
	return nil
}

func (s *store) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.db.Sync(), s.db.Close())
}

// maxAhead is how far the clock may be ahead of the real time. Dates beyond it are
// slips of the keyboard, and only a reset moves the clock back.
const maxAhead = 10 * 365 * 24 * time.Hour

// advance moves the clock forward, also for the next sandbox with this file.
func (s *store) advance(d time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	offset := time.Duration(s.clock.offset.Load())
	if d > maxAhead-offset {
		return badRequest(codeInvalid, "advance", "The clock cannot be more than 10 years (%d h) ahead of the real time.",
			int(maxAhead.Hours()))
	}
	err := s.db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketMeta).Put(keyClock, []byte((offset + d).String()))
	})
	if err == nil {
		s.clock.offset.Store(int64(offset + d))
	}
	return err
}

// reset deletes everything and sets the clock back to real time.
func (s *store) reset() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.db.Update(func(tx *bbolt.Tx) error {
		tx.OnCommit(func() { s.clock.offset.Store(0) })
		for _, name := range buckets {
			if err := recreate(tx, name); err != nil {
				return err
			}
		}
		for _, t := range s.tables() {
			if err := t.clear(tx); err != nil {
				return err
			}
		}
		return nil
	})
}
