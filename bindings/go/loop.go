// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"context"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"libsmp/smp/internal/shim"
)

// A Loop turns what sessions and servers do.  One carries thousands of them, with one goroutine.
// Most programs need not know: [Dial] and [NewServer] use one that all share.  A Loop of its own
// is for groups of one's own, for a log, or to close everything at once.
//
// All methods of all types may be called from any goroutine.
type Loop struct {
	mu      sync.Mutex // over all below: the C side takes one call at a time
	shim    *shim.Shim // nil: closed
	waiting map[int64]receiver
	ev      shim.Event // being handed out: here, because it is large

	logger *slog.Logger
	logs   mailbox
	pump   *os.File
	done   chan struct{} // the pump has ended
}

// A receiver gets the events of one handle.  It is called with the loop's lock held: it copies
// what it needs, and never blocks.
type receiver interface {
	event(*shim.Event)
	// closed: the loop is gone, there will be no more events.
	closed()
}

// LoopOptions say how a loop is; zero means default.
type LoopOptions struct {
	// Groups of the program's own: see [NewGroup].
	Groups []*Group
	// Logger gets what the library has to tell.  Default: nothing but panics of handlers, which
	// go to slog.Default().
	Logger *slog.Logger
	// MaxMessage is how much memory one decoded message may take.  Default 64 KiB.
	MaxMessage int
}

// NewLoop makes a loop, and starts its goroutine.  options may be nil.
func NewLoop(options *LoopOptions) (*Loop, error) {
	if options == nil {
		options = &LoopOptions{}
	}
	l := &Loop{logger: options.Logger, waiting: map[int64]receiver{}, done: make(chan struct{})}
	l.shim = shim.New(shim.Options{
		Log: l.logger != nil, LogLevel: logLevel(l.logger), Arena: uint32(options.MaxMessage),
	})
	if l.shim == nil {
		return nil, failed("new loop", int(ErrSystem))
	}
	for _, group := range options.Groups {
		if err := group.register(l.shim); err != nil {
			l.shim.Free()
			return nil, err
		}
	}
	if err := l.start(); err != nil {
		l.shim.Free()
		return nil, err
	}
	return l, nil
}

// start hands a copy of the loop's descriptor to Go's own poller, which watches for edges.
func (l *Loop) start() error {
	fd := l.shim.FD()
	if fd < 0 {
		return failed("new loop", fd)
	}
	own, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_DUPFD_CLOEXEC, 0)
	if errno != 0 {
		return &Error{Op: "new loop", Code: ErrSystem, Err: errno}
	}
	l.pump = os.NewFile(own, "smp loop")
	raw, err := l.pump.SyscallConn()
	if err != nil {
		l.pump.Close()
		return &Error{Op: "new loop", Code: ErrSystem, Err: err}
	}
	go func() {
		defer close(l.done)
		// Read calls the function, waits for the next edge, calls it again, ... until Close.
		// If process leaves something undone, the library makes the next edge itself.
		_ = raw.Read(func(uintptr) bool {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.turn()
			return l.shim == nil
		})
	}()
	return nil
}

// turn does what is due and hands out the events.  Called with the lock held, by the pump and by
// everyone who has submitted something: that saves the way over the descriptor.
func (l *Loop) turn() {
	if l.shim == nil {
		return
	}
	for ok := l.shim.Turn(&l.ev); ok; ok = l.shim.Next(&l.ev) {
		l.dispatch(&l.ev)
	}
}

func (l *Loop) dispatch(ev *shim.Event) {
	if ev.Kind == shim.Log {
		level, text := slogLevel(ev.Level), ev.Text
		l.logs.post(func() { l.logger.Log(context.Background(), level, text) })
		return
	}
	r := l.waiting[ev.Handle]
	if ev.Kind == shim.Done {
		delete(l.waiting, ev.Handle)
	}
	if r != nil {
		r.event(ev)
	} else if ev.Kind == shim.Request {
		l.shim.Release(ev.Exchange)
	}
}

// do runs f with the lock held, if the loop is open, and then what f made due.
func (l *Loop) do(f func(*shim.Shim)) bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shim == nil {
		return false
	}
	l.shim.Promise()
	f(l.shim)
	l.turn()
	return true
}

// submit runs f, which returns a handle or an error, and registers r for the handle's events.
func (l *Loop) submit(op string, r receiver, f func(*shim.Shim) int64) (int64, error) {
	handle := int64(ErrClosed)
	l.do(func(s *shim.Shim) {
		if handle = f(s); handle > 0 {
			l.waiting[handle] = r
		}
	})
	if handle < 0 {
		return 0, failed(op, int(handle))
	}
	return handle, nil
}

// release gives a handle up: requests end with ErrClosed, or ErrCanceled.
func (l *Loop) release(handles ...int64) {
	l.do(func(s *shim.Shim) {
		for _, handle := range handles {
			s.Release(handle)
		}
	})
}

// forget ends the deliveries of a handle that has no completion.
func (l *Loop) forget(handles ...int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, handle := range handles {
		delete(l.waiting, handle)
	}
}

// Close closes all sessions and servers on the loop: what is under way ends with ErrClosed.
// Closing twice does no harm.
func (l *Loop) Close() error {
	l.mu.Lock()
	if l.shim == nil {
		l.mu.Unlock()
		<-l.done
		return nil
	}
	l.turn() // what has arrived still counts
	s := l.shim
	l.shim = nil
	waiting := l.waiting
	l.waiting = nil
	l.mu.Unlock()

	l.pump.Close()
	<-l.done
	s.Free()
	for _, r := range waiting {
		r.closed()
	}
	return nil
}

// Objects counts sessions, servers, requests and so on that were not closed yet, for leak tests.
func (l *Loop) Objects() int {
	n := 0
	l.do(func(s *shim.Shim) { n = s.Objects() })
	return n
}

// The loop that all share.  It stays for as long as the program runs.
var shared = sync.OnceValues(func() (*Loop, error) { return NewLoop(nil) })

/* ---- logs ---- */

func logLevel(logger *slog.Logger) int {
	if logger == nil {
		return 0
	}
	for level := 4; level > 0; level-- {
		if logger.Enabled(context.Background(), slogLevel(level)) {
			return level
		}
	}
	return 0
}

func slogLevel(level int) slog.Level {
	levels := [...]slog.Level{slog.LevelError + 4, slog.LevelError, slog.LevelWarn, slog.LevelInfo,
		slog.LevelDebug}
	return levels[level]
}

// complain tells of what went wrong in the program's own functions.
func (l *Loop) complain(text string, args ...any) {
	logger := l.logger
	if logger == nil {
		logger = slog.Default()
	}
	logger.Error(text, args...)
}

func stack() string { return string(debug.Stack()) }

// milliseconds of a duration that is an option; more than fits is as much as fits.
func milliseconds(d time.Duration) uint32 {
	if d <= 0 {
		return 0
	}
	ms := (d + time.Millisecond - 1) / time.Millisecond
	if ms > 1<<32-1 {
		return 1<<32 - 1
	}
	return uint32(ms)
}
