// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"encoding/json"
	"fmt"
)

// Opt is a value that may be missing on the wire, where missing and zero differ: erasing without
// a slot is not erasing slot 0.  V is zero when Valid is false, so reading V alone is safe.
type Opt[T any] struct {
	V     T
	Valid bool
}

// Some is a value that is there.
func Some[T any](v T) Opt[T] { return Opt[T]{v, true} }

// Or is the value, or what to take in its place.
func (o Opt[T]) Or(otherwise T) T {
	if o.Valid {
		return o.V
	}
	return otherwise
}

// IsZero says that it is missing.
func (o Opt[T]) IsZero() bool { return !o.Valid }

// String is the value's text, or "-".
func (o Opt[T]) String() string {
	if !o.Valid {
		return "-"
	}
	return fmt.Sprint(o.V)
}

// MarshalJSON writes the value, or null.
func (o Opt[T]) MarshalJSON() ([]byte, error) {
	if !o.Valid {
		return []byte("null"), nil
	}
	return json.Marshal(o.V)
}

// UnmarshalJSON reads a value, or null.
func (o *Opt[T]) UnmarshalJSON(data []byte) error {
	*o = Opt[T]{}
	if string(data) == "null" {
		return nil
	}
	if err := json.Unmarshal(data, &o.V); err != nil {
		return err
	}
	o.Valid = true
	return nil
}

// Value is a field that has more than one wire type: nil (missing), bool, uint64, int64 (negative
// numbers when it came from a device), string, []byte, or [CBOR] for all else.  Where a Value is
// sent, every integer type may be given.
type Value any

// CBOR is one item as it stands on the wire.
type CBOR []byte
