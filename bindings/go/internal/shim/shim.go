// SPDX-License-Identifier: Apache-2.0

// Package shim is the C shim of the bindings, seen from Go: nothing but calls and copies.
//
// The C files beside this one are copies of bindings/shim (bindings/go/generate.sh), so that the
// module is whole by itself.  One call at a time on one Shim: package smp holds a lock.
package shim

/*
#cgo pkg-config: smp
#cgo CFLAGS: -std=c11 -D_POSIX_C_SOURCE=200809L
#include "shim.h"
#include <stdlib.h>

// An event and its record, in one crossing, and whether others wait.
struct fetched {
	const struct shim_event *event;
	struct smp_bytes flat;
	bool more;
};
static struct fetched fetch(struct shim *shim)
{
	struct fetched got = {.event = shim_next(shim)};
	if (got.event && got.event->record)
		got.flat = shim_event_flat(shim);
	got.more = shim_pending(shim) > 0;
	return got;
}
static struct fetched turn(struct shim *shim)
{
	shim_process(shim);
	return fetch(shim);
}
*/
import "C"

import (
	"syscall"
	"unsafe"
)

// What happened: enum shim_event_kind.
const (
	Done     = C.SHIM_DONE
	Progress = C.SHIM_PROGRESS
	Link     = C.SHIM_LINK
	Log      = C.SHIM_LOG
	Read     = C.SHIM_READ
	Write    = C.SHIM_WRITE
	Send     = C.SHIM_SEND
	Reset    = C.SHIM_RESET
	Request  = C.SHIM_REQUEST
	Overrun  = C.SHIM_OVERRUN
	Starved  = C.SHIM_STARVED
	Console  = C.SHIM_CONSOLE
	Drained  = C.SHIM_DRAINED
	Update   = C.SHIM_UPDATE
	Step     = C.SHIM_STEP
	Decide   = C.SHIM_DECIDE
	Reopen   = C.SHIM_REOPEN
)

// Where a transfer's data are: enum shim_source.
const (
	Copy = C.SHIM_COPY
	Pull = C.SHIM_PULL
)

// Shim is one loop with its queue of events.
type Shim struct {
	c       *C.struct_shim
	current *C.struct_shim_event // what was fetched last
	more    bool                 // events wait
}

// Header of a packet.
type Header struct {
	Op, Version, ID uint8
	Group           uint16
}

// Code is what a device's code means; empty when not known.
type Code struct{ Name, Text, Hint string }

// TransferProgress is struct smp_progress.
type TransferProgress struct {
	Phase                          int
	Done, Total, Start, Rate, Left uint64
	Chunk, Window                  uint32
}

// UpdateProgress is struct smp_update_progress.
type UpdateProgress struct {
	Phase                          int
	LinkDown                       bool
	Done, Total, Start, Rate, Left uint64
}

// Event is struct shim_event.  All it refers to is Go's own.
type Event struct {
	Kind      int
	Handle    int64
	Err       int
	Errno     syscall.Errno
	Header    Header
	HasRecord bool
	Flat      []byte // the record
	Payload   []byte
	FromGroup bool
	Group     uint16
	RC        int64
	Reason    string
	Key       string
	Text      string
	Code      Code
	Progress  TransferProgress
	Update    UpdateProgress
	Offset    uint64
	Len       int
	Exchange  int64
	Transport int64
	Peer      string
	Level     int
}

// Options are struct shim_options.
type Options struct {
	Log      bool
	LogLevel int
	Requests uint32
	Arena    uint32
}

// New makes a shim; nil: no memory, or no descriptors.
func New(options Options) *Shim {
	c := C.shim_new(&C.struct_shim_options{
		log:       C.bool(options.Log),
		log_level: C.enum_smp_log_level(options.LogLevel),
		requests:  C.uint32_t(options.Requests),
		arena:     C.uint32_t(options.Arena),
	})
	if c == nil {
		return nil
	}
	return &Shim{c: c}
}

// Free closes everything and gives the memory back.
func (s *Shim) Free() { C.shim_free(s.c) }

// FD is the descriptor to watch, or an error.
func (s *Shim) FD() int { return int(C.shim_fd(s.c)) }

// Objects counts what is not released.
func (s *Shim) Objects() int { return int(C.shim_objects(s.c)) }

// Release gives an object up.
func (s *Shim) Release(handle int64) int { return int(C.shim_release(s.c, C.int64_t(handle))) }

