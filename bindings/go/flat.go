// SPDX-License-Identifier: Apache-2.0

package smp

import "encoding/binary"

// Messages travel between Go and C in a flat form, described in bindings/shim/README.md.  The
// generated types read and write themselves with what is here.

// A message knows its rows.
type message interface {
	encode(*writer)
	decode(*reader)
}

// kind of an item: enum smp_kind.
const (
	kindNone = iota
	kindBool
	kindUint
	kindInt
	kindStr
	kindBytes
	kindValue
	kindRecord
	kindList
	kindMap
	kindCBOR
)

type writer struct {
	b    []byte
	rows int // of the record that is being written
}

// record begins a record; end(record()) ends it.
func (w *writer) record() (at, outer int) {
	w.b = append(w.b, kindRecord, 0, 0)
	outer, w.rows = w.rows, 0
	return len(w.b) - 2, outer
}

func (w *writer) end(at, outer int) {
	binary.LittleEndian.PutUint16(w.b[at:], uint16(w.rows))
	w.rows = outer
}

func (w *writer) row(row int) {
	w.b = binary.LittleEndian.AppendUint16(w.b, uint16(row))
	w.rows++
}

func (w *writer) bool(v bool) {
	n := byte(0)
	if v {
		n = 1
	}
	w.b = append(w.b, kindBool, n)
}

func (w *writer) uint(v uint64) {
	w.b = binary.LittleEndian.AppendUint64(append(w.b, kindUint), v)
}

func (w *writer) int(v int64) {
	w.b = binary.LittleEndian.AppendUint64(append(w.b, kindInt), uint64(v))
}

func (w *writer) count(kind byte, n int) {
	w.b = binary.LittleEndian.AppendUint32(append(w.b, kind), uint32(n))
}

func (w *writer) str(v string) {
	w.count(kindStr, len(v))
	w.b = append(w.b, v...)
}

func (w *writer) bytes(v []byte) {
	w.count(kindBytes, len(v))
	w.b = append(w.b, v...)
}

func (w *writer) value(v Value) {
	switch v := v.(type) {
	case nil:
		w.b = append(w.b, kindNone)
	case bool:
		w.bool(v)
	case int:
		w.int(int64(v))
	case int8:
		w.int(int64(v))
	case int16:
		w.int(int64(v))
	case int32:
		w.int(int64(v))
	case int64:
		w.int(v)
	case uint:
		w.uint(uint64(v))
	case uint8:
		w.uint(uint64(v))
	case uint16:
		w.uint(uint64(v))
	case uint32:
		w.uint(uint64(v))
	case uint64:
		w.uint(v)
	case string:
		w.str(v)
	case []byte:
		w.bytes(v)
	case CBOR:
		w.count(kindCBOR, len(v))
		w.b = append(w.b, v...)
	default:
		// No such kind: the library refuses the request, nothing is sent.
		w.b = append(w.b, 0xff)
	}
}

func encodeList[T any](w *writer, kind byte, list []T, encode func(*writer, *T)) {
	w.count(kind, len(list))
	for i := range list {
		encode(w, &list[i])
	}
}

// A reader reads what the C side wrote: it is complete, and rows of newer libraries are skipped.
type reader struct{ b []byte }

func (r *reader) take(n int) []byte {
	taken := r.b[:n:n]
	r.b = r.b[n:]
	return taken
}

func (r *reader) kind() byte     { return r.take(1)[0] }
func (r *reader) row() int       { return int(binary.LittleEndian.Uint16(r.take(2))) }
func (r *reader) size() int      { return int(binary.LittleEndian.Uint32(r.take(4))) }
func (r *reader) number() uint64 { return binary.LittleEndian.Uint64(r.take(8)) }

// record begins a record and returns the number of its rows.
func (r *reader) record() int {
	r.kind()
	return r.row()
}

func (r *reader) bool() bool    { return r.take(2)[1] != 0 }
func (r *reader) uint() uint64  { r.kind(); return r.number() }
func (r *reader) int() int64    { return int64(r.uint()) }
func (r *reader) bytes() []byte { r.kind(); return r.take(r.size()) }
func (r *reader) str() string   { return string(r.bytes()) }
func (r *reader) elements() int { r.kind(); return r.size() }

func (r *reader) value() Value {
	switch r.b[0] {
	case kindBool:
		return r.bool()
	case kindUint:
		return r.uint()
	case kindInt:
		return r.int()
	case kindStr:
		return r.str()
	case kindBytes:
		return r.bytes()
	case kindCBOR:
		return CBOR(r.bytes())
	default: // NONE
		r.kind()
		return nil
	}
}

func (r *reader) skip() {
	switch r.b[0] {
	case kindRecord:
		for n := r.record(); n > 0; n-- {
			r.row()
			r.skip()
		}
	case kindList, kindMap:
		for n := r.elements(); n > 0; n-- {
			r.skip()
		}
	default:
		r.value()
	}
}

func decodeList[T any](r *reader, decode func(*reader, *T)) []T {
	list := make([]T, r.elements())
	for i := range list {
		decode(r, &list[i])
	}
	return list
}
