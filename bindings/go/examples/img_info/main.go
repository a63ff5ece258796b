// SPDX-License-Identifier: Apache-2.0

// Img_info looks at a firmware file: which version, which hash, whole and undamaged?  It needs no device.
//
//	img_info zephyr.signed.bin
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"libsmp/smp"
)

func run(_ context.Context, args []string) error {
	file, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	image, err := smp.ParseImage(file)
	if err != nil {
		return err
	}
	signed := "not signed"
	if image.Signed {
		signed = "signed"
	}
	fmt.Printf("version %v, %s, hash %x\n", image.Version, signed, image.Hash)
	return nil
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: img_info FILE")
		os.Exit(2)
	}
	log.SetFlags(0)
	if err := run(context.Background(), os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}
