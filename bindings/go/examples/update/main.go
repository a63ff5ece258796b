// SPDX-License-Identifier: Apache-2.0

// Update uploads, tries the new image, and keeps it when the device still answers.
//
//	update udp://192.0.2.1:1337 zephyr.signed.bin
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
	report, err := device.Update(ctx, file, &smp.UpdateOptions{
		Progress: func(p smp.UpdateProgress) {
			fmt.Printf("\r%-12s %d of %d ", p.Name(), p.Done, p.Total)
		},
		Decide: func(ctx context.Context, _ *smp.UpdateReport) int {
			if _, err := device.OS.Echo(ctx, &smp.OSEchoReq{Text: "well?"}); err != nil {
				return smp.UpdateDecisionNo
			}
			return smp.UpdateDecisionYes
		},
	})
	fmt.Println()
	if err == nil {
		fmt.Println(report.Text)
	}
	return err
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: update ADDRESS FILE")
		os.Exit(2)
	}
	log.SetFlags(0)
	if err := run(context.Background(), os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}
