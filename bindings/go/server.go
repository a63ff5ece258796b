// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"libsmp/smp/internal/shim"
)

// A Server is a device: it answers requests.  Handlers are set in the fields of ServerGroups:
//
//	server.OS.HandleEcho(func(ctx context.Context, req *smp.OSEchoReq) (*smp.OSEchoRsp, error) {
//		return &smp.OSEchoRsp{Text: req.Text}, nil
//	})
//
// A handler's error becomes the answer: a code of the command's group (ImgRcNoImage), one of all
// groups (RcBusy), a [DeviceError] with a reason, or [NoAnswer]; any other error is answered
// RcUnknown with the error's text as reason.  A handler that panics answers RcUnknown, and the
// panic is logged.  Commands without a handler are answered RcNotSupported.
type Server struct {
	ServerGroups
	loop   *Loop
	handle int64

	ctx        context.Context // of all handlers: ends with Close
	cancel     context.CancelFunc
	concurrent bool
	queue      mailbox

	mu         sync.Mutex
	handlers   map[commandID]handler
	transports []int64
	links      []*link
	once       sync.Once
}

// ServerOptions say how a server behaves; zero means default.
type ServerOptions struct {
	BufSize  int           // largest packet in and out, header included.  Default 2048
	BufCount int           // requests that can be there at once.  Default 4
	Work     time.Duration // what each request costs, as on a slow device.  Default 0
	V1Only   bool          // answer as servers from before SMP v2
	RcAlways bool          // put rc 0 into good answers, as Zephyr up to 3.2

	// Concurrent runs handlers at the same time.  By default one request is executed after the
	// other, as devices do.
	Concurrent bool
}

// NoAnswer, returned by a handler, leaves the request without an answer.
const NoAnswer noAnswer = 0

type noAnswer int

func (noAnswer) Error() string { return "smp: no answer" }

type commandID struct {
	group uint16
	id    uint8
	op    Op
}

// A handler reads the request from the flat form; its answer may be there with an error too.
type handler func(ctx context.Context, flat []byte) (message, error)

// NewServer makes a server that listens nowhere yet.  options may be nil.
func NewServer(options *ServerOptions) (*Server, error) {
	l, err := shared()
	if err != nil {
		return nil, err
	}
	return l.NewServer(options)
}

