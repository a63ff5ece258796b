// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"
)

func TestWhatHandlersReturn(t *testing.T) {
	w := newWorld(t, &SessionOptions{Timeout: 50 * time.Millisecond, Tries: 1}, nil)
	for _, c := range []struct {
		err  error
		want error
	}{
		{nil, nil},
		{RcBusy, RcBusy},
		{Rc(300), Rc(300)},
		{OSRcRtcNotSet, OSRcRtcNotSet},
		{fmt.Errorf("wrapped: %w", OSRcRtcNotSet), OSRcRtcNotSet},
		{ImgRcNoImage, RcUnknown}, // not this group's
		{&DeviceError{Group: 0, Code: 2}, OSRcInvalidFormat},
		{&DeviceError{Group: 1, Code: 2}, RcUnknown},
		{Refuse(RcAccessDenied, "no"), RcAccessDenied},
		{errors.New("anything"), RcUnknown},
		{NoAnswer, ErrTimeout},
	} {
		must(t, w.server.OS.HandleDatetimeRead(func(context.Context) (*OSDatetime, error) {
			return &OSDatetime{Datetime: "2026-01-01T00:00:00"}, c.err
		}))
		_, err := w.device.OS.DatetimeRead(soon(t))
		if !errors.Is(err, c.want) {
			t.Errorf("%v became %v", c.err, err)
		}
		var device *DeviceError
		if c.err != nil && c.err.Error() == "anything" && (!errors.As(err, &device) || device.Reason != "anything") {
			t.Errorf("%v", err)
		}
	}
}

func TestFieldsBesideARefusal(t *testing.T) {
	w := newWorld(t, nil, nil)
	must(t, w.server.FS.HandleUploadChunk(func(context.Context, *FSUploadReq) (*FSUploadRsp, error) {
		return &FSUploadRsp{Len: Some(uint64(77))}, FSRcFileOffsetNotValid
	}))
	rsp, err := w.device.FS.UploadChunk(soon(t), &FSUploadReq{Name: "a", Data: []byte("x")})
	if !errors.Is(err, FSRcFileOffsetNotValid) || rsp == nil || rsp.Len != Some(uint64(77)) {
		t.Error(rsp, err)
	}
}

func TestAnswersThatCannotBeSent(t *testing.T) {
	w := newWorld(t, nil, &ServerOptions{BufSize: 128})
	must(t, w.server.OS.HandleEcho(func(context.Context, *OSEchoReq) (*OSEchoRsp, error) {
		return &OSEchoRsp{Text: string(make([]byte, 1000))}, nil
	}))
	_, err := w.device.OS.Echo(soon(t), &OSEchoReq{})
	if !errors.Is(err, RcResponseTooLarge) {
		t.Error(err)
	}
}

func TestHandlersRunOneAfterTheOther(t *testing.T) {
	for _, concurrent := range []bool{false, true} {
		w := newWorld(t, &SessionOptions{Window: 4}, &ServerOptions{BufCount: 32, Concurrent: concurrent})
		var now, most atomic.Int32
		must(t, w.server.OS.HandleEcho(func(_ context.Context, req *OSEchoReq) (*OSEchoRsp, error) {
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(5 * time.Millisecond)
			now.Add(-1)
			return &OSEchoRsp{}, nil
		}))
		must(t, w.server.OS.HandleParams(func(context.Context) (*OSParamsRsp, error) {
			return &OSParamsRsp{BufSize: 512, BufCount: 8}, nil
		}))
		done := make(chan error, 8)
		for i := 0; i < cap(done); i++ {
			go func() {
				_, err := w.device.OS.Echo(soon(t), &OSEchoReq{})
				done <- err
			}()
		}
		for i := 0; i < cap(done); i++ {
			must(t, <-done)
		}
		if concurrent != (most.Load() > 1) {
			t.Errorf("concurrent %v, but %d at once", concurrent, most.Load())
		}
	}
}

func TestClosingAServerEndsItsHandlers(t *testing.T) {
	w := newWorld(t, &SessionOptions{Timeout: 50 * time.Millisecond, Tries: 1}, nil)
	began, ended := make(chan struct{}), make(chan error)
	must(t, w.server.OS.HandleEcho(func(ctx context.Context, _ *OSEchoReq) (*OSEchoRsp, error) {
		close(began)
		<-ctx.Done()
		ended <- ctx.Err()
		return nil, ctx.Err()
	}))
	go func() { _, _ = w.device.OS.Echo(context.Background(), &OSEchoReq{}) }()
	<-began
	must(t, w.server.Close())
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestListeningTwice(t *testing.T) {
	w := newWorld(t, nil, nil)
	url, err := w.server.Listen("udp://127.0.0.1:0")
	must(t, err)
	if _, err = w.server.Listen(url); !errors.Is(err, ErrExists) {
		t.Error(err)
	}
	if _, err = w.server.Listen("http://x"); !errors.Is(err, ErrUnsupported) {
		t.Error(err)
	}
}
