// SPDX-License-Identifier: Apache-2.0

// Server is the other end: a device that answers echo, on UDP, until it is killed.
//
//	server udp://127.0.0.1:1337
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"libsmp/smp"
)

func run(ctx context.Context, args []string) error {
	server, err := smp.NewServer(nil)
	if err != nil {
		return err
	}
	defer server.Close()
	err = server.OS.HandleEcho(func(_ context.Context, req *smp.OSEchoReq) (*smp.OSEchoRsp, error) {
		fmt.Println("echo:", req.Text)
		return &smp.OSEchoRsp{Text: req.Text}, nil
	})
	if err != nil {
		return err
	}
	address, err := server.Listen(args[0])
	if err != nil {
		return err
	}
	fmt.Println("listening on", address)
	<-ctx.Done()
	return nil
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: server ADDRESS")
		os.Exit(2)
	}
	log.SetFlags(0)
	if err := run(context.Background(), os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}
