// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestUseAfterClose(t *testing.T) {
	w := newWorld(t, nil, nil)
	must(t, w.device.Close())
	must(t, w.device.Close())
	ctx := soon(t)
	_, err := w.device.OS.Echo(ctx, &OSEchoReq{})
	if !errors.Is(err, ErrClosed) || !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if err = w.device.Img.Upload(ctx, strings.NewReader("x"), nil); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, err = w.device.Stats(); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err = w.device.Print("x"); err == nil {
		t.Error("printed")
	}
	if err = w.device.Reopen(); err == nil {
		t.Error("reopened")
	}
	must(t, w.device.Shutdown(ctx))

	must(t, w.server.Close())
	must(t, w.server.Close())
	if err = w.server.OS.HandleEcho(echo); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, err = w.server.Listen("udp://127.0.0.1:0"); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if n := w.loop.Objects(); n != 0 {
		t.Errorf("%d objects", n)
	}

	must(t, w.loop.Close())
	must(t, w.loop.Close())
	if _, err = w.loop.Dial(ctx, "udp://127.0.0.1", nil); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, err = w.loop.NewServer(nil); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	conn := newTap()
	if _, err = w.loop.NewPacketSession(conn, tapAddr{}, nil); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, err = w.device.OS.Echo(ctx, &OSEchoReq{}); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

func TestCloseWithRequestsInFlight(t *testing.T) {
	for _, closeIt := range []func(w *world){
		func(w *world) { w.device.Close() },
		func(w *world) { w.loop.Close() },
	} {
		w := newWorld(t, nil, nil)
		w.silent(t)
		ended := make(chan error, 101)
		for i := 0; i < 100; i++ {
			go func() {
				_, err := w.device.OS.Echo(context.Background(), &OSEchoReq{})
				ended <- err
			}()
		}
		go func() { ended <- w.device.Img.Upload(context.Background(), strings.NewReader("abc"), nil) }()
		within(t, "some are sent", func() bool { s, _ := w.device.Stats(); return s.Sent > 0 })
		closeIt(w)
		for i := 0; i < cap(ended); i++ {
			if err := <-ended; !errors.Is(err, ErrClosed) && !errors.Is(err, RcNotSupported) {
				t.Error(err)
			}
		}
	}
}

func TestZeroAndNil(t *testing.T) {
	ctx := soon(t)
	var s Session
	if _, err := s.OS.Echo(ctx, nil); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
	if err := s.Img.Upload(ctx, strings.NewReader("x"), nil); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
	must(t, s.Close())
	must(t, (*Session)(nil).Close())
	must(t, (*Server)(nil).Close())
	if _, err := NewPacketSession(nil, nil, nil); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
	if _, err := NewStreamSession(nil, nil); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
	w := newWorld(t, nil, nil)
	if err := w.device.Img.Upload(ctx, nil, nil); !errors.Is(err, ErrSource) {
		t.Error(err)
	}
	if err := w.device.Img.Upload(ctx, strings.NewReader(""), nil); !errors.Is(err, ErrSource) {
		t.Error(err)
	}
	if _, err := w.device.OS.Echo(ctx, nil); !errors.Is(err, RcInvalid) { // it has a required field
		t.Error(err)
	}
	if _, err := w.device.OS.Echo(ctx, &OSEchoReq{}); err != nil {
		t.Error(err)
	}
	if err := w.server.OS.HandleEcho(nil); err != nil {
		t.Error(err)
	}
	if _, err := w.device.OS.Echo(ctx, nil); !errors.Is(err, RcNotSupported) {
		t.Error(err)
	}
}

