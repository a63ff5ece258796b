// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"sync"
	"time"

	"libsmp/smp/internal/shim"
)

// Phase of a transfer.
type Phase int

// The phases.
const (
	PhaseStarting Phase = iota // the device may be erasing
	PhaseSending
	PhaseDone
	PhasePaused       // the reader or writer is slow
	PhaseReconnecting // the link is down, and waited for
)

// Progress says how far a transfer is.
type Progress struct {
	Phase  Phase
	Done   int64         // bytes the device has confirmed
	Total  int64         // bytes in all
	Start  int64         // what the device had already
	Rate   int64         // bytes a second, 0 while unknown
	Left   time.Duration // estimated, 0 while unknown
	Chunk  int           // bytes of data in the last packet
	Window int           // packets that may be on the way
}

// TransferOptions say how to send or fetch; zero means default.
type TransferOptions struct {
	// Progress is called, in the goroutine that called the transfer, after each answer that moved
	// it; of those that come while it runs only the newest counts.
	Progress func(Progress)

	Window     int           // most packets on the way.  Default: the session's
	Chunk      int           // most bytes of data in a packet.  Default: what fits
	FirstChunk time.Duration // patience while the device erases
	Stall      time.Duration // without progress for so long it ends

	// Pauser, if there is one, stops and continues it.
	Pauser *Pauser

	// Resume, of files only.  Downloading: how many bytes are here already.  Uploading: not 0 goes
	// on where the device's file ends.
	Resume int64
}

func (o *TransferOptions) c() shim.TransferOptions {
	return shim.TransferOptions{
		Window: count(o.Window), Chunk: count(o.Chunk), FirstChunk: milliseconds(o.FirstChunk),
		Stall: milliseconds(o.Stall), Resume: uint64(max(0, o.Resume)),
	}
}

// UploadOptions say how to upload an image; zero means default.
type UploadOptions struct {
	TransferOptions
	Image   int  // number of the image, 0 for the application
	Upgrade bool // let the device refuse what is not newer
	// Hash is the image's own, as [ParseImage] gives it: when the device's last answer is lost, it
	// tells that all had arrived.
	Hash []byte
}

// Upload sends an image, as fast as the device takes it; it takes up an interrupted upload of the
// same bytes where that stopped.  From a reader that can seek (a file, a bytes.Reader) it sends
// what lies ahead, reading it twice; all else is read into memory first.  options may be nil.
func (g ImgCommands) Upload(ctx context.Context, image io.Reader, options *UploadOptions) error {
	const op = "img upload"
	if options == nil {
		options = &UploadOptions{}
	}
	src, err := newSource(image)
	if err != nil {
		return &Error{Op: op, Code: ErrSource, Err: err}
	}
	sha := sha256.New()
	if _, err := io.Copy(sha, src); err != nil {
		return &Error{Op: op, Code: ErrSource, Err: err}
	}
	t := newTransfer(op, g.s, &options.TransferOptions)
	t.read = src.block
	_, err = t.run(ctx, func(c *shim.Shim) int64 {
		return c.ImgUpload(g.s.handle, src.size, count(options.Image), options.Upgrade,
			[32]byte(sha.Sum(nil)), options.Hash, options.c())
	})
	return err
}

// Upload sends a file; see [ImgCommands.Upload] about readers.  An empty file: [FSCommands.UploadChunk].
// options may be nil.
func (g FSCommands) Upload(ctx context.Context, name string, file io.Reader, options *TransferOptions) error {
	const op = "fs upload"
	src, err := newSource(file)
	if err != nil {
		return &Error{Op: op, Code: ErrSource, Err: err}
	}
	t := newTransfer(op, g.s, options)
	t.read = src.block
	_, err = t.run(ctx, func(c *shim.Shim) int64 {
		return c.FSUpload(g.s.handle, name, src.size, t.options.c())
	})
	return err
}

// Download fetches a file and writes it, in order, to w.  It returns the number of bytes written.
// options may be nil.
func (g FSCommands) Download(ctx context.Context, name string, w io.Writer, options *TransferOptions) (int64, error) {
	t := newTransfer("fs download", g.s, options)
	t.sorter = sorter{w: w, next: uint64(max(0, t.options.Resume))}
	return t.run(ctx, func(c *shim.Shim) int64 {
		return c.FSDownload(g.s.handle, name, t.options.c())
	})
}

/* ---- what is sent ---- */

// A source is what lies ahead in a reader that can seek.
type source struct {
	io.Reader // once, from begin to end
	seeker    io.ReadSeeker
	base      int64
	size      int64
}

