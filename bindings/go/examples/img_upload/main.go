// SPDX-License-Identifier: Apache-2.0

// Img_upload uploads a firmware file to a device.
//
//	img_upload udp://192.0.2.1:1337 zephyr.signed.bin
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"libsmp/smp"
)

func run(ctx context.Context, args []string) error {
	file, err := os.Open(args[1])
	if err != nil {
		return err
	}
	defer file.Close()
	device, err := smp.Dial(ctx, args[0], nil)
	if err != nil {
		return err
	}
	defer device.Close()
	options := &smp.UploadOptions{}
	options.Progress = func(p smp.Progress) { fmt.Printf("\r%d of %d bytes", p.Done, p.Total) }
	err = device.Img.Upload(ctx, file, options)
	fmt.Println()
	if err == nil {
		fmt.Println("done")
	}
	return err
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: img_upload ADDRESS FILE")
		os.Exit(2)
	}
	log.SetFlags(0)
	if err := run(context.Background(), os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}
