// SPDX-License-Identifier: Apache-2.0

package smp_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"libsmp/smp"
	"libsmp/smp/smptest"
)

func TestParseImage(t *testing.T) {
	file := smptest.Image("1.2.3.4", 3000)
	image, err := smp.ParseImage(file)
	if err != nil {
		t.Fatal(err)
	}
	if image.Version.String() != "1.2.3.4" || !image.HashGood || len(image.Hash) != 32 || image.Signed ||
		len(image.TLVs) != 1 || image.TLVs[0].Name != "SHA256" || !bytes.Equal(image.TLVs[0].Data, image.Hash) ||
		image.HeaderSize+image.ImageSize+40 != len(file) || image.End != len(file) {
		t.Errorf("%+v", image)
	}
	older, err := smp.ParseImage(smptest.Image("1.2.3", 0))
	if err != nil || older.Version.Compare(image.Version) >= 0 || image.Version.Compare(older.Version) <= 0 ||
		older.Version.Compare(older.Version) != 0 {
		t.Error(older, err)
	}
}

func TestImagesThatAreNone(t *testing.T) {
	file := smptest.Image("1.0.0", 2000)
	damaged := bytes.Clone(file)
	damaged[600] ^= 1
	image, err := smp.ParseImage(damaged)
	if !errors.Is(err, smp.ErrCorrupt) || image == nil || image.HashGood {
		t.Error(image, err)
	}
	for _, other := range [][]byte{nil, {}, []byte("\x7fELF and so on and so on and so on"), make([]byte, 100)} {
		image, err := smp.ParseImage(other)
		if !errors.Is(err, smp.ErrNotImage) || image != nil {
			t.Error(image, err)
		}
	}
	_, err = smp.ParseImage([]byte("\x7fELF and so on and so on and so on"))
	if err == nil || !strings.Contains(err.Error(), "ELF") {
		t.Error(err)
	}
	for n := range file {
		if _, err := smp.ParseImage(file[:n]); err == nil {
			t.Errorf("%d bytes of it are an image", n)
		}
	}
}

func TestSignatures(t *testing.T) {
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join("..", "..", "tests", "data", name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	file, key := read("app-1.0.0.signed.bin"), read("keys/test-only-ecdsa-p256.pub.pem")
	if err := smp.CheckSignature(file, key); err != nil {
		t.Error(err)
	}
	other := read("keys/test-only-ed25519.pub.pem")
	for _, c := range []struct {
		file, key []byte
		err       error
	}{
		{file, other, smp.ErrSignature},
		{read("unsigned.bin"), key, smp.ErrSignature},
		{file, nil, nil},
		{file, []byte("no key"), nil},
		{nil, key, nil},
		{file[:100], key, nil},
	} {
		if err := smp.CheckSignature(c.file, c.key); err == nil || c.err != nil && !errors.Is(err, c.err) {
			t.Errorf("%d bytes, key of %d: %v", len(c.file), len(c.key), err)
		}
	}
}
