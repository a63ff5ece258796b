// SPDX-License-Identifier: Apache-2.0

package smp_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"libsmp/smp"
	"libsmp/smp/smptest"
)

// Every example runs against the simulated device, and says what it should.
func TestExamples(t *testing.T) {
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", bin, "./examples/...").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	sim := smptest.Start(t)
	file := filepath.Join(bin, "1.1.0.bin")
	if err := os.WriteFile(file, smptest.Image("1.1.0", 20000), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, want string }{
		{"echo " + sim.URL + " hello", "hello\n"},
		{"params " + sim.URL, "4 buffers of 2048 bytes\n"},
		{"raw " + sim.URL, "69 62 75 66 5f 63 6f 75 6e 74 04"}, // "buf_count": 4
		{"img_info " + file, "version 1.1.0, not signed, hash "},
		{"img_list " + sim.URL, "image 0 slot 0: 1.0.0 active confirmed\n"},
		{"img_upload " + sim.URL + " " + file, " of 20000 bytes\ndone\n"},
		{"img_list " + sim.URL, "image 0 slot 1: 1.1.0\n"},
		{"many " + sim.URL + " " + sim.URL, sim.URL + ": 1.0.0\n"},
		{"img_confirm " + sim.URL, ""},
		{"update " + sim.URL + " " + file, "1.0.0 to 1.1.0: "},
		{"img_list " + sim.URL, "image 0 slot 0: 1.1.0 active confirmed\n"},
		{"reset " + sim.URL, ""},
	} {
		args := strings.Fields(c.args)
		out, err := exec.Command(filepath.Join(bin, args[0]), args[1:]...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), c.want) {
			t.Errorf("%s: %v\n%s", c.args, err, out)
		}
	}
	names, _ := filepath.Glob("../../examples/*.c")
	for _, name := range names {
		name = strings.TrimSuffix(filepath.Base(name), ".c")
		if _, err := os.Stat(filepath.Join(bin, name)); err != nil {
			t.Errorf("%s is an example in C, but not in Go", name)
		}
	}
	var usage *exec.ExitError
	if err := exec.Command(filepath.Join(bin, "echo")).Run(); err == nil {
		t.Error("echo without arguments succeeds")
	} else if usage, _ = err.(*exec.ExitError); usage == nil || usage.ExitCode() != 2 {
		t.Error(err)
	}
	if smp.Version() == "" {
		t.Error("no version")
	}
}
