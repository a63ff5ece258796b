// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"context"
	"sync"

	"libsmp/smp/internal/shim"
)

// An Op says whether a command reads or writes.
type Op uint8

// The ops of requests.
const (
	Read  Op = 0
	Write Op = 2
)

// A command, as the generated calls name it.
type command struct {
	group uint16
	id    uint8
	op    Op
	name  string // for errors: "os echo"
}

// A call is one request under way.
type call struct {
	name    string
	session *Session
	raw     bool          // the answer's CBOR is wanted
	end     chan struct{} // gets one token when all below is set

	has     bool // there was an answer with fields
	flat    []byte
	payload []byte
	err     error
}

// Calls are used again: ten thousand goroutines that ask over and over make no garbage.
var calls = sync.Pool{New: func() any { return &call{end: make(chan struct{}, 1)} }}

// done gives a call back.
func (c *call) done() {
	*c = call{end: c.end}
	calls.Put(c)
}

func (c *call) event(ev *shim.Event) {
	if ev.Kind != shim.Done {
		return
	}
	c.has, c.flat = ev.HasRecord, ev.Flat
	if c.raw {
		c.payload = c.session.loop.shim.Payload() // the lock is held
	}
	c.err = eventError(c.name, ev)
	c.end <- struct{}{}
}

func (c *call) closed() {
	c.err = failed(c.name, int(ErrClosed))
	c.end <- struct{}{}
}

// wait waits for the end, which a context can bring about early: then too the library has the
// last word, so that an answer that was just in time is not lost.
func (l *Loop) wait(ctx context.Context, handle int64, end <-chan struct{}) (canceled bool) {
	select {
	case <-end: // mostly, in tests: the answer came while it was sent
		return false
	default:
	}
	select {
	case <-end:
		return false
	case <-ctx.Done():
		l.do(func(s *shim.Shim) { s.Cancel(handle) })
		<-end
		return true
	}
}

// run submits a request and waits.  What it returns is to be given back with done.
func (s *Session) run(ctx context.Context, name string, raw bool, submit func(*shim.Shim) int64) (*call, error) {
	if s == nil || s.loop == nil {
		return nil, failed(name, int(ErrInvalid))
	}
	if ctx.Err() != nil {
		return nil, canceled(name, ctx)
	}
	c := calls.Get().(*call)
	c.name, c.session, c.raw = name, s, raw
	handle, err := s.loop.submit(name, c, submit)
	if err != nil {
		c.done()
		return nil, err
	}
	if s.loop.wait(ctx, handle, c.end) && isCanceled(c.err) {
		c.err = canceled(name, ctx)
	}
	return c, nil
}

func isCanceled(err error) bool {
	e, ok := err.(*Error)
	return ok && e.Code == ErrCanceled
}

// Buffers for requests: copied by the C side during the call.
var writers = sync.Pool{New: func() any { return new(writer) }}

// ask sends a command by its table.  The answer is nil when none came, empty when it has no
// fields; it may be there with an error too.
func (s *Session) ask(ctx context.Context, what command, req message) ([]byte, error) {
	w := writers.Get().(*writer)
	defer writers.Put(w)
	w.b = w.b[:0]
	if req != nil {
		req.encode(w)
	}
	c, err := s.run(ctx, what.name, false, func(sh *shim.Shim) int64 {
		return sh.Call(s.handle, what.group, what.id, uint8(what.op), w.sent())
	})
	if err != nil {
		return nil, err
	}
	defer c.done()
	if c.has && c.flat == nil {
		return []byte{}, c.err
	}
	return c.flat, c.err
}

// sent is nil when nothing was written.
func (w *writer) sent() []byte {
	if len(w.b) == 0 {
		return nil
	}
	return w.b
}

// do sends a command whose answer has no fields.
func do(ctx context.Context, s *Session, what command, req message) error {
	_, err := s.ask(ctx, what, req)
	return err
}

// answer sends a command and reads its answer, which may be there with an error too.
func answer[T any, P interface {
	*T
	message
}](ctx context.Context, s *Session, what command, req message) (*T, error) {
	flat, err := s.ask(ctx, what, req)
	if err != nil && flat == nil {
		return nil, err
	}
	rsp := new(T)
	if len(flat) > 0 {
		P(rsp).decode(&reader{flat})
	}
	return rsp, err
}

// Request sends any CBOR to any group and command, and returns the CBOR of the answer: what there
// is no call for.  cbor nil: an empty map.  If the device refuses, its answer comes with the
// [DeviceError].
func (s *Session) Request(ctx context.Context, group uint16, id uint8, op Op, cbor []byte) ([]byte, error) {
	c, err := s.run(ctx, "request", true, func(sh *shim.Shim) int64 {
		return sh.Request(s.handle, group, id, uint8(op), cbor)
	})
	if err != nil {
		return nil, err
	}
	defer c.done()
	return c.payload, c.err
}
