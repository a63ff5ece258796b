// SPDX-License-Identifier: Apache-2.0

// Package smp talks to devices that speak SMP (Simple Management Protocol, MCUmgr), updates their
// firmware, and can be such a device itself.  It stands on the C library libsmp.
//
//	device, err := smp.Dial(ctx, "udp://192.0.2.1:1337", nil)
//	if err != nil {
//		return err
//	}
//	defer device.Close()
//	state, err := device.Img.StateRead(ctx)
//
// There is one method for every command, in a field for each group: device.OS, device.Img,
// device.FS and so on.  Each takes a context; each may be called from any goroutine, as many at
// once as you like: the library keeps to what the device has room for.
package smp

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"libsmp/smp/internal/shim"
)

// A Session is one device.  Its commands are in the fields of Groups.
type Session struct {
	Groups
	loop      *Loop
	handle    int64
	transport int64
	link      *link // of a connection that is Go's; or nil
	url       string

	options SessionOptions
	events  mailbox
	drained chan struct{}
	once    sync.Once
}

// SessionOptions say how a session behaves; zero means default.
type SessionOptions struct {
	Timeout    time.Duration // for each try.  Default 2.5 s
	Tries      int           // of requests that may be repeated, the first included.  Default 3
	Deadline   time.Duration // of a request in all, waiting included.  Default 2 min
	Grace      time.Duration // how long an abandoned request keeps its place.  Default 4 s
	Window     int           // most requests with the device.  Default: what it has room for
	MaxPacket  int           // largest packet.  Default: what device and link take
	FirstChunk time.Duration // patience while a device erases.  Default 40 s
	Stall      time.Duration // a transfer without progress ends.  Default 30 s
	V1         bool          // speak SMP v1 from the start
	NoParams   bool          // never ask for the device's parameters
	RetryAll   bool          // repeat requests that are not idempotent too

	// Link is told when the link goes down (why), and up (nil).
	Link func(err error)
	// Reopen gets a connection of Go's own back, so that it can be read and written again.  It is
	// called about twice a second while the link is down and somebody waits for it, as [Session.Update]
	// does after a reset, until it returns nil.
	Reopen func() error
	// Console gets the text that shares a serial line with the packets.
	Console func(text []byte)
}

func (o *SessionOptions) c() shim.SessionOptions {
	return shim.SessionOptions{
		Timeout: milliseconds(o.Timeout), Tries: count(o.Tries), Deadline: milliseconds(o.Deadline),
		Grace: milliseconds(o.Grace), Window: count(o.Window), MaxPacket: count(o.MaxPacket),
		FirstChunk: milliseconds(o.FirstChunk), Stall: milliseconds(o.Stall),
		V1: o.V1, NoParams: o.NoParams, RetryAll: o.RetryAll,
	}
}

func count(n int) uint32 {
	return uint32(max(0, min(n, 1<<31-1)))
}

// Dial opens a session by URL:
//
//	udp://192.0.2.1:1337       a name works too; without a port, 1337
//	serial:///dev/ttyACM0      ?baud=115200&framing=console
//	serial://2fe3:0100         the port of a USB device
//
// It sends nothing yet.  options may be nil.
func Dial(ctx context.Context, address string, options *SessionOptions) (*Session, error) {
	l, err := shared()
	if err != nil {
		return nil, err
	}
	return l.Dial(ctx, address, options)
}

// Dial is like [Dial], on this loop.
func (l *Loop) Dial(ctx context.Context, address string, options *SessionOptions) (*Session, error) {
	op := "dial " + address
	if ctx.Err() != nil {
		return nil, canceled(op, ctx)
	}
	candidates, err := resolve(ctx, address)
	if err != nil {
		if ctx.Err() != nil {
			return nil, canceled(op, ctx)
		}
		return nil, &Error{Op: op, Code: ErrNotFound, Err: err}
	}
	for _, candidate := range candidates {
		var s *Session
		if s, err = l.open(op, candidate, options); err == nil {
			return s, nil
		}
	}
	return nil, err
}

