// SPDX-License-Identifier: Apache-2.0

// Img_confirm keeps the firmware that is running on trial; without this the next reset would undo it.
//
//	img_confirm udp://192.0.2.1:1337
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"libsmp/smp"
)

func run(ctx context.Context, args []string) error {
	device, err := smp.Dial(ctx, args[0], nil)
	if err != nil {
		return err
	}
	defer device.Close()
	_, err = device.Img.StateWrite(ctx, &smp.ImgStateWriteReq{Confirm: smp.Some(true)})
	return err
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: img_confirm ADDRESS")
		os.Exit(2)
	}
	log.SetFlags(0)
	if err := run(context.Background(), os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}
