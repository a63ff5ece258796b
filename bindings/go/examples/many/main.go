// SPDX-License-Identifier: Apache-2.0

// Many asks many devices at once which firmware they run.
//
//	many udp://192.0.2.1 udp://192.0.2.2 udp://[2001:db8::3]:1337
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"sync"

	"libsmp/smp"
)

func run(ctx context.Context, args []string) error {
	var all sync.WaitGroup
	for _, address := range args {
		all.Add(1)
		go func() {
			defer all.Done()
			version, err := ask(ctx, address)
			if err != nil {
				version = err.Error()
			}
			fmt.Printf("%s: %s\n", address, version)
		}()
	}
	all.Wait()
	return nil
}

func ask(ctx context.Context, address string) (string, error) {
	device, err := smp.Dial(ctx, address, nil)
	if err != nil {
		return "", err
	}
	defer device.Close()
	state, err := device.Img.StateRead(ctx)
	if err != nil {
		return "", err
	}
	for _, image := range state.Images {
		if image.Active.V {
			return image.Version, nil
		}
	}
	return "nothing runs", nil
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: many ADDRESS...")
		os.Exit(2)
	}
	log.SetFlags(0)
	if err := run(context.Background(), os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}
