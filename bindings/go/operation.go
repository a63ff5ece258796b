// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"context"
	"sync"

	"libsmp/smp/internal/shim"
)

// An operation is a request that has events before its end: a transfer, an update.  The goroutine
// that called it drives it, and calls the program's functions; the loop only puts down what
// happened.
type operation struct {
	session *Session
	name    string
	handle  int64
	// put is told of each event but the last, with the loop's and the operation's locks held.
	put func(*shim.Event)
	// ended is called, unless nil, when it has ended; also under the locks.
	ended func()

	notify chan struct{} // a token: look at what is below
	mu     sync.Mutex
	todo   []shim.Event
	end    *shim.Event // nil: it goes on
	shut   bool        // the loop was closed
}

func newOperation(s *Session, name string) operation {
	return operation{session: s, name: name, notify: make(chan struct{}, 1)}
}

func (o *operation) event(ev *shim.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if ev.Kind == shim.Done {
		end := *ev
		o.end = &end
		o.finish()
	} else {
		o.todo = append(o.todo, *ev)
		if o.put != nil {
			o.put(ev)
		}
	}
	o.tell()
}

func (o *operation) closed() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.shut = true
	o.finish()
	o.tell()
}

func (o *operation) finish() {
	if o.ended != nil {
		o.ended()
	}
}

func (o *operation) tell() {
	select {
	case o.notify <- struct{}{}:
	default:
	}
}

// run begins the operation, and works on what happens until it has ended.  The last event is
// there unless the loop was closed, or nothing began.
func (o *operation) run(ctx context.Context, begin func(*shim.Shim) int64, work func(*shim.Event)) (*shim.Event, error) {
	if o.session == nil || o.session.loop == nil {
		return nil, failed(o.name, int(ErrInvalid))
	}
	if ctx.Err() != nil {
		return nil, canceled(o.name, ctx)
	}
	l := o.session.loop
	_, err := l.submit(o.name, o, func(c *shim.Shim) int64 {
		o.handle = begin(c)
		return o.handle
	})
	if err != nil {
		return nil, err
	}
	ended := false
	defer func() {
		if !ended { // a function of the caller's panicked
			l.release(o.handle)
		}
	}()
	end, err := o.drive(ctx, work)
	ended = true
	if err != nil && ctx.Err() != nil && isCanceled(err) {
		err = canceled(o.name, ctx)
	}
	return end, err
}

func (o *operation) drive(ctx context.Context, work func(*shim.Event)) (*shim.Event, error) {
	over := ctx.Done()
	for {
		select {
		case <-over:
			over = nil // the end comes all the same
			o.session.loop.do(func(c *shim.Shim) { c.Cancel(o.handle) })
			continue
		case <-o.notify:
		}
		todo, end, shut := o.take()
		for i := range todo {
			work(&todo[i])
		}
		switch {
		case end != nil:
			return end, eventError(o.name, end)
		case shut:
			return nil, failed(o.name, int(ErrClosed))
		}
	}
}

func (o *operation) take() (todo []shim.Event, end *shim.Event, shut bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	todo, o.todo = o.todo, nil
	return todo, o.end, o.shut
}
