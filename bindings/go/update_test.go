// SPDX-License-Identifier: Apache-2.0

package smp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"libsmp/smp"
	"libsmp/smp/smptest"
)

// An update as the README has it: one call, which asks whether the new image is good.
func TestUpdate(t *testing.T) {
	sim := smptest.Start(t, "--boot-time", "50")
	device := dial(t, sim.URL)
	ctx := minute(t)
	var phases []string
	var steps []int
	asked := false
	options := &smp.UpdateOptions{
		Progress: func(p smp.UpdateProgress) {
			if len(phases) == 0 || phases[len(phases)-1] != p.Name() {
				phases = append(phases, p.Name())
			}
		},
		Step: func(s smp.UpdateStep) {
			if s.Err != nil || s.Name() == "" || s.Report.StateName() == "" || s.Report.ToVersion.V != "1.1.0" {
				t.Error(s.Phase, s.Err, s.Report)
			}
			steps = append(steps, s.Phase)
		},
		Decide: func(ctx context.Context, report *smp.UpdateReport) int {
			asked = true
			if _, err := device.OS.Echo(ctx, &smp.OSEchoReq{Text: "are you well?"}); err != nil {
				t.Error(err)
			}
			if report.State != smp.UpdateStateTrial || report.FromVersion.V != "1.0.0" {
				t.Error(report)
			}
			return smp.UpdateDecisionYes
		},
	}
	report, err := device.Update(ctx, bytes.NewReader(smptest.Image("1.1.0", 100000)), options)
	if err != nil {
		t.Fatal(err, sim.Log())
	}
	if report.State != smp.UpdateStateConfirmed || !asked || report.Text == "" {
		t.Error(report, asked)
	}
	if len(phases) < 6 || phases[0] != "checking" || !slices.Contains(phases, "uploading") {
		t.Error(phases)
	}
	if len(steps) < 6 || steps[len(steps)-1] != smp.UpdatePhaseDone {
		t.Error(steps)
	}
	sim.Restart()
	if version := active(ctx, device); version != "1.1.0" {
		t.Error(version)
	}
}

func TestAnUpdateThatIsRefusedOrCanceled(t *testing.T) {
	sim := smptest.Start(t, "--boot-time", "50")
	device := dial(t, sim.URL)
	ctx := minute(t)

	report, err := device.Update(ctx, strings.NewReader("no firmware"), nil)
	if !errors.Is(err, smp.ErrNotImage) || report == nil || report.State != smp.UpdateStateUntouched {
		t.Error(report, err)
	}
	options := &smp.UpdateOptions{NoDowngrade: true}
	_, err = device.Update(ctx, bytes.NewReader(smptest.Image("0.9.0", 5000)), options)
	if !errors.Is(err, smp.ErrDowngrade) {
		t.Error(err)
	}
	options = &smp.UpdateOptions{Key: []byte("-----BEGIN NONSENSE-----")}
	if _, err = device.Update(ctx, bytes.NewReader(smptest.Image("2.0.0", 5000)), options); err == nil {
		t.Error("signed with nonsense")
	}
	if _, err = device.Update(ctx, nil, nil); !errors.Is(err, smp.ErrInvalid) {
		t.Error(err)
	}
	if _, err = device.Update(ctx, strings.NewReader(""), nil); err == nil {
		t.Error("an empty file")
	}

	part, cancel := context.WithCancel(ctx)
	options = &smp.UpdateOptions{Progress: func(p smp.UpdateProgress) {
		if p.Phase == smp.UpdatePhaseUploading && p.Done > 0 {
			cancel()
		}
	}}
	report, err = device.Update(part, bytes.NewReader(smptest.Image("1.2.0", 400000)), options)
	if !errors.Is(err, context.Canceled) || report == nil || report.State == smp.UpdateStateConfirmed {
		t.Error(report, err)
	}
	report, err = device.Update(ctx, bytes.NewReader(smptest.Image("1.2.0", 400000)), nil)
	if err != nil || report.State != smp.UpdateStateTrial {
		t.Error(report, err)
	}
}

