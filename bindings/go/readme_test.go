// SPDX-License-Identifier: Apache-2.0

package smp_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"libsmp/smp/smptest"
)

const program = `package main

import (
	"context"
	"fmt"
	"os"

	"libsmp/smp"
)

func main() {
	ctx := context.Background()
	%BODY%
	if err != nil || report.State != smp.UpdateStateConfirmed {
		os.Exit(1)
	}
}
`

// The lines that the README shows update a device.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)## Update a device\n\n```go\n(.*?)```").FindSubmatch(text)
	if block == nil {
		t.Fatal("the README does not show how to update a device")
	}
	sim := smptest.Start(t, "--boot-time", "50")
	folder, err := os.MkdirTemp("examples", "readme") // in the module, so that it finds the package
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(folder)
	image := filepath.Join(t.TempDir(), "1.1.0.bin")
	body := strings.NewReplacer("udp://192.0.2.1:1337", sim.URL, "zephyr.signed.bin", image).
		Replace(string(block[1]))
	for name, data := range map[string]string{
		image:                            string(smptest.Image("1.1.0", 20000)),
		filepath.Join(folder, "main.go"): strings.Replace(program, "%BODY%", body, 1),
	} {
		if err = os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("go", "run", "./"+folder).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "uploading") {
		t.Errorf("%v\n%s", err, out)
	}
}