func TestBadAddresses(t *testing.T) {
	for _, address := range []string{"", "udp://", "udp://127.0.0.1:0", "udp://127.0.0.1:99999", "http://x",
		"serial:///nowhere", "udp://no-such-name.invalid", "\x00", "udp://%zz"} {
		s, err := Dial(soon(t), address, nil)
		if err == nil {
			t.Errorf("%q opened", address)
			s.Close()
		} else if len(err.Error()) < 10 {
			t.Error(err)
		}
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Dial(gone, "udp://127.0.0.1", nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestSessionsOfTwoLoopsDoNotMix(t *testing.T) {
	a, b := newWorld(t, nil, nil), newWorld(t, nil, nil)
	ctx := soon(t)
	var all sync.WaitGroup
	for _, w := range []*world{a, b} {
		for i := 0; i < 20; i++ {
			all.Add(1)
			go func() {
				defer all.Done()
				for j := 0; j < 50; j++ {
					if _, err := w.device.OS.Echo(ctx, &OSEchoReq{Text: "x"}); err != nil {
						t.Error(err)
						return
					}
				}
			}()
		}
	}
	all.Wait()
	must(t, a.loop.Close())
	if _, err := b.device.OS.Echo(ctx, &OSEchoReq{}); err != nil {
		t.Error(err)
	}
}

func TestAPanicInAHandlerIsAnAnswer(t *testing.T) {
	var log bytes.Buffer
	loop, err := NewLoop(&LoopOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	must(t, err)
	defer loop.Close()
	server, err := loop.NewServer(nil)
	must(t, err)
	must(t, server.OS.HandleEcho(func(context.Context, *OSEchoReq) (*OSEchoRsp, error) { panic("ouch") }))
	_, err = server.Listen("loopback:x")
	must(t, err)
	device, err := loop.Dial(soon(t), "loopback:x", nil)
	must(t, err)
	for i := 0; i < 10; i++ {
		if _, err = device.OS.Echo(soon(t), &OSEchoReq{}); !errors.Is(err, RcUnknown) {
			t.Fatal(err)
		}
	}
	if !strings.Contains(log.String(), "ouch") {
		t.Error("not logged")
	}
}

func TestAPanicInProgressIsTheCallers(t *testing.T) {
	w := newWorld(t, nil, nil)
	w.storeUploads(t, new(bytes.Buffer))
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic got lost")
			}
		}()
		_ = w.device.Img.Upload(soon(t), bytes.NewReader(make([]byte, 5000)), &UploadOptions{
			TransferOptions: TransferOptions{Progress: func(Progress) { panic("ouch") }}})
	}()
	if _, err := w.device.OS.Echo(soon(t), &OSEchoReq{}); err != nil {
		t.Error(err)
	}
	within(t, "the upload is gone", func() bool { return w.loop.Objects() == 4 })
}

// Everything at once, closed at any time: an error, never a crash, never a hang.
func TestClosingAtAnyTime(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	for i := 0; i < rounds; i++ {
		random := rand.New(rand.NewSource(int64(i)))
		w := newWorld(t, &SessionOptions{Timeout: 50 * time.Millisecond}, nil)
		w.storeUploads(t, new(bytes.Buffer))
		ctx, cancel := context.WithCancel(context.Background())
		var all sync.WaitGroup
		work := func(f func()) {
			all.Add(1)
			go func() { defer all.Done(); f() }()
		}
		for j := 0; j < 8; j++ {
			work(func() {
				for k := 0; k < 50; k++ {
					_, _ = w.device.OS.Echo(ctx, &OSEchoReq{Text: "x"})
				}
			})
			work(func() { _ = w.device.Img.Upload(ctx, bytes.NewReader(make([]byte, 3000)), nil) })
		}
		ends := []func(){
			cancel,
			func() { w.device.Close() },
			func() { w.server.Close() },
			func() { w.loop.Close() },
			runtime.GC,
		}
		random.Shuffle(len(ends), func(a, b int) { ends[a], ends[b] = ends[b], ends[a] })
		for _, end := range ends {
			pause := time.Duration(random.Intn(2000)) * time.Microsecond
			work(func() { time.Sleep(pause); end() })
		}
		all.Wait()
		cancel()
	}
}

func TestNoGoroutineStays(t *testing.T) {
	_, _ = shared() // that one does
	before := runtime.NumGoroutine()
	for i := 0; i < 20; i++ {
		w := newWorld(t, nil, nil)
		conn := newTap()
		s, err := w.loop.NewPacketSession(conn, tapAddr{}, nil)
		must(t, err)
		_, err = w.device.OS.Echo(soon(t), &OSEchoReq{})
		must(t, err)
		must(t, s.Close())
		must(t, w.loop.Close())
	}
	within(t, "goroutines end", func() bool { return runtime.NumGoroutine() <= before+1 })
}
