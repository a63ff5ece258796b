// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	"libsmp/smp/internal/shim"
)

// NewPacketSession opens a session over any packet connection: each packet to and from device is
// one datagram.  With device nil conn must be a connected one.  The session owns conn: Close
// closes it.  options may be nil; its MaxPacket is what conn takes, default 1024.
func NewPacketSession(conn net.PacketConn, device net.Addr, options *SessionOptions) (*Session, error) {
	l, err := shared()
	if err != nil {
		return nil, err
	}
	return l.NewPacketSession(conn, device, options)
}

// NewPacketSession is like [NewPacketSession], on this loop.
func (l *Loop) NewPacketSession(conn net.PacketConn, device net.Addr, options *SessionOptions) (*Session, error) {
	if conn == nil {
		return nil, failed("new session", int(ErrInvalid))
	}
	return l.connect(&packets{conn: conn, device: device}, options)
}

// NewStreamSession opens a session over any stream of bytes, in which packets follow each other
// bare, as Zephyr's raw UART transport has them.  The session owns rw: if it has a Close method,
// Close calls that.  options may be nil; its MaxPacket is what the device takes, default 1024.
func NewStreamSession(rw io.ReadWriter, options *SessionOptions) (*Session, error) {
	l, err := shared()
	if err != nil {
		return nil, err
	}
	return l.NewStreamSession(rw, options)
}

// NewStreamSession is like [NewStreamSession], on this loop.
func (l *Loop) NewStreamSession(rw io.ReadWriter, options *SessionOptions) (*Session, error) {
	if rw == nil {
		return nil, failed("new session", int(ErrInvalid))
	}
	return l.connect(&stream{rw: rw}, options)
}

func (l *Loop) connect(w wire, options *SessionOptions) (*Session, error) {
	size := 0
	if options != nil {
		size = options.MaxPacket
	}
	k, err := l.newLink(w, size)
	if err != nil {
		return nil, err
	}
	if options != nil {
		k.reopen = options.Reopen
	}
	s, err := l.session("new session", k.handle, options, k)
	if err != nil {
		k.stop()
		return nil, err
	}
	k.begin()
	return s, nil
}

// A wire carries packets; what is Go's own is one of the two below.
type wire interface {
	// receive calls got for each packet, with whoever sent it, until reading fails.
	receive(got func(peer string, packet []byte)) error
	send(peer string, packet []byte) error
	reset() // forgets a packet received in part
	isStream() bool
	close()
}

// A link joins a wire and the C side: one goroutine reads, and one writes while there is
// something to write.
type link struct {
	loop   *Loop
	wire   wire
	handle int64
	out    mailbox
	reopen func() error // or nil

	mu      sync.Mutex
	reading bool
	waiting int // packets to be written
	full    bool
	stopped bool
}

// Packets that may wait to be written before the library has to wait.
const packetsMost = 32

func (l *Loop) newLink(w wire, maxPacket int) (*link, error) {
	if maxPacket <= 0 {
		maxPacket = 1024
	}
	k := &link{loop: l, wire: w}
	var err error
	k.handle, err = l.submit("new transport", k, func(c *shim.Shim) int64 {
		return c.TransportNew(w.isStream(), uint32(min(maxPacket, 65543)), 0)
	})
	if err != nil {
		return nil, err
	}
	return k, nil
}

// begin starts reading, once there is a session or server to read for, and again after a reopen.
func (k *link) begin() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.reading {
		return
	}
	k.reading = true
	go func() {
		err := k.wire.receive(func(peer string, packet []byte) {
			k.loop.do(func(c *shim.Shim) { c.TransportReceived(k.handle, peer, packet) })
		})
		k.mu.Lock()
		k.reading = false
		k.mu.Unlock()
		k.down(err)
	}()
}

// again tries to get the link back.
func (k *link) again() {
	var err error
	k.loop.protect("Reopen", func() {
		err = errors.New("panic")
		err = k.reopen()
	})
	if err == nil {
		k.wire.reset()
		k.loop.do(func(c *shim.Shim) { c.TransportUp(k.handle) })
		k.begin()
	}
}

func (k *link) down(err error) {
	reason, errno := int(ErrClosed), syscall.Errno(0)
	if errors.As(err, &errno) {
		reason = int(ErrSystem)
	}
	if errno == syscall.ECONNREFUSED {
		reason = int(ErrRefused)
	}
	k.loop.do(func(c *shim.Shim) { c.TransportDown(k.handle, reason, int(errno)) })
}