// Payload is the raw answer of the event that was fetched last.
func (s *Shim) Payload() []byte { return bytes(s.current.payload) }

// Promise says that Turn follows, so that nothing is done to wake the pump meanwhile.
func (s *Shim) Promise() { C.shim_promise(s.c) }

// Turn does what is due, and fetches the first event.
func (s *Shim) Turn(e *Event) bool { return s.take(C.turn(s.c), e) }

// Next fetches the next one.  What was queued since Turn makes the descriptor readable.
func (s *Shim) Next(e *Event) bool { return s.more && s.take(C.fetch(s.c), e) }

func (s *Shim) take(got C.struct_fetched, e *Event) bool {
	c := got.event
	s.current, s.more = c, bool(got.more)
	if c == nil {
		return false
	}
	*e = Event{
		Kind:   int(c.kind),
		Handle: int64(c.handle),
		Err:    int(c.error),
	}
	if c.record != nil {
		e.HasRecord = true
		e.Flat = bytes(got.flat)
	}
	switch c.kind {
	case C.SHIM_DONE:
		if e.Err != 0 {
			e.fillError(c)
		}
	case C.SHIM_UPDATE, C.SHIM_STEP:
		p := &c.update
		e.Update = UpdateProgress{
			Phase: int(p.phase), LinkDown: bool(p.link_down),
			Done: uint64(p.done), Total: uint64(p.total), Start: uint64(p.start),
			Rate: uint64(p.rate), Left: uint64(p.left_ms),
		}
	case C.SHIM_REQUEST:
		e.Header = Header{Op: uint8(c.header.op), Version: uint8(c.header.version),
			ID: uint8(c.header.id), Group: uint16(c.header.group)}
		e.Exchange = int64(c.exchange)
		e.Transport = int64(c.transport)
	case C.SHIM_PROGRESS:
		p := &c.progress
		e.Progress = TransferProgress{
			Phase: int(p.phase),
			Done:  uint64(p.done), Total: uint64(p.total), Start: uint64(p.start),
			Rate: uint64(p.rate), Left: uint64(p.left_ms),
			Chunk: uint32(p.chunk), Window: uint32(p.window),
		}
	case C.SHIM_READ:
		e.Offset = uint64(c.offset)
		e.Len = int(c.len)
	case C.SHIM_WRITE, C.SHIM_CONSOLE:
		e.Offset = uint64(c.offset)
		e.Payload = bytes(c.payload)
	case C.SHIM_SEND:
		e.Payload = bytes(c.payload)
		e.Peer = C.GoStringN((*C.char)(unsafe.Pointer(&c.peer.data[0])), C.int(c.peer.len))
	case C.SHIM_LOG:
		e.Level = int(c.level)
		e.Text = C.GoString(c.text)
	case C.SHIM_LINK:
		e.Errno = syscall.Errno(c.system_error)
	}
	return true
}

func (e *Event) fillError(c *C.struct_shim_event) {
	e.Errno = syscall.Errno(c.system_error)
	e.FromGroup = bool(c.from_group)
	e.Group = uint16(c.group)
	e.RC = int64(c.rc)
	e.Reason = text(c.reason)
	e.Key = C.GoString(c.key)
	e.Text = C.GoString(c.text)
	if c.code != nil {
		e.Code = Code{C.GoString(c.code.name), C.GoString(c.code.text), C.GoString(c.code.hint)}
	}
}

func bytes(b C.struct_smp_bytes) []byte {
	if b.data == nil {
		return nil
	}
	return append(make([]byte, 0, b.len), unsafe.Slice((*byte)(b.data), b.len)...)
}

func text(s C.struct_smp_str) string {
	if s.data == nil {
		return ""
	}
	return string(unsafe.Slice((*byte)(unsafe.Pointer(s.data)), s.len))
}

func pointer(data []byte) (*C.uint8_t, C.size_t) {
	return (*C.uint8_t)(unsafe.SliceData(data)), C.size_t(len(data))
}

// ErrorName and ErrorText explain an enum smp_error.
func ErrorName(code int) string { return C.GoString(C.smp_error_name(C.int(code))) }

// ErrorText is a plain sentence.
func ErrorText(code int) string { return C.GoString(C.smp_error_text(C.int(code))) }

// Version of the library.
func Version() string { return C.GoString(C.smp_version()) }
