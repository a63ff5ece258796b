// SPDX-License-Identifier: Apache-2.0

// Bench does what tests/bench/bindings/c_bench.c does, to be compared with it.
package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"log"
	"math/rand"
	"os"
	"strconv"
	"time"

	"libsmp/smp"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 {
		log.Fatal("usage: bench echo|state COUNT | udp|upload ADDRESS COUNT")
	}
	number, err := strconv.Atoi(os.Args[len(os.Args)-1])
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	address := "loopback:bench"
	if os.Args[1] == "echo" || os.Args[1] == "state" {
		serve(address)
	} else {
		address = "udp://" + os.Args[2]
	}
	device, err := smp.Dial(ctx, address, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer device.Close()
	if os.Args[1] == "upload" {
		data := make([]byte, number)
		rand.New(rand.NewSource(time.Now().UnixNano())).Read(data) // a device skips what it has
		copy(data, header(number))
		began := time.Now()
		if err := device.Img.Upload(ctx, bytes.NewReader(data), nil); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%.3f\n", time.Since(began).Seconds())
		return
	}
	call := func() error {
		_, err := device.OS.Echo(ctx, &smp.OSEchoReq{Text: "hello"})
		return err
	}
	if os.Args[1] == "state" {
		call = func() error {
			_, err := device.Img.StateRead(ctx)
			return err
		}
	}
	began := time.Now()
	for i := 0; i < number; i++ {
		if err := call(); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Printf("%.3f\n", time.Since(began).Seconds()/float64(number)*1e6)
}

var state = smp.ImgStateRsp{
	Images: []smp.ImgImage{
		{Version: "1.4.2", Hash: make([]byte, 32), Bootable: smp.Some(true), Confirmed: smp.Some(true),
			Active: smp.Some(true)},
		{Slot: 1, Version: "1.5.0", Hash: make([]byte, 32), Bootable: smp.Some(true),
			Pending: smp.Some(true)},
	},
	SplitStatus: smp.Some(int64(0)),
}

func serve(address string) {
	server, err := smp.NewServer(nil)
	if err == nil {
		err = server.OS.HandleEcho(func(_ context.Context, req *smp.OSEchoReq) (*smp.OSEchoRsp, error) {
			return &smp.OSEchoRsp{Text: req.Text}, nil
		})
	}
	if err == nil {
		err = server.Img.HandleStateRead(func(context.Context) (*smp.ImgStateRsp, error) {
			return &state, nil
		})
	}
	if err == nil {
		_, err = server.Listen(address)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// header is as much of a MCUboot header as a device looks at.
func header(size int) []byte {
	h := make([]byte, 32)
	binary.LittleEndian.PutUint32(h, 0x96f3b83d)
	binary.LittleEndian.PutUint16(h[8:], 512)
	binary.LittleEndian.PutUint32(h[12:], uint32(size-1024))
	h[20] = 9
	return h
}
