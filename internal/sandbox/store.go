package sandbox

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

var (
	bucketMeta     = []byte("meta")
	bucketWebhooks = []byte("webhooks")
	keyClock       = []byte("clock")
)

// record is a webhook with its signing secrets. A record in the store is never
// changed but replaced.
type record struct {
	Webhook webhook  `json:"webhook"`
	Secrets []secret `json:"secrets"`
	// FailingSince is when the first attempt since the last acknowledgement
	// failed.
	FailingSince *timestamp `json:"failingSince,omitempty"`

	// sequence is the order of creation and the key in the file.
	sequence uint64
	// encoded is the webhook as answers show it.
	encoded []byte
}

// store keeps all records in memory and writes each change through to the data
// file: reads never wait for the disk.
type store struct {
	clock clock
	db    *bbolt.DB

	mu      sync.RWMutex
	records []*record
	byID    map[string]*record
	// pending are the attempts to be made, by their keys.
	pending map[string]attempt
}

// openStore reads the file, which only one sandbox can have open.
//
// It writes without fsync: what the operating system has taken survives the
// death of this process, and 40 µs a change instead of 400 keep it out of what
// a test measures.
func openStore(file string) (*store, error) {
	db, err := bbolt.Open(file, 0o600, &bbolt.Options{Timeout: time.Second, NoSync: true, NoFreelistSync: true})
	if err != nil {
		return nil, fmt.Errorf("data file %s: %w", file, err)
	}
	s := &store{db: db, byID: map[string]*record{}, pending: map[string]attempt{}, clock: clock{real: time.Now}}
	if err := db.Update(s.load); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("data file %s: %w", file, err)
	}
	return s, nil
}

func (s *store) load(tx *bbolt.Tx) error {
	meta, err := tx.CreateBucketIfNotExists(bucketMeta)
	if err != nil {
		return err
	}
	if offset := meta.Get(keyClock); offset != nil {
		d, err := time.ParseDuration(string(offset))
		if err != nil {
			return err
		}
		s.clock.offset.Store(int64(d))
	}
	for _, name := range [][]byte{bucketWebhooks, bucketEvents, bucketAttempts, bucketDeliveries} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	if err := s.loadAttempts(tx); err != nil {
		return err
	}
	return tx.Bucket(bucketWebhooks).ForEach(func(k, v []byte) error {
		r := record{sequence: binary.BigEndian.Uint64(k)}
		if err := json.Unmarshal(v, &r); err != nil {
			return err
		}
		s.keep(&r)
		return nil
	})
}

func (s *store) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.db.Sync(), s.db.Close())
}

// keep puts a record that is in the file, or about to be, into memory.
func (s *store) keep(r *record) {
	r.encoded = encode(r.Webhook)
	i, found := s.index(r)
	if found {
		s.records[i] = r
	} else {
		s.records = slices.Insert(s.records, i, r)
	}
	s.byID[r.Webhook.ID] = r
}

func (s *store) index(r *record) (int, bool) {
	return slices.BinarySearchFunc(s.records, r, func(a, b *record) int {
		return cmp.Compare(a.sequence, b.sequence)
	})
}

// write puts r into the file, and into memory when the file has it.
func (s *store) write(r *record) error {
	err := s.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucketWebhooks)
		if r.sequence == 0 {
			r.sequence, _ = b.NextSequence()
		}
		return b.Put(sequenceKey(r.sequence), encode(r))
	})
	if err == nil {
		s.keep(r)
	}
	return err
}

func sequenceKey(sequence uint64) []byte {
	return binary.BigEndian.AppendUint64(nil, sequence)
}

// list holds the records of a mode in the order of their creation.
func (s *store) list(live bool) []*record {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var records []*record
	for _, r := range s.records {
		if r.Webhook.LiveMode == live {
			records = append(records, r)
		}
	}
	return records
}

func (s *store) get(live bool, id string) (*record, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.find(live, id)
}

func (s *store) find(live bool, id string) (*record, error) {
	r := s.byID[id]
	if r == nil || r.Webhook.LiveMode != live {
		e := newError(http.StatusNotFound, "not_found", "There is no webhook %q in %s mode.", id, modeName(live))
		e.problems[0].Parameter = "id"
		return nil, e
	}
	return r, nil
}

// create stores the record that build makes.
func (s *store) create(build func() record) (*record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := build()
	return &r, s.write(&r)
}

// update replaces a record by what edit makes of it. Edit must not change what
// its argument's slices and pointers lead to.
func (s *store) update(live bool, id string, edit func(*record) error) (*record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.find(live, id)
	if err != nil {
		return nil, err
	}
	r := *old
	if err := edit(&r); err != nil {
		return nil, err
	}
	return &r, s.write(&r)
}

func (s *store) delete(live bool, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(live, id)
	if err != nil {
		return err
	}
	err = s.db.Update(func(tx *bbolt.Tx) error {
		if err := s.dropAttempts(tx, id); err != nil {
			return err
		}
		return tx.Bucket(bucketWebhooks).Delete(sequenceKey(r.sequence))
	})
	if err != nil {
		return err
	}
	maps.DeleteFunc(s.pending, func(_ string, a attempt) bool { return a.WebhookID == id })
	i, _ := s.index(r)
	s.records = slices.Delete(s.records, i, i+1)
	delete(s.byID, id)
	return nil
}

// advance moves the clock on, also for the next sandbox on this file.
func (s *store) advance(d time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	offset := time.Duration(s.clock.offset.Load())
	if offset+d < offset {
		return badRequest(codeInvalid, "advance", "The clock cannot go on that far.")
	}
	err := s.db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketMeta).Put(keyClock, []byte((offset + d).String()))
	})
	if err == nil {
		s.clock.offset.Store(int64(offset + d))
	}
	return err
}

// reset empties the file and sets the clock back to real time.
func (s *store) reset() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{bucketMeta, bucketWebhooks, bucketEvents, bucketAttempts, bucketDeliveries} {
			if err := tx.DeleteBucket(name); err != nil {
				return err
			}
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.records, s.byID, s.pending = nil, map[string]*record{}, map[string]attempt{}
	s.clock.offset.Store(0)
	return nil
}