// newSource finds out what lies ahead; pipes and the like are read into memory.
func newSource(r io.Reader) (*source, error) {
	if r == nil {
		return nil, errors.New("no reader")
	}
	if s, ok := r.(io.ReadSeeker); ok {
		base, err := s.Seek(0, io.SeekCurrent)
		if err == nil {
			return seekable(s, base)
		}
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return seekable(bytes.NewReader(data), 0)
}

func seekable(s io.ReadSeeker, base int64) (*source, error) {
	end, err := s.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	if _, err = s.Seek(base, io.SeekStart); err != nil {
		return nil, err
	}
	size := end - base
	if size <= 0 {
		return nil, errors.New("nothing to send")
	}
	return &source{io.LimitReader(s, size), s, base, size}, nil
}

func (s *source) block(offset uint64, n int) ([]byte, error) {
	block := make([]byte, n)
	if _, err := s.seeker.Seek(s.base+int64(offset), io.SeekStart); err != nil {
		return nil, err
	}
	_, err := io.ReadFull(s.seeker, block)
	return block, err
}

/* ---- what is received ---- */

// A sorter writes parts that come in any order in the right one.  The parts that wait are as few
// as the packets on the way.
type sorter struct {
	w       io.Writer
	next    uint64
	early   map[uint64][]byte
	written int64
}

func (s *sorter) put(offset uint64, part []byte) error {
	if offset != s.next {
		if s.early == nil {
			s.early = map[uint64][]byte{}
		}
		s.early[offset] = part
		return nil
	}
	for ok := true; ok; part, ok = s.early[s.next] {
		delete(s.early, s.next)
		n, err := s.w.Write(part)
		s.written += int64(n)
		if err == nil && n < len(part) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return err
		}
		s.next += uint64(len(part))
	}
	return nil
}

/* ---- a transfer under way ---- */

// A transfer is an operation that reads or writes.
type transfer struct {
	operation
	options TransferOptions
	read    func(offset uint64, n int) ([]byte, error)
	sorter  sorter
	failure error // of reader or writer

	// Why it stands still; under the operation's lock.
	slow bool // the writer is
	held bool // the program wants it to
}

// Parts received that may wait for the writer before the device has to.
const (
	partsMost = 64
	partsFew  = 16
)

func newTransfer(name string, s *Session, options *TransferOptions) *transfer {
	t := &transfer{operation: newOperation(s, name)}
	t.put = t.fill
	if options != nil {
		t.options = *options
	}
	return t
}

// fill makes the device wait when too much waits here.
func (t *transfer) fill(*shim.Event) {
	if len(t.todo) >= partsMost && !t.slow {
		t.slow = true
		t.session.loop.shim.TransferPause(t.handle)
	}
}

// hold stops it, or lets it go on, for the program.
func (t *transfer) hold(held bool) {
	t.session.loop.do(func(c *shim.Shim) {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.held = held; held {
			c.TransferPause(t.handle)
		} else if !t.slow {
			c.TransferContinue(t.handle)
		}
	})
}

// keepGoing ends the wait once the writer has caught up.
func (t *transfer) keepGoing() {
	t.mu.Lock()
	again := t.slow && len(t.todo) < partsFew
	t.mu.Unlock()
	if !again {
		return
	}
	t.session.loop.do(func(c *shim.Shim) {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.slow = false; !t.held {
			c.TransferContinue(t.handle)
		}
	})
}

func (t *transfer) run(ctx context.Context, begin func(*shim.Shim) int64) (int64, error) {
	if pauser := t.options.Pauser; pauser != nil {
		started := begin
		begin = func(c *shim.Shim) int64 {
			handle := started(c)
			if handle > 0 && pauser.enter(t) {
				t.held = true
				c.TransferPause(handle)
			}
			return handle
		}
		defer pauser.leave(t)
	}
	_, err := t.operation.run(ctx, begin, t.work)
	if t.failure != nil && t.read == nil {
		err = &Error{Op: t.name, Code: ErrSink, Err: t.failure}
	} else if t.failure != nil && err != nil {
		err = &Error{Op: t.name, Code: ErrSource, Err: t.failure}
	}
	return t.sorter.written, err
}

func (t *transfer) work(ev *shim.Event) {
	switch ev.Kind {
	case shim.Progress:
		if p := &ev.Progress; t.options.Progress != nil {
			t.options.Progress(Progress{
				Phase: Phase(p.Phase), Done: int64(p.Done), Total: int64(p.Total),
				Start: int64(p.Start), Rate: int64(p.Rate),
				Left:  time.Duration(p.Left) * time.Millisecond,
				Chunk: int(p.Chunk), Window: int(p.Window),
			})
		}
	case shim.Read:
		block, err := t.read(ev.Offset, ev.Len)
		t.session.loop.do(func(c *shim.Shim) {
			if err == nil {
				c.SourceData(t.handle, ev.Offset, block)
			} else if t.failure == nil {
				t.failure = err
				c.TransferFail(t.handle)
			}
		})
	case shim.Write:
		if t.failure == nil {
			if t.failure = t.sorter.put(ev.Offset, ev.Payload); t.failure != nil {
				t.session.loop.do(func(c *shim.Shim) { c.TransferFail(t.handle) })
			}
		}
	}
	t.keepGoing()
}

// A Pauser stops transfers and lets them go on, from any goroutine; the zero value is ready.  One
// may serve several transfers.  A paused transfer keeps what it has; a device may give up an
// upload that it hears nothing of for long.
type Pauser struct {
	mu      sync.Mutex
	paused  bool
	running map[*transfer]bool
}

// Pause stops sending: what is on the way is still answered.
func (p *Pauser) Pause() { p.set(true) }

// Resume goes on.
func (p *Pauser) Resume() { p.set(false) }

func (p *Pauser) set(paused bool) {
	p.mu.Lock()
	p.paused = paused
	var running []*transfer
	for t := range p.running {
		running = append(running, t)
	}
	p.mu.Unlock()
	for _, t := range running {
		t.hold(paused)
	}
}

// enter adds a transfer, and says whether it has to wait.
func (p *Pauser) enter(t *transfer) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running == nil {
		p.running = map[*transfer]bool{}
	}
	p.running[t] = true
	return p.paused
}

func (p *Pauser) leave(t *transfer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.running, t)
}
