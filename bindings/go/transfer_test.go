// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"
)

// storeUploads makes the device take images, with four buffers.
func (w *world) storeUploads(t testing.TB, flash *bytes.Buffer) {
	must(t, w.server.OS.HandleParams(func(context.Context) (*OSParamsRsp, error) {
		return &OSParamsRsp{BufSize: 512, BufCount: 4}, nil
	}))
	must(t, w.server.Img.HandleUploadChunk(func(_ context.Context, req *ImgUploadReq) (*ImgUploadRsp, error) {
		if req.Off == 0 {
			flash.Reset()
		}
		if int(req.Off) == flash.Len() {
			flash.Write(req.Data)
		}
		return &ImgUploadRsp{Off: Some(uint64(flash.Len()))}, nil
	}))
}

// storeFiles gives the device a file system with one file.
func (w *world) storeFiles(t testing.TB, file *[]byte) {
	must(t, w.server.OS.HandleParams(func(context.Context) (*OSParamsRsp, error) {
		return &OSParamsRsp{BufSize: 512, BufCount: 4}, nil
	}))
	must(t, w.server.FS.HandleDownloadChunk(func(_ context.Context, req *FSDownloadReq) (*FSDownloadRsp, error) {
		if req.Name != "/lfs/a" {
			return nil, FSRcFileNotFound
		}
		all := *file
		rsp := &FSDownloadRsp{Off: req.Off, Data: all[min(int(req.Off), len(all)):min(int(req.Off)+400, len(all))]}
		if req.Off == 0 {
			rsp.Len = Some(uint64(len(all)))
		}
		return rsp, nil
	}))
	must(t, w.server.FS.HandleUploadChunk(func(_ context.Context, req *FSUploadReq) (*FSUploadRsp, error) {
		if req.Off == 0 {
			*file = nil
		}
		if int(req.Off) != len(*file) {
			return &FSUploadRsp{Len: Some(uint64(len(*file)))}, FSRcFileOffsetNotValid
		}
		*file = append(*file, req.Data...)
		return &FSUploadRsp{Off: Some(uint64(len(*file)))}, nil
	}))
	must(t, w.server.FS.HandleStatus(func(context.Context, *FSStatusReq) (*FSStatusRsp, error) {
		return &FSStatusRsp{Len: uint64(len(*file))}, nil
	}))
	must(t, w.server.FS.HandleClose(func(context.Context) error { return nil }))
}

func pattern(n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return data
}

func TestUploadFromEveryKindOfReader(t *testing.T) {
	image := pattern(200000)
	path := filepath.Join(t.TempDir(), "image")
	must(t, os.WriteFile(path, append([]byte("head"), image...), 0o600))
	file, err := os.Open(path)
	must(t, err)
	defer file.Close()
	_, err = file.Seek(4, io.SeekStart) // what lies ahead counts
	must(t, err)
	pipe, in := io.Pipe()
	go func() { _, _ = in.Write(image); in.Close() }()
	for name, reader := range map[string]io.Reader{
		"bytes":   bytes.NewReader(image),
		"file":    file,
		"pipe":    pipe,
		"section": io.NewSectionReader(bytes.NewReader(image), 0, int64(len(image))),
		"slow":    iotest.OneByteReader(bytes.NewReader(image)),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil, nil)
			var flash bytes.Buffer
			w.storeUploads(t, &flash)
			must(t, w.device.Img.Upload(soon(t), reader, nil))
			if !bytes.Equal(flash.Bytes(), image) {
				t.Error("something else arrived", flash.Len())
			}
		})
	}
}

func TestUploadTellsTheDeviceWhatIsMeant(t *testing.T) {
	w := newWorld(t, nil, nil)
	var first *ImgUploadReq
	must(t, w.server.Img.HandleUploadChunk(func(_ context.Context, req *ImgUploadReq) (*ImgUploadRsp, error) {
		if first == nil {
			first = req
		}
		return &ImgUploadRsp{Off: Some(req.Off + uint64(len(req.Data)))}, nil
	}))
	image := pattern(3000)
	must(t, w.device.Img.Upload(soon(t), bytes.NewReader(image), &UploadOptions{Image: 2, Upgrade: true}))
	sha := sha256.Sum256(image)
	if first.Image != Some(uint32(2)) || first.Upgrade != Some(true) || first.Len != Some(uint64(3000)) ||
		!bytes.Equal(first.SHA, sha[:]) {
		t.Errorf("%+v", first)
	}
}