// NewServer is like [NewServer], on this loop.
func (l *Loop) NewServer(options *ServerOptions) (*Server, error) {
	if options == nil {
		options = &ServerOptions{}
	}
	s := &Server{loop: l, concurrent: options.Concurrent, handlers: map[commandID]handler{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.ServerGroups.bind(s)
	var err error
	s.handle, err = l.submit("new server", s, func(c *shim.Shim) int64 {
		return c.ServerNew(shim.ServerOptions{
			BufSize: count(options.BufSize), BufCount: count(options.BufCount),
			WorkNS: uint64(max(0, options.Work)), V1Only: options.V1Only,
			RcAlways: options.RcAlways,
		})
	})
	if err != nil {
		s.cancel()
		return nil, err
	}
	return s, nil
}

// Listen serves an address too, and returns it with what the system chose filled in:
//
//	udp://127.0.0.1:0    "udp://[::]:1337" is every address
//	pty:/tmp/device      a pseudo-terminal, with a link to it unless the path is empty
func (s *Server) Listen(address string) (string, error) {
	op := "listen " + address
	code, text, url := int64(ErrClosed), "", ""
	s.loop.do(func(c *shim.Shim) {
		if code = c.Listen(address); code < 0 {
			text = c.OpenText()
			return
		}
		transport := code
		if code = int64(c.ServerListen(s.handle, transport)); code < 0 {
			c.Release(transport)
			return
		}
		url = c.TransportURL(transport)
		s.mu.Lock()
		s.transports = append(s.transports, transport)
		s.mu.Unlock()
	})
	if code < 0 {
		return "", &Error{Op: op, Code: ErrorCode(code), text: text}
	}
	return url, nil
}

// ServePackets serves a packet connection too, each datagram being a packet.  The server owns
// conn: Close closes it.
func (s *Server) ServePackets(conn net.PacketConn) error {
	if conn == nil {
		return failed("serve", int(ErrInvalid))
	}
	return s.serve(&packets{conn: conn, server: true})
}

// ServeStream serves one stream too, in which packets follow each other bare.  The server owns
// rw: if it has a Close method, Close calls that.
func (s *Server) ServeStream(rw io.ReadWriter) error {
	if rw == nil {
		return failed("serve", int(ErrInvalid))
	}
	return s.serve(&stream{rw: rw})
}

func (s *Server) serve(w wire) error {
	k, err := s.loop.newLink(w, 65543)
	if err != nil {
		return err
	}
	code := int(ErrClosed)
	s.loop.do(func(c *shim.Shim) { code = c.ServerListen(s.handle, k.handle) })
	if code < 0 {
		s.loop.release(k.handle)
		s.loop.forget(k.handle)
		return failed("serve", code)
	}
	s.mu.Lock()
	s.transports = append(s.transports, k.handle)
	s.links = append(s.links, k)
	s.mu.Unlock()
	k.begin()
	return nil
}

// Close ends the server; handlers that still run see their context end, and their answers go
// nowhere.  Closing twice does no harm.
func (s *Server) Close() error {
	if s == nil || s.loop == nil {
		return nil
	}
	s.once.Do(func() {
		s.cancel()
		s.mu.Lock()
		handles := append([]int64{s.handle}, s.transports...)
		links := s.links
		s.mu.Unlock()
		s.loop.release(handles...)
		s.loop.forget(handles...)
		for _, k := range links {
			k.stop()
		}
	})
	return nil
}

func (s *Server) closed() { s.cancel() }

// set sets a handler; nil removes it.
func (s *Server) set(what command, h handler) error {
	id := commandID{what.group, what.id, what.op}
	s.mu.Lock()
	if h == nil {
		delete(s.handlers, id)
	} else {
		s.handlers[id] = h
	}
	s.mu.Unlock()
	code := int(ErrClosed)
	s.loop.do(func(c *shim.Shim) {
		code = c.ServerHandle(s.handle, what.group, what.id, uint8(what.op), h != nil)
	})
	if code < 0 {
		return failed("handle "+what.name, code)
	}
	return nil
}

func (s *Server) event(ev *shim.Event) {
	if ev.Kind != shim.Request {
		return
	}
	id := commandID{ev.Header.Group, ev.Header.ID, Op(ev.Header.Op)}
	exchange, flat := ev.Exchange, ev.Flat
	s.mu.Lock()
	h := s.handlers[id]
	s.mu.Unlock()
	serve := func() {
		rsp, err := s.execute(h, flat)
		s.answer(exchange, id.group, rsp, err)
	}
	if s.concurrent {
		go serve()
	} else {
		s.queue.post(serve)
	}
}

// execute calls a handler, which may panic.
func (s *Server) execute(h handler, flat []byte) (rsp message, err error) {
	defer func() {
		if v := recover(); v != nil {
			s.loop.complain("smp: panic in a handler", "panic", v, "stack", stack())
			rsp, err = nil, &DeviceError{Global: true, Code: int64(RcUnknown), Reason: "the handler panicked"}
		}
	}()
	if h == nil {
		return nil, RcNotSupported
	}
	return h(s.ctx, flat)
}

// answer tells the C side what a handler returned.
func (s *Server) answer(exchange int64, group uint16, rsp message, err error) {
	var w writer
	if rsp != nil {
		rsp.encode(&w)
	}
	var own *DeviceError
	var code deviceCode
	rc, global, reason := int64(RcUnknown), true, ""
	switch {
	case err == nil:
		s.loop.do(func(c *shim.Shim) { s.check(c.Reply(exchange, w.sent())) })
		return
	case errors.Is(err, NoAnswer):
		s.loop.release(exchange)
		return
	case errors.As(err, &own) && (own.Global || own.Group == group):
		rc, global, reason = own.Code, own.Global, own.Reason
	case errors.As(err, &code) && speaksFor(code, group):
		_, rc, global = code.deviceCode()
	default:
		reason = err.Error()
	}
	s.loop.do(func(c *shim.Shim) {
		if global {
			s.check(c.Refuse(exchange, rc, reason))
		} else {
			s.check(c.Fail(exchange, uint16(rc), w.sent()))
		}
	})
}

// speaksFor says whether a command of that group can answer with that code.
func speaksFor(code deviceCode, group uint16) bool {
	of, _, global := code.deviceCode()
	return global || of == group
}

// Refuse is an error for handlers: a code of all groups, with a reason in words.
func Refuse(rc Rc, reason string) error {
	return &DeviceError{Op: "handler", Global: true, Code: int64(rc), Reason: reason, line: reason}
}

// check tells of answers that could not be sent: the handler made a mistake.
func (s *Server) check(code int) {
	if code < 0 && ErrorCode(code) != ErrClosed {
		s.loop.logs.post(func() {
			s.loop.complain(fmt.Sprintf("smp: an answer could not be sent: %v", ErrorCode(code)))
		})
	}
}

// handleWith makes a handler of a typed function, whatever request and response have.
func handleWith[Req, Rsp any, P interface {
	*Req
	message
}, Q interface {
	*Rsp
	message
}](s *Server, what command, f func(context.Context, *Req) (*Rsp, error)) error {
	if f == nil {
		return s.set(what, nil)
	}
	return s.set(what, func(ctx context.Context, flat []byte) (message, error) {
		req := new(Req)
		if len(flat) > 0 {
			P(req).decode(&reader{flat})
		}
		rsp, err := f(ctx, req)
		if rsp == nil {
			return nil, err
		}
		return Q(rsp), err
	})
}

// empty is a message without fields.
type empty struct{}

func (*empty) encode(*writer) {}
func (*empty) decode(*reader) {}
