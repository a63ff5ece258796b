// SPDX-License-Identifier: Apache-2.0

// Echo sends text to a device, and prints what comes back.
//
//	echo udp://192.0.2.1:1337 hello
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
	rsp, err := device.OS.Echo(ctx, &smp.OSEchoReq{Text: args[1]})
	if err != nil {
		return err
	}
	fmt.Println(rsp.Text)
	return nil
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: echo ADDRESS TEXT")
		os.Exit(2)
	}
	log.SetFlags(0)
	if err := run(context.Background(), os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}