func TestProgress(t *testing.T) {
	w := newWorld(t, nil, nil)
	w.storeUploads(t, new(bytes.Buffer))
	var seen []Progress
	must(t, w.device.Img.Upload(soon(t), bytes.NewReader(pattern(50000)), &UploadOptions{
		TransferOptions: TransferOptions{Progress: func(p Progress) { seen = append(seen, p) }}}))
	if len(seen) < 3 {
		t.Fatal(seen)
	}
	for i, p := range seen {
		if p.Total != 50000 || i > 0 && p.Done < seen[i-1].Done {
			t.Errorf("%+v", p)
		}
	}
	if last := seen[len(seen)-1]; last.Done != 50000 || last.Phase != PhaseDone {
		t.Errorf("%+v", last)
	}
}

func TestUploadOverABadLink(t *testing.T) {
	loop, err := NewLoop(nil)
	must(t, err)
	defer loop.Close()
	w := &world{loop: loop}
	// More buffers than it tells of: copies that the link makes find room, too.
	w.server, err = loop.NewServer(&ServerOptions{BufCount: 16})
	must(t, err)
	_, err = w.server.Listen("loopback:bad")
	must(t, err)
	w.device, err = loop.dialFaulty("loopback:bad")
	must(t, err)
	var flash bytes.Buffer
	w.storeUploads(t, &flash)
	image := pattern(60000)
	must(t, w.device.Img.Upload(soon(t), bytes.NewReader(image), nil))
	if !bytes.Equal(flash.Bytes(), image) {
		t.Error("something else arrived")
	}
	if stats, _ := w.device.Stats(); stats.Repeated == 0 && stats.Lost == 0 {
		t.Errorf("the link was good: %+v", stats)
	}
}

func TestContextsEndTransfers(t *testing.T) {
	w := newWorld(t, nil, nil)
	w.storeUploads(t, new(bytes.Buffer))
	ctx, cancel := context.WithCancel(context.Background())
	err := w.device.Img.Upload(ctx, bytes.NewReader(pattern(500000)), &UploadOptions{
		TransferOptions: TransferOptions{Progress: func(p Progress) {
			if p.Done > 10000 {
				cancel()
			}
		}}})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err = w.device.OS.Echo(soon(t), &OSEchoReq{}); err != nil {
		t.Error(err)
	}
}

func TestReadersThatFail(t *testing.T) {
	w := newWorld(t, nil, nil)
	w.storeUploads(t, new(bytes.Buffer))
	broken := errors.New("bad sector")
	err := w.device.Img.Upload(soon(t), iotest.ErrReader(broken), nil)
	if !errors.Is(err, broken) || !errors.Is(err, ErrSource) {
		t.Error(err)
	}
	err = w.device.Img.Upload(soon(t), &shrinking{Reader: bytes.NewReader(pattern(300000))}, nil)
	if !errors.Is(err, ErrSource) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
}

// shrinking is a file that loses its end after it was read once.
type shrinking struct {
	*bytes.Reader
	seeks int
}

func (s *shrinking) Seek(offset int64, whence int) (int64, error) {
	s.seeks++
	if s.seeks == 5 {
		s.Reader = bytes.NewReader(pattern(70000))
	}
	return s.Reader.Seek(offset, whence)
}

