// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestEcho(t *testing.T) {
	w := newWorld(t, nil, nil)
	rsp, err := w.device.OS.Echo(soon(t), &OSEchoReq{Text: "héllo"})
	if err != nil || rsp.Text != "héllo" {
		t.Fatal(rsp, err)
	}
	stats, err := w.device.Stats()
	if err != nil || stats.Sent == 0 || stats.Answered == 0 || stats.MaxPacket == 0 {
		t.Errorf("%+v, %v", stats, err)
	}
}

func TestRefusalsAreErrorsToCompare(t *testing.T) {
	w := newWorld(t, nil, nil)
	must(t, w.server.Img.HandleErase(func(context.Context, *ImgEraseReq) error { return ImgRcNoFreeSlot }))
	err := w.device.Img.Erase(soon(t), nil)
	if !errors.Is(err, ImgRcNoFreeSlot) || errors.Is(err, ImgRcNoImage) || errors.Is(err, FSRcFileIsDirectory) {
		t.Error(err)
	}
	var device *DeviceError
	if !errors.As(err, &device) || device.Group != 1 || device.Code != 9 || device.Global ||
		device.Name != "NO_FREE_SLOT" || device.Text == "" || device.Hint == "" {
		t.Errorf("%#v", device)
	}
	if !errors.Is(err, ErrDevice) || errors.Is(err, ErrTimeout) {
		t.Error(err)
	}
	_, err = w.device.Img.StateRead(soon(t))
	if !errors.Is(err, RcNotSupported) || errors.Is(err, OSRcRtcCommandFailed) {
		t.Error(err)
	}
	if text := err.Error(); !strings.Contains(text, "img state_read") || !strings.Contains(text, "CONFIG_") {
		t.Error(text)
	}
}

func TestReasonsArrive(t *testing.T) {
	w := newWorld(t, nil, nil)
	must(t, w.server.OS.HandleReset(func(context.Context, *OSResetReq) error {
		return Refuse(RcBusy, "writing flash")
	}))
	err := w.device.OS.Reset(soon(t), nil)
	var device *DeviceError
	if !errors.Is(err, RcBusy) || !errors.As(err, &device) || device.Reason != "writing flash" || !device.Global {
		t.Errorf("%v %#v", err, device)
	}
}

func TestTimeoutsAreTheirOwnType(t *testing.T) {
	w := newWorld(t, &SessionOptions{Timeout: 20 * time.Millisecond, Tries: 2}, nil)
	w.silent(t)
	_, err := w.device.OS.Echo(soon(t), &OSEchoReq{})
	if !errors.Is(err, ErrTimeout) || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	var network net.Error
	if !errors.As(err, &network) || !network.Timeout() {
		t.Error("no net.Error")
	}
	if stats, _ := w.device.Stats(); stats.Sent != 2 || stats.Repeated != 1 {
		t.Errorf("%+v", stats)
	}
}

func TestContextsEndCalls(t *testing.T) {
	w := newWorld(t, nil, nil)
	w.silent(t)
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	_, err := w.device.OS.Echo(ctx, &OSEchoReq{})
	if !errors.Is(err, context.Canceled) || !errors.Is(err, ErrCanceled) {
		t.Error(err)
	}
	_, err = w.device.OS.Echo(ctx, &OSEchoReq{})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}

	ctx, cancel = context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err = w.device.OS.Echo(ctx, &OSEchoReq{})
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 2*time.Second {
		t.Error(err, time.Since(began))
	}

	why := errors.New("the user lost patience")
	ctx, because := context.WithCancelCause(context.Background())
	time.AfterFunc(time.Millisecond, func() { because(why) })
	if _, err = w.device.OS.Echo(ctx, &OSEchoReq{}); !errors.Is(err, why) {
		t.Error(err)
	}
	// An abandoned request keeps its place with the device for the grace time, no longer.
	within(t, "all requests are gone", func() bool { return w.loop.Objects() == 4 })
}

func TestTenThousandGoroutinesAtOnce(t *testing.T) {
	const n = 10000
	w := newWorld(t, nil, &ServerOptions{BufCount: 8})
	ctx := soon(t)
	var wrong atomic.Int64
	var all sync.WaitGroup
	for i := 0; i < n; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			text := fmt.Sprint("echo ", i)
			if rsp, err := w.device.OS.Echo(ctx, &OSEchoReq{Text: text}); err != nil || rsp.Text != text {
				wrong.Add(1)
				t.Log(err)
			}
		}()
	}
	all.Wait()
	if wrong.Load() != 0 {
		t.Error(wrong.Load(), "of", n)
	}
}

