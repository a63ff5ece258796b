// SPDX-License-Identifier: Apache-2.0

package smp_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"libsmp/smp"
	"libsmp/smp/smptest"
)

// The whole way, with the simulated device: upload, test, reset, look, confirm.
func TestUpdate(t *testing.T) {
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
