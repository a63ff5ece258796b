// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"context"
	"testing"
	"time"
)

// A world is a loop with a device and a session to it, joined in memory.
type world struct {
	loop   *Loop
	server *Server
	device *Session
}

func newWorld(t testing.TB, options *SessionOptions, server *ServerOptions, groups ...*Group) *world {
	t.Helper()
	w := &world{}
	var err error
	if w.loop, err = NewLoop(&LoopOptions{Groups: groups}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.loop.Close() })
	if w.server, err = w.loop.NewServer(server); err != nil {
		t.Fatal(err)
	}
	must(t, w.server.OS.HandleEcho(echo))
	if _, err = w.server.Listen("loopback:device"); err != nil {
		t.Fatal(err)
	}
	if w.device, err = w.loop.Dial(context.Background(), "loopback:device", options); err != nil {
		t.Fatal(err)
	}
	return w
}

func echo(_ context.Context, req *OSEchoReq) (*OSEchoRsp, error) {
	return &OSEchoRsp{Text: req.Text}, nil
}

// silent makes the device answer nothing, and returns what ends that.
func (w *world) silent(t testing.TB) {
	must(t, w.server.OS.HandleEcho(func(context.Context, *OSEchoReq) (*OSEchoRsp, error) {
		return nil, NoAnswer
	}))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// soon is a context for what must not hang.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// within waits for something that another goroutine does.
func within(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("this did not happen: " + what)
		}
	}
}
