// SPDX-License-Identifier: Apache-2.0

// Package smptest starts simulated devices for tests:
//
//	func TestUpdate(t *testing.T) {
//		device := smptest.Start(t)
//		session, err := smp.Dial(context.Background(), device.URL, nil)
//		...
//	}
//
// The device is the program smpsim, which comes with libsmp: as strict as a real board, with two
// firmware slots that MCUboot swaps at a reset.
package smptest

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A Device is a running simulated device.
type Device struct {
	URL string // for smp.Dial
	Dir string // its flash; kept over a Restart

	t    testing.TB
	args []string
	cmd  *exec.Cmd
	log  lines
}

// Start starts a device with firmware 1.0.0, which ends with the test.  args are further options
// of smpsim ("--buf-count", "2"); with an --image among them, that is its firmware.
//
// smpsim is taken from $SMPSIM, from $PATH, or from where pkg-config finds libsmp.
func Start(t testing.TB, args ...string) *Device {
	t.Helper()
	d := &Device{t: t, Dir: t.TempDir(), args: args}
	if !contains(args, "--image") && !contains(args, "-i") {
		path := filepath.Join(t.TempDir(), "1.0.0.bin")
		if err := os.WriteFile(path, Image("1.0.0", 4096), 0o600); err != nil {
			t.Fatal(err)
		}
		d.args = append([]string{"--image", path}, args...)
	}
	t.Cleanup(d.Stop)
	d.Restart()
	return d
}

func contains(args []string, option string) bool {
	for _, arg := range args {
		if arg == option || strings.HasPrefix(arg, option+"=") {
			return true
		}
	}
	return false
}

// Restart is a power cut, and power-on again; the address stays.
func (d *Device) Restart() {
	d.t.Helper()
	d.Stop()
	address := "127.0.0.1:0"
	if d.URL != "" {
		address = strings.TrimPrefix(d.URL, "udp://")
	}
	args := append([]string{"--udp", address, "--state", d.Dir}, d.args...)
	d.cmd = exec.Command(program(d.t), args...)
	d.cmd.Stderr = &d.log
	out, err := d.cmd.StdoutPipe()
	if err == nil {
		err = d.cmd.Start()
	}
	if err != nil {
		d.cmd = nil
		d.t.Fatalf("smptest: %v", err)
	}
	d.waitUntilReady(out)
}

func (d *Device) waitUntilReady(out io.Reader) {
	d.t.Helper()
	ready := make(chan string, 1)
	go func() {
		scanner := bufio.NewScanner(out)
		for scanner.Scan() {
			line := scanner.Text()
			fmt.Fprintln(&d.log, line)
			if _, address, ok := strings.Cut(line, "listening on udp "); ok {
				select {
				case ready <- "udp://" + address:
				default:
				}
			}
		}
		close(ready)
	}()
	select {
	case url, ok := <-ready:
		if !ok {
			d.Stop()
			d.t.Fatalf("smptest: smpsim ended at once:\n%s", d.Log())
		}
		d.URL = url
	case <-time.After(20 * time.Second):
		d.Stop()
		d.t.Fatalf("smptest: smpsim does not get ready:\n%s", d.Log())
	}
}

// Stop cuts the power.
func (d *Device) Stop() {
	if d.cmd != nil {
		_ = d.cmd.Process.Kill()
		_ = d.cmd.Wait()
		d.cmd = nil
	}
}

// Log is what smpsim has said so far.
func (d *Device) Log() string { return d.log.String() }

// lines collects text from several goroutines.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func program(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("SMPSIM"); path != "" {
		return path
	}
	if path, err := exec.LookPath("smpsim"); err == nil {
		return path
	}
	prefix, err := exec.Command("pkg-config", "--variable=prefix", "libsmp").Output()
	path := filepath.Join(strings.TrimSpace(string(prefix)), "bin", "smpsim")
	if _, missing := os.Stat(path); err != nil || missing != nil {
		t.Fatal("smptest: smpsim is not in PATH; install libsmp with its examples, or set SMPSIM")
	}
	return path
}

// Image makes a MCUboot image of at least that many bytes, with a hash and without a signature.
// The same version and size give the same bytes.
func Image(version string, size int) []byte {
	const headerSize, tlvSize = 512, 4 + 4 + sha256.Size
	var major, minor uint8
	var revision uint16
	var build uint32
	_, _ = fmt.Sscanf(version+".0", "%d.%d.%d.%d", &major, &minor, &revision, &build)
	body := max(size-headerSize-tlvSize, 16)
	image := make([]byte, headerSize+body, headerSize+body+tlvSize)
	le := binary.LittleEndian
	le.PutUint32(image, 0x96f3b83d)
	le.PutUint16(image[8:], headerSize)
	le.PutUint32(image[12:], uint32(body))
	image[20], image[21] = major, minor
	le.PutUint16(image[22:], revision)
	le.PutUint32(image[24:], build)
	seed := sha256.Sum256([]byte(version))
	for i := headerSize; i < len(image); i++ {
		image[i] = seed[i%len(seed)] ^ byte(i>>8)
	}
	hash := sha256.Sum256(image)
	image = le.AppendUint16(image, 0x6907)
	image = le.AppendUint16(image, tlvSize)
	image = le.AppendUint16(image, 0x10) // SHA256
	image = le.AppendUint16(image, sha256.Size)
	return append(image, hash[:]...)
}