func TestManySessionsOnOneLoop(t *testing.T) {
	w := newWorld(t, nil, nil)
	url, err := w.server.Listen("udp://127.0.0.1:0")
	must(t, err)
	ctx := soon(t)
	var all sync.WaitGroup
	for i := 0; i < 500; i++ {
		s, err := w.loop.Dial(ctx, url, &SessionOptions{Tries: 20, Timeout: 200 * time.Millisecond})
		must(t, err)
		defer s.Close()
		all.Add(1)
		go func() {
			defer all.Done()
			// The one device has buffers for a few at a time, and says so.
			_, err := s.OS.Echo(ctx, &OSEchoReq{Text: "x"})
			for ; errors.Is(err, RcNoMemory); _, err = s.OS.Echo(ctx, &OSEchoReq{Text: "x"}) {
				time.Sleep(time.Millisecond)
			}
			if err != nil {
				t.Error(err)
			}
		}()
	}
	all.Wait()
}

func TestHundredThousandRequestsLeaveNothingBehind(t *testing.T) {
	n := 100000
	if testing.Short() {
		n = 2000
	}
	w := newWorld(t, nil, nil)
	must(t, w.server.Img.HandleStateRead(func(context.Context) (*ImgStateRsp, error) {
		return &ImgStateRsp{Images: []ImgImage{{Version: "1.0.0", Hash: make([]byte, 32)}}}, nil
	}))
	ctx := context.Background()
	ask := func(i int) {
		var err error
		switch i % 4 {
		case 0:
			_, err = w.device.OS.Echo(ctx, &OSEchoReq{Text: "some text"})
		case 1:
			_, err = w.device.Img.StateRead(ctx)
		case 2:
			_, err = w.device.Request(ctx, 0, 0, Write, []byte{0xa1, 0x61, 'd', 0x61, 'x'})
		case 3:
			if err = w.device.OS.Reset(ctx, nil); errors.Is(err, RcNotSupported) {
				err = nil
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := 0; i < n/10; i++ {
		ask(i)
	}
	before := resident(t)
	for i := 0; i < n; i++ {
		ask(i)
	}
	if grown := resident(t) - before; grown > 8<<20 && !raceDetector {
		t.Errorf("%d bytes more than before", grown)
	}
	if objects := w.loop.Objects(); objects != 4 { // two transports, session, server
		t.Errorf("%d objects", objects)
	}
}

// resident is the memory of the process, C's and Go's.
func resident(t *testing.T) int {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("SKIPPED: no /proc")
	}
	var size, pages int
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

func TestRawRequests(t *testing.T) {
	w := newWorld(t, nil, nil)
	got, err := w.device.Request(soon(t), 0, 0, Write, []byte{0xa1, 0x61, 'd', 0x61, 'x'})
	if err != nil || string(got) != "\xa1\x61r\x61x" {
		t.Errorf("%x %v", got, err)
	}
	got, err = w.device.Request(soon(t), 1, 0, Read, nil)
	if !errors.Is(err, RcNotSupported) || len(got) == 0 {
		t.Errorf("%x %v", got, err)
	}
	if _, err = w.device.Request(soon(t), 0, 0, Op(1), nil); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
}

func TestValuesThatCannotBeSent(t *testing.T) {
	w := newWorld(t, nil, nil)
	for _, value := range []Value{nil, 1.5, struct{}{}, []int{1}} {
		err := w.device.Settings.Write(soon(t), &SettingsWriteReq{Name: "a", Value: value})
		if !errors.Is(err, ErrInvalid) {
			t.Errorf("%v: %v", value, err)
		}
	}
	_, err := w.device.OS.Echo(soon(t), &OSEchoReq{Text: strings.Repeat("x", 70000)})
	if !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

func TestOpt(t *testing.T) {
	var zero Opt[uint32]
	if zero.String() != "-" || Some(3).String() != "3" || zero.Or(7) != 7 || Some(3).Or(7) != 3 || !zero.IsZero() {
		t.Error("Opt")
	}
	text, err := Some("a").MarshalJSON()
	var back Opt[string]
	if err != nil || back.UnmarshalJSON(text) != nil || back != Some("a") {
		t.Error(string(text), back)
	}
	if back.UnmarshalJSON([]byte("null")) != nil || back.Valid {
		t.Error(back)
	}
	if back.UnmarshalJSON([]byte("7")) == nil {
		t.Error(back)
	}
}
