// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"go.etcd.io/bbolt"
)

// object is one of the things that a table holds. It is never changed, but
// replaced by a changed copy.
type object interface {
	id() string   // Unique in the table.
	key() string  // Its key in the data file. Objects are in the order of their keys.
	live() bool   // Whether it belongs to live mode.
	file() []byte // The value in the data file.
}

// table holds all objects of one kind, in memory and in one bucket of the data
// file. It changes memory only once the transaction has been committed. Its
// user locks it, as [store] does.
type table[T object] struct {
	bucket []byte
	decode func(key, value []byte) (T, error)

	sorted []T
	byID   map[string]T
}

func newTable[T object](bucket string, decode func(key, value []byte) (T, error)) *table[T] {
	return &table[T]{bucket: []byte(bucket), decode: decode, byID: map[string]T{}}
}

// load reads the bucket, which it creates if it is missing.
func (t *table[T]) load(tx *bbolt.Tx) error {
	bucket, err := tx.CreateBucketIfNotExists(t.bucket)
	if err != nil {
		return err
	}
	return bucket.ForEach(func(key, value []byte) error {
		o, err := t.decode(key, value)
		if err == nil {
			t.keep(o)
		}
		return err
	})
}

// clear deletes all objects.
func (t *table[T]) clear(tx *bbolt.Tx) error {
	tx.OnCommit(func() { t.sorted, t.byID = nil, map[string]T{} })
	return recreate(tx, t.bucket)
}

// newKey returns a key after all keys that the bucket has had.
func (t *table[T]) newKey(tx *bbolt.Tx) (string, error) {
	sequence, err := tx.Bucket(t.bucket).NextSequence()
	return string(sequenceKey(sequence)), err
}

// put adds an object, or replaces the one with its id.
func (t *table[T]) put(tx *bbolt.Tx, o T) error {
	tx.OnCommit(func() { t.keep(o) })
	return tx.Bucket(t.bucket).Put([]byte(o.key()), o.file())
}

func (t *table[T]) delete(tx *bbolt.Tx, o T) error {
	tx.OnCommit(func() {
		i, found := t.index(o.key())
		if found {
			t.sorted = slices.Delete(t.sorted, i, i+1)
		}
		delete(t.byID, o.id())
	})
	return tx.Bucket(t.bucket).Delete([]byte(o.key()))
}

func (t *table[T]) keep(o T) {
	i, found := t.index(o.key())
	if found {
		t.sorted[i] = o
	} else {
		t.sorted = slices.Insert(t.sorted, i, o)
	}
	t.byID[o.id()] = o
}

func (t *table[T]) index(key string) (int, bool) {
	return slices.BinarySearchFunc(t.sorted, key, func(o T, key string) int { return cmp.Compare(o.key(), key) })
}

// get returns the object with an id in a mode.
func (t *table[T]) get(live bool, id string) (T, bool) {
	o, found := t.byID[id]
	if !found || o.live() != live {
		return *new(T), false
	}
	return o, true
}

// list returns the objects of a mode.
func (t *table[T]) list(live bool) []T {
	var list []T
	for _, o := range t.sorted {
		if o.live() == live {
			list = append(list, o)
		}
	}
	return list
}

// withPrefix returns the objects whose keys begin with prefix.
func (t *table[T]) withPrefix(prefix string) []T {
	from, _ := t.index(prefix)
	to := from
	for to < len(t.sorted) && strings.HasPrefix(t.sorted[to].key(), prefix) {
		to++
	}
	return t.sorted[from:to]
}

func sequenceKey(sequence uint64) []byte {
	return binary.BigEndian.AppendUint64(nil, sequence)
}

func recreate(tx *bbolt.Tx, bucket []byte) error {
	if err := tx.DeleteBucket(bucket); err != nil {
		return err
	}
	_, err := tx.CreateBucket(bucket)
	return err
}
