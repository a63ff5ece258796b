// SPDX-License-Identifier: Apache-2.0

// Raw asks for something there is no call for: any group, any command, any CBOR.  Here group 0, command 6 (parameters), printed as it came.
//
//	raw udp://192.0.2.1:1337
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
	emptyMap := []byte{0xa0}
	cbor, err := device.Request(ctx, 0, 6, smp.Read, emptyMap)
	if err != nil {
		return err
	}
	fmt.Printf("% x\n", cbor)
	return nil
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: raw ADDRESS")
		os.Exit(2)
	}
	log.SetFlags(0)
	if err := run(context.Background(), os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}
