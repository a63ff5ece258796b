// SPDX-License-Identifier: Apache-2.0

// Img_list lists the firmware in a device.
//
//	img_list udp://192.0.2.1:1337
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
	state, err := device.Img.StateRead(ctx)
	if err != nil {
		return err
	}
	for _, image := range state.Images {
		fmt.Printf("image %d slot %d: %s", image.Image.V, image.Slot, image.Version)
		for _, flag := range []struct {
			set  bool
			name string
		}{{image.Active.V, " active"}, {image.Pending.V, " pending"}, {image.Confirmed.V, " confirmed"}} {
			if flag.set {
				fmt.Print(flag.name)
			}
		}
		fmt.Println()
	}
	return nil
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: img_list ADDRESS")
		os.Exit(2)
	}
	log.SetFlags(0)
	if err := run(context.Background(), os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}