func TestFiles(t *testing.T) {
	w := newWorld(t, nil, nil)
	var file []byte
	w.storeFiles(t, &file)
	sent := pattern(100001)
	must(t, w.device.FS.Upload(soon(t), "/lfs/a", bytes.NewReader(sent), nil))
	if !bytes.Equal(file, sent) {
		t.Error("something else arrived")
	}
	var got bytes.Buffer
	n, err := w.device.FS.Download(soon(t), "/lfs/a", &got, nil)
	if err != nil || n != int64(len(sent)) || !bytes.Equal(got.Bytes(), sent) {
		t.Error(n, err)
	}
	got.Reset()
	n, err = w.device.FS.Download(soon(t), "/lfs/a", &got, &TransferOptions{Resume: 100000})
	if err != nil || n != 1 || got.Bytes()[0] != sent[100000] {
		t.Error(n, err)
	}
	if _, err = w.device.FS.Download(soon(t), "/lfs/b", &got, nil); !errors.Is(err, FSRcFileNotFound) {
		t.Error(err)
	}
	if err = w.device.FS.Upload(soon(t), "", strings.NewReader("x"), nil); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
}

func TestWritersThatFailOrAreSlow(t *testing.T) {
	w := newWorld(t, nil, nil)
	file := pattern(300000)
	w.storeFiles(t, &file)
	full := errors.New("disk full")
	n, err := w.device.FS.Download(soon(t), "/lfs/a", &limited{most: 5000, err: full}, nil)
	if !errors.Is(err, full) || !errors.Is(err, ErrSink) || n != 5000 {
		t.Error(n, err)
	}
	_, err = w.device.FS.Download(soon(t), "/lfs/a", &limited{most: 1, err: nil}, nil)
	if !errors.Is(err, io.ErrShortWrite) {
		t.Error(err)
	}
	var slow slowly
	_, err = w.device.FS.Download(soon(t), "/lfs/a", &slow, nil)
	if err != nil || !bytes.Equal(slow.Bytes(), file) {
		t.Error(err)
	}
	// The error of the very last write counts, too.
	_, err = w.device.FS.Download(soon(t), "/lfs/a", &limited{most: len(file) - 1, err: full}, nil)
	if !errors.Is(err, full) {
		t.Error(err)
	}
}

type limited struct {
	most int
	err  error
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.most)
	l.most -= n
	if n < len(p) {
		return n, l.err
	}
	return n, nil
}

type slowly struct{ bytes.Buffer }

func (s *slowly) Write(p []byte) (int, error) {
	time.Sleep(100 * time.Microsecond)
	return s.Buffer.Write(p)
}

func TestPausesAreKept(t *testing.T) {
	w := newWorld(t, nil, nil)
	var stored atomic.Int64
	must(t, w.server.Img.HandleUploadChunk(func(_ context.Context, req *ImgUploadReq) (*ImgUploadRsp, error) {
		stored.Store(int64(req.Off) + int64(len(req.Data)))
		return &ImgUploadRsp{Off: Some(uint64(stored.Load()))}, nil
	}))
	var pauser Pauser
	paused := make(chan struct{})
	once := sync.OnceFunc(func() { pauser.Pause(); close(paused) })
	options := &UploadOptions{TransferOptions: TransferOptions{Pauser: &pauser, Chunk: 100,
		Progress: func(Progress) { once() }}}
	ended := make(chan error, 1)
	go func() { ended <- w.device.Img.Upload(soon(t), bytes.NewReader(pattern(50000)), options) }()

	<-paused
	still := func() int64 { // once what was on the way has been answered
		for i := 0; i < 20; i++ {
			_, err := w.device.OS.Echo(soon(t), &OSEchoReq{Text: "x"})
			must(t, err)
		}
		return stored.Load()
	}
	before := still()
	if after := still(); after != before || after >= 50000 {
		t.Errorf("it went on from %d to %d", before, after)
	}
	pauser.Resume()
	must(t, <-ended)
	if stored.Load() != 50000 {
		t.Error(stored.Load())
	}

	pauser.Pause() // before it begins
	ctx, cancel := context.WithCancel(soon(t))
	go func() { ended <- w.device.Img.Upload(ctx, bytes.NewReader(pattern(1000)), options) }()
	within(t, "the upload is there", func() bool {
		pauser.mu.Lock()
		defer pauser.mu.Unlock()
		return len(pauser.running) == 1
	})
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
