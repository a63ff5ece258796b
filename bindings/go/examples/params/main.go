// SPDX-License-Identifier: Apache-2.0

// Params asks a device how many packets of what size it can take.
//
//	params udp://192.0.2.1:1337
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
	params, err := device.OS.Params(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%d buffers of %d bytes\n", params.BufCount, params.BufSize)
	return nil
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: params ADDRESS")
		os.Exit(2)
	}
	log.SetFlags(0)
	if err := run(context.Background(), os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}