// resolve makes the name in a UDP address numeric, without keeping the loop waiting.
func resolve(ctx context.Context, address string) ([]string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "udp" {
		return []string{address}, nil
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil || u.Hostname() == "" {
		return []string{address}, nil
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil {
		return nil, err
	}
	port := u.Port()
	if port == "" {
		port = "1337"
	}
	var all []string
	for _, ip := range found {
		all = append(all, "udp://"+net.JoinHostPort(ip.Unmap().String(), port))
	}
	return all, nil
}

// open opens one numeric address.
func (l *Loop) open(op, address string, options *SessionOptions) (*Session, error) {
	var transport int64
	var text string
	if !l.do(func(c *shim.Shim) {
		if transport = c.Open(address); transport < 0 {
			text = c.OpenText()
		}
	}) {
		return nil, failed(op, int(ErrClosed))
	}
	if transport < 0 {
		return nil, &Error{Op: op, Code: ErrorCode(transport), text: text}
	}
	s, err := l.session(op, transport, options, nil)
	if err == nil {
		s.url = address
	}
	return s, err
}

// session makes a session on a transport, which it owns from now on.
func (l *Loop) session(op string, transport int64, options *SessionOptions, link *link) (*Session, error) {
	s := &Session{loop: l, transport: transport, link: link, drained: make(chan struct{})}
	if options != nil {
		s.options = *options
	}
	s.Groups.bind(s)
	var err error
	s.handle, err = l.submit(op, s, func(c *shim.Shim) int64 {
		return c.SessionNew(transport, s.options.c())
	})
	if err != nil {
		l.release(transport)
		l.forget(transport)
		return nil, err
	}
	if s.options.Console != nil && link == nil {
		l.do(func(*shim.Shim) { l.waiting[transport] = (*console)(s) })
	}
	return s, nil
}

// event: the session's own, not those of its requests.
func (s *Session) event(ev *shim.Event) {
	switch ev.Kind {
	case shim.Drained:
		close(s.drained)
	case shim.Link:
		if s.options.Link == nil {
			return
		}
		var err error
		if ev.Err != 0 {
			e := &Error{Op: "link", Code: ErrorCode(ev.Err)}
			if ev.Errno != 0 {
				e.Err = ev.Errno
			}
			err = e
		}
		s.events.post(func() { s.loop.protect("Link", func() { s.options.Link(err) }) })
	}
}

func (s *Session) closed() {}

// A console gets the text that shares a session's serial line.
type console Session

func (c *console) event(ev *shim.Event) {
	text := ev.Payload
	c.events.post(func() { c.loop.protect("Console", func() { c.options.Console(text) }) })
}

func (c *console) closed() {}

// Print sends text to a shell that shares the serial line.
func (s *Session) Print(text string) error {
	code := int(ErrClosed)
	s.loop.do(func(c *shim.Shim) { code = c.TransportPrint(s.transport, []byte(text)) })
	if code < 0 {
		return failed("print", code)
	}
	return nil
}

// Reopen opens the serial port again after the link went down, as when a device has reset and its
// USB port was gone for a while.  Call it now and then until it succeeds.
func (s *Session) Reopen() error {
	code := int(ErrClosed)
	s.loop.do(func(c *shim.Shim) { code = c.TransportReopen(s.transport) })
	if code < 0 {
		return failed("reopen", code)
	}
	return nil
}

// Close ends the session: what is under way ends with ErrClosed.  Closing twice does no harm.
func (s *Session) Close() error {
	if s == nil || s.loop == nil {
		return nil
	}
	s.once.Do(func() {
		s.loop.release(s.handle, s.transport)
		s.loop.forget(s.handle, s.transport)
		if s.link != nil {
			s.link.stop()
		}
	})
	return nil
}

// Shutdown takes nothing new, waits until what was begun has ended, and closes.
func (s *Session) Shutdown(ctx context.Context) error {
	defer s.Close()
	code := int(ErrClosed)
	s.loop.do(func(c *shim.Shim) { code = c.SessionClose(s.handle) })
	if ErrorCode(code) == ErrClosed {
		return nil
	}
	if code < 0 {
		return failed("shutdown", code)
	}
	select {
	case <-s.drained:
		return nil
	case <-s.loop.done:
		return nil
	case <-ctx.Done():
		return canceled("shutdown", ctx)
	}
}

// URL is the address it was opened with, or "".
func (s *Session) URL() string { return s.url }

// Stats count what a session has seen, in packets.
type Stats struct {
	Sent          uint64 // requests, repeats included
	Answered      uint64 // answers that matched a request
	Repeated      uint64 // requests sent again
	Late          uint64 // answers to requests already given up
	Strange       uint64 // packets that matched nothing, or were not SMP
	Lost          uint64 // tries that timed out, or were overtaken
	BytesSent     uint64
	BytesReceived uint64
	Window        int // how many requests may be with the device
	MaxPacket     int // the largest packet, header included
}

// Stats tells what the session has seen.
func (s *Session) Stats() (Stats, error) {
	var stats Stats
	code := int(ErrClosed)
	s.loop.do(func(c *shim.Shim) {
		var got shim.SessionStats
		got, code = c.SessionStats(s.handle)
		stats = Stats{
			Sent: got.Sent, Answered: got.Answered, Repeated: got.Repeated, Late: got.Late,
			Strange: got.Strange, Lost: got.Lost, BytesSent: got.BytesSent,
			BytesReceived: got.BytesReceived,
		}
		if code == 0 {
			stats.Window, stats.MaxPacket = c.SessionWindow(s.handle), c.SessionMaxPacket(s.handle)
		}
	})
	if code < 0 {
		return Stats{}, failed("stats", code)
	}
	return stats, nil
}

// SerialPort is a serial port of this machine.
type SerialPort struct {
	Path                                    string // Dial takes it as "serial://" + Path
	Description                             string
	USB                                     bool // what follows is set
	Vendor, Product                         uint16
	Manufacturer, ProductName, SerialNumber string
}

// SerialPorts lists the serial ports, sorted by path.
func SerialPorts() ([]SerialPort, error) {
	l, err := shared()
	if err != nil {
		return nil, err
	}
	var ports []SerialPort
	n := int(ErrClosed)
	l.do(func(c *shim.Shim) {
		var found []shim.Port
		found, n = c.Ports()
		for _, port := range found {
			ports = append(ports, SerialPort(port))
		}
	})
	if n < 0 {
		return nil, failed("serial ports", n)
	}
	return ports, nil
}

// Version is that of the C library.
func Version() string { return shim.Version() }

// protect runs a function of the program's, in a goroutine that belongs to nobody: a panic there
// is told, and ends nothing but that function.
func (l *Loop) protect(what string, f func()) {
	defer func() {
		if v := recover(); v != nil {
			l.complain("smp: panic in "+what, "panic", v, "stack", stack())
		}
	}()
	f()
}
