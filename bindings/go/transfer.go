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

// A transfer is driven by the goroutine that called it: that reads, writes, and reports progress.
// The loop only puts down what is to be done.
type transfer struct {
	session *Session
	name    string
	options TransferOptions
	read    func(offset uint64, n int) ([]byte, error)
	sorter  sorter
	handle  int64
	failure error // of reader or writer

	notify chan struct{} // a token: look at what is below
	mu     sync.Mutex
	todo   []shim.Event
	done   bool
	err    error
	paused bool // the writer is slow
}

// Parts received that may wait for the writer before the device has to.
const (
	partsMost = 64
	partsFew  = 16
)

func newTransfer(name string, s *Session, options *TransferOptions) *transfer {
	t := &transfer{session: s, name: name, notify: make(chan struct{}, 1)}
	if options != nil {
		t.options = *options
	}
	return t
}

func (t *transfer) event(ev *shim.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ev.Kind == shim.Done {
		t.done, t.err = true, eventError(t.name, ev)
	} else {
		t.todo = append(t.todo, *ev)
	}
	if len(t.todo) >= partsMost && !t.paused && !t.done {
		t.paused = true
		t.session.loop.shim.TransferPause(t.handle) // the lock is held
	}
	t.tell()
}

func (t *transfer) closed() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done, t.err = true, failed(t.name, int(ErrClosed))
	t.tell()
}

func (t *transfer) tell() {
	select {
	case t.notify <- struct{}{}:
	default:
	}
}

func (t *transfer) run(ctx context.Context, begin func(*shim.Shim) int64) (int64, error) {
	if t.session == nil || t.session.loop == nil {
		return 0, failed(t.name, int(ErrInvalid))
	}
	if ctx.Err() != nil {
		return 0, canceled(t.name, ctx)
	}
	_, err := t.session.loop.submit(t.name, t, func(c *shim.Shim) int64 {
		t.handle = begin(c)
		return t.handle
	})
	if err != nil {
		return 0, err
	}
	ended := false
	defer func() {
		if !ended { // a function of the caller's panicked
			t.session.loop.release(t.handle)
		}
	}()
	err = t.drive(ctx)
	ended = true
	return t.sorter.written, err
}

// drive works until the transfer has ended.
func (t *transfer) drive(ctx context.Context) error {
	over := ctx.Done()
	for {
		select {
		case <-over:
			over = nil // the end comes all the same
			t.session.loop.do(func(c *shim.Shim) { c.Cancel(t.handle) })
			continue
		case <-t.notify:
		}
		todo, done, err := t.take()
		for i := range todo {
			t.work(&todo[i])
		}
		if !done {
			continue
		}
		if t.failure != nil && t.read == nil {
			return &Error{Op: t.name, Code: ErrSink, Err: t.failure}
		}
		if t.failure != nil && err != nil {
			return &Error{Op: t.name, Code: ErrSource, Err: t.failure}
		}
		if err != nil && ctx.Err() != nil && isCanceled(err) {
			return canceled(t.name, ctx)
		}
		return err
	}
}

func (t *transfer) take() (todo []shim.Event, done bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	todo, t.todo = t.todo, nil
	return todo, t.done, t.err
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

// keepGoing ends the pause once the writer has caught up.
func (t *transfer) keepGoing() {
	t.mu.Lock()
	again := t.paused && len(t.todo) < partsFew
	if again {
		t.paused = false
	}
	t.mu.Unlock()
	if again {
		t.session.loop.do(func(c *shim.Shim) { c.TransferContinue(t.handle) })
	}
}