// Who decides may take for ever: the end of the session is told to it.
func TestAnUpdateEndsWhileItIsDecided(t *testing.T) {
	sim := smptest.Start(t, "--boot-time", "50")
	device := dial(t, sim.URL)
	options := &smp.UpdateOptions{Decide: func(ctx context.Context, _ *smp.UpdateReport) int {
		device.Close()
		<-ctx.Done()
		return smp.UpdateDecisionYes
	}}
	_, err := device.Update(minute(t), bytes.NewReader(smptest.Image("1.1.0", 5000)), options)
	if !errors.Is(err, smp.ErrClosed) {
		t.Error(err)
	}
	if version := active(minute(t), dial(t, sim.URL)); version != "1.1.0" {
		t.Error(version)
	}
}

func dial(t *testing.T, url string) *smp.Session {
	t.Helper()
	device, err := smp.Dial(minute(t), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { device.Close() })
	return device
}

// The same by hand, with the simulated device: upload, test, reset, look, confirm.
func TestUpdateByHand(t *testing.T) {
	sim := smptest.Start(t, "--boot-time", "50")
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	device, err := smp.Dial(ctx, sim.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()

	file := smptest.Image("1.1.0", 100000)
	image, err := smp.ParseImage(file)
	if err != nil {
		t.Fatal(err)
	}
	if err = device.Img.Upload(ctx, bytes.NewReader(file), nil); err != nil {
		t.Fatal(err)
	}
	if _, err = device.Img.StateWrite(ctx, &smp.ImgStateWriteReq{Hash: image.Hash}); err != nil {
		t.Fatal(err)
	}
	if err = device.OS.Reset(ctx, nil); err != nil {
		t.Fatal(err)
	}
	for active(ctx, device) != "1.1.0" {
		if ctx.Err() != nil {
			t.Fatalf("it does not come back with 1.1.0:\n%s", sim.Log())
		}
		time.Sleep(20 * time.Millisecond)
	}
	state, err := device.Img.StateWrite(ctx, &smp.ImgStateWriteReq{Confirm: smp.Some(true)})
	if err != nil || !state.Images[0].Confirmed.V {
		t.Fatal(state, err)
	}
	sim.Restart()
	if version := active(ctx, device); version != "1.1.0" {
		t.Error(version)
	}
}

// active is the version of what runs, or "" while the device is away.
func active(ctx context.Context, device *smp.Session) string {
	state, err := device.Img.StateRead(ctx)
	if err != nil {
		return ""
	}
	for _, image := range state.Images {
		if image.Active.V {
			return image.Version
		}
	}
	return ""
}

// minute is a context for what must not hang.
func minute(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// A cable that comes out when the device resets.
type cable struct {
	net.Conn // each datagram is a packet
	mu       sync.Mutex
	out      bool
	tries    int
}

func (c *cable) Read(p []byte) (int, error) {
	if c.isOut() {
		return 0, io.EOF
	}
	n, err := c.Conn.Read(p)
	if n >= 8 && p[4] == 0 && p[5] == 0 && p[7] == 5 { // the answer to reset
		c.mu.Lock()
		c.out = true
		c.mu.Unlock()
	}
	return n, err
}

func (c *cable) isOut() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out
}

func (c *cable) reopen() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch c.tries++; c.tries {
	case 1:
		return errors.New("not yet")
	case 2:
		panic("ouch")
	}
	c.out = false
	return nil
}

func TestAnUpdateOverALinkThatAResetTakesAway(t *testing.T) {
	sim := smptest.Start(t, "--boot-time", "50")
	conn, err := net.Dial("udp", strings.TrimPrefix(sim.URL, "udp://"))
	if err != nil {
		t.Fatal(err)
	}
	line := &cable{Conn: conn}
	loop, err := smp.NewLoop(&smp.LoopOptions{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer loop.Close()
	device, err := loop.NewStreamSession(line, &smp.SessionOptions{Reopen: line.reopen})
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	report, err := device.Update(minute(t), bytes.NewReader(smptest.Image("1.1.0", 5000)),
		&smp.UpdateOptions{Goal: smp.UpdateStateConfirmed})
	if err != nil || report.State != smp.UpdateStateConfirmed || line.tries != 3 {
		t.Error(report, err, line.tries, sim.Log())
	}
}
