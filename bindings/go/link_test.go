// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

func TestPacketConnectionsOfGo(t *testing.T) {
	server, err := NewServer(&ServerOptions{BufCount: 64})
	must(t, err)
	defer server.Close()
	must(t, server.OS.HandleEcho(echo))
	listen, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(t, err)
	must(t, server.ServePackets(listen))

	var all sync.WaitGroup
	for i := 0; i < 20; i++ { // each is another peer
		var conn net.PacketConn
		var to net.Addr
		if i%2 == 0 {
			conn, err = net.ListenPacket("udp", "127.0.0.1:0")
			to = listen.LocalAddr()
		} else { // a connected one
			var c net.Conn
			c, err = net.Dial("udp", listen.LocalAddr().String())
			conn = c.(net.PacketConn)
		}
		must(t, err)
		device, err := NewPacketSession(conn, to, nil)
		must(t, err)
		defer device.Close()
		all.Add(1)
		go func() {
			defer all.Done()
			for j := 0; j < 50; j++ {
				if rsp, err := device.OS.Echo(soon(t), &OSEchoReq{Text: "x"}); err != nil || rsp.Text != "x" {
					t.Error(rsp, err)
				}
			}
		}()
	}
	all.Wait()
}

func TestStreamsOfGo(t *testing.T) {
	server, err := NewServer(nil)
	must(t, err)
	defer server.Close()
	must(t, server.OS.HandleEcho(echo))
	here, there := net.Pipe()
	must(t, server.ServeStream(there))
	device, err := NewStreamSession(here, nil)
	must(t, err)
	defer device.Close()
	for i := 0; i < 100; i++ {
		if rsp, err := device.OS.Echo(soon(t), &OSEchoReq{Text: "x"}); err != nil || rsp.Text != "x" {
			t.Fatal(rsp, err)
		}
	}
}

// trickle gives bytes one at a time.
type trickle struct{ io.ReadWriteCloser }

func (s trickle) Read(p []byte) (int, error) { return s.ReadWriteCloser.Read(p[:1]) }

func TestStreamsArePutTogether(t *testing.T) {
	w := newWorld(t, nil, nil)
	w.storeUploads(t, new(bytes.Buffer))
	here, there := net.Pipe()
	must(t, w.server.ServeStream(trickle{there}))
	device, err := w.loop.NewStreamSession(trickle{here}, nil)
	must(t, err)
	must(t, device.Img.Upload(soon(t), bytes.NewReader(pattern(20000)), nil))
}

func TestLinksThatBreak(t *testing.T) {
	here, there := net.Pipe()
	link := make(chan error, 10)
	device, err := NewStreamSession(here, &SessionOptions{Link: func(err error) { link <- err }})
	must(t, err)
	defer device.Close()
	go func() { _, _ = io.CopyN(io.Discard, there, 8); there.Close() }()
	_, err = device.OS.Echo(soon(t), &OSEchoReq{Text: "x"})
	if !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	select {
	case err = <-link:
		if !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("nobody was told")
	}
	if _, err = device.OS.Echo(soon(t), &OSEchoReq{Text: "x"}); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

func TestNobodyListens(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(t, err)
	address := conn.LocalAddr().String()
	conn.Close()
	device, err := Dial(soon(t), "udp://"+address, nil)
	must(t, err)
	defer device.Close()
	if _, err = device.OS.Echo(soon(t), &OSEchoReq{}); !errors.Is(err, ErrRefused) {
		t.Error(err)
	}
}

func TestNamesAreResolved(t *testing.T) {
	w := newWorld(t, nil, nil)
	url, err := w.server.Listen("udp://127.0.0.1:0")
	must(t, err)
	device, err := w.loop.Dial(soon(t), "udp://localhost:"+url[len("udp://127.0.0.1:"):], nil)
	must(t, err)
	defer device.Close()
	if _, err = device.OS.Echo(soon(t), &OSEchoReq{}); err != nil && !errors.Is(err, ErrRefused) {
		t.Error(err) // refused: the name may be ::1 first
	}
}

func TestHostilePackets(t *testing.T) {
	conn := newTap()
	device, err := NewPacketSession(conn, tapAddr{}, &SessionOptions{NoParams: true})
	must(t, err)
	defer device.Close()
	done := make(chan error, 1)
	go func() {
		_, err := device.Img.StateRead(context.Background())
		done <- err
	}()
	sent := conn.next(t)
	sent[0]++ // the answer's op
	for n := 0; n <= len(sent); n++ {
		conn.in <- bytes.Clone(sent[:n])
	}
	conn.in <- make([]byte, 65543)
	conn.in <- bytes.Repeat([]byte{0xff}, 2000)
	sent[2], sent[3] = 0, 12
	conn.in <- append(sent[:8:8], []byte("\xbf\x66images\x81\xa0\xff\xff")...)
	if err := <-done; !errors.Is(err, ErrMalformed) {
		t.Error(err)
	}
	stats, err := device.Stats()
	if err != nil || stats.Strange == 0 {
		t.Error(stats, err)
	}
}

func TestShutdownLetsRequestsEnd(t *testing.T) {
	w := newWorld(t, nil, nil)
	begun, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	must(t, w.server.OS.HandleEcho(func(context.Context, *OSEchoReq) (*OSEchoRsp, error) {
		once.Do(func() { close(begun) })
		<-goOn
		return &OSEchoRsp{Text: "late"}, nil
	}))
	got := make(chan string, 1)
	go func() {
		rsp, err := w.device.OS.Echo(soon(t), &OSEchoReq{})
		if err != nil {
			t.Error(err)
			rsp = &OSEchoRsp{}
		}
		got <- rsp.Text
	}()
	<-begun
	ended := make(chan error, 1)
	go func() { ended <- w.device.Shutdown(soon(t)) }()
	within(t, "nothing new is taken", func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		_, err := w.device.OS.Echo(ctx, &OSEchoReq{})
		return errors.Is(err, ErrClosed)
	})
	close(goOn)
	if <-got != "late" || <-ended != nil {
		t.Error("cut off")
	}
}

func TestShutdownHasAnEnd(t *testing.T) {
	w := newWorld(t, nil, nil)
	w.silent(t)
	go func() { _, _ = w.device.OS.Echo(context.Background(), &OSEchoReq{}) }()
	within(t, "it is sent", func() bool { s, _ := w.device.Stats(); return s.Sent > 0 })
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	if err := w.device.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestSerialPorts(t *testing.T) {
	ports, err := SerialPorts()
	if err != nil {
		t.Fatal(err)
	}
	for _, port := range ports {
		if port.Path == "" {
			t.Errorf("%+v", port)
		}
	}
}

func TestPseudoTerminal(t *testing.T) {
	server, err := NewServer(nil)
	must(t, err)
	defer server.Close()
	must(t, server.OS.HandleEcho(echo))
	link := t.TempDir() + "/tty"
	url, err := server.Listen("pty:" + link)
	must(t, err)
	device, err := Dial(soon(t), "serial://"+link, nil)
	must(t, err)
	defer device.Close()
	rsp, err := device.OS.Echo(soon(t), &OSEchoReq{Text: "over a line"})
	if err != nil || rsp.Text != "over a line" {
		t.Error(url, rsp, err)
	}
	must(t, device.Print("help\r\n"))
}