func (k *link) event(ev *shim.Event) {
	switch ev.Kind {
	case shim.Reset:
		k.wire.reset()
	case shim.Reopen:
		if k.reopen != nil {
			k.out.post(k.again)
		}
	case shim.Send:
		peer, packet := ev.Peer, ev.Payload
		k.mu.Lock()
		k.waiting++
		fill := k.waiting >= packetsMost && !k.full
		k.full = k.full || fill
		k.mu.Unlock()
		if fill {
			k.loop.shim.TransportWritable(k.handle, false) // the lock is held
		}
		k.out.post(func() { k.write(peer, packet) })
	}
}

func (k *link) write(peer string, packet []byte) {
	k.mu.Lock()
	stopped := k.stopped
	k.mu.Unlock()
	var err error
	if !stopped {
		err = k.wire.send(peer, packet)
	}
	k.mu.Lock()
	k.waiting--
	drained := k.full && k.waiting < packetsMost/2
	if drained {
		k.full = false
	}
	k.mu.Unlock()
	if drained {
		k.loop.do(func(c *shim.Shim) { c.TransportWritable(k.handle, true) })
	}
	// A datagram that cannot leave is a lost one; a stream is broken then.
	if err != nil && (k.wire.isStream() || errors.Is(err, net.ErrClosed)) {
		k.down(err)
	}
}

func (k *link) closed() { k.stop() }

func (k *link) stop() {
	k.mu.Lock()
	again := k.stopped
	k.stopped = true
	k.mu.Unlock()
	if !again {
		k.wire.close()
	}
}

/* ---- packet connections ---- */

type packets struct {
	conn   net.PacketConn
	device net.Addr // of a session; nil: connected
	server bool
	peers  peers
}

func (p *packets) receive(got func(string, []byte)) error {
	buffer := make([]byte, 65543)
	for {
		n, from, err := p.conn.ReadFrom(buffer)
		if err != nil {
			var passing interface{ Timeout() bool }
			if errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) ||
				errors.As(err, &passing) && passing.Timeout() {
				return err
			}
			if errors.Is(err, syscall.ECONNREFUSED) { // of a datagram before: requests time out
				time.Sleep(time.Millisecond)
				continue
			}
			return err
		}
		switch {
		case p.server:
			got(p.peers.name(from), buffer[:n])
		case p.device == nil || from == nil || from.String() == p.device.String():
			got("", buffer[:n])
		}
	}
}

func (p *packets) send(peer string, packet []byte) error {
	to := p.device
	if p.server {
		if to = p.peers.addr(peer); to == nil {
			return nil // forgotten: it was silent while many others came
		}
	}
	if w, ok := p.conn.(io.Writer); ok && to == nil {
		_, err := w.Write(packet)
		return err
	}
	_, err := p.conn.WriteTo(packet, to)
	return err
}

func (p *packets) reset()         {}
func (p *packets) isStream() bool { return false }
func (p *packets) close()         { p.conn.Close() }

// peers gives addresses short names, and forgets all when there are too many.
type peers struct {
	mu    sync.Mutex
	names map[string]string
	addrs map[string]net.Addr
	next  uint64
}

const peersMost = 4096

func (p *peers) name(addr net.Addr) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := addr.String()
	if name, ok := p.names[text]; ok {
		return name
	}
	if p.names == nil || len(p.names) >= peersMost {
		p.names, p.addrs = map[string]string{}, map[string]net.Addr{}
	}
	p.next++
	name := string(binary.LittleEndian.AppendUint64(nil, p.next))
	p.names[text], p.addrs[name] = name, addr
	return name
}

func (p *peers) addr(name string) net.Addr {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.addrs[name]
}

/* ---- streams ---- */

type stream struct {
	rw   io.ReadWriter
	mu   sync.Mutex
	part []byte // of a packet
}

const headerSize = 8

func (s *stream) receive(got func(string, []byte)) error {
	buffer := make([]byte, 4096)
	for {
		n, err := s.rw.Read(buffer)
		for _, packet := range s.cut(buffer[:n]) {
			got("", packet)
		}
		if err != nil {
			return err
		}
	}
}

// cut takes whole packets out of what has come: a header tells how long its packet is.
func (s *stream) cut(data []byte) [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.part = append(s.part, data...)
	var whole [][]byte
	for len(s.part) >= headerSize {
		size := headerSize + int(binary.BigEndian.Uint16(s.part[2:]))
		if len(s.part) < size {
			break
		}
		whole = append(whole, s.part[:size:size])
		s.part = append([]byte(nil), s.part[size:]...)
	}
	return whole
}

func (s *stream) send(_ string, packet []byte) error {
	_, err := s.rw.Write(packet)
	return err
}

func (s *stream) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.part = nil
}

func (s *stream) isStream() bool { return true }

func (s *stream) close() {
	if c, ok := s.rw.(io.Closer); ok {
		c.Close()
	}
}
