// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"fmt"

	"libsmp/smp/internal/shim"
)

// Image is what a MCUboot image file holds.
type Image struct {
	Version       ImageVersion
	Hash          []byte   // the image's own, as the image state lists it
	HashGood      bool     // it was recomputed; false for encrypted images, which only devices can
	SHA256        [32]byte // of the whole file
	Signed        bool     // a signature is there: see [CheckSignature]
	Trailer       bool     // the file ends with a trailer's magic (imgtool --pad)
	Flags         uint32
	LoadAddress   uint32
	HeaderSize    int
	ImageSize     int // without header and TLVs
	ProtectedSize int // of the protected TLVs
	End           int // where the last TLV ends; what follows is padding or a trailer
	TLVs          []TLV
}

// ImageVersion is the version in an image's header.
type ImageVersion struct {
	Major, Minor uint8
	Revision     uint16
	Build        uint32
}

// String is "1.2.3", or "1.2.3.4" when there is a build number.
func (v ImageVersion) String() string {
	if v.Build != 0 {
		return fmt.Sprintf("%d.%d.%d.%d", v.Major, v.Minor, v.Revision, v.Build)
	}
	return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Revision)
}

// Compare is negative, 0 or positive: by major, minor, revision, build.
func (v ImageVersion) Compare(other ImageVersion) int {
	a, b := v.number(), other.number()
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (v ImageVersion) number() uint64 {
	return uint64(v.Major)<<56 | uint64(v.Minor)<<48 | uint64(v.Revision)<<32 | uint64(v.Build)
}

// TLV is an entry behind an image.
type TLV struct {
	Type      uint16
	Name      string // "SHA256", "ECDSA_SIG", or "" when not known
	Data      []byte // a part of the file
	Protected bool   // covered by the hash
}

// ParseImage reads a MCUboot image file and checks its hash.  It needs no device.  With
// ErrCorrupt (the hash is wrong) the image is there too; with ErrNotImage the error says what the
// file is instead.
func ParseImage(file []byte) (*Image, error) {
	c, code := shim.ReadImage(file)
	var err error
	if code < 0 {
		e := &Error{Op: "parse image", Code: ErrorCode(code), text: c.Problem}
		if e.Code == ErrNotImage {
			e.text = shim.FileText(c.File)
		}
		if err = e; e.Code != ErrCorrupt {
			return nil, err
		}
	}
	image := &Image{
		Version: ImageVersion{c.Major, c.Minor, c.Revision, c.Build},
		Hash:    c.Hash, HashGood: c.HashGood, SHA256: c.SHA, Signed: c.Signed, Trailer: c.Trailer,
		Flags: c.Flags, LoadAddress: c.LoadAddress, HeaderSize: int(c.HeaderSize),
		ImageSize: int(c.ImageSize), ProtectedSize: int(c.ProtectedSize), End: int(c.End),
	}
	for _, tlv := range c.TLVs {
		image.TLVs = append(image.TLVs, TLV{tlv.Type, shim.TLVName(tlv.Type), tlv.Data, tlv.Protected})
	}
	return image, err
}

// CheckSignature says whether a MCUboot image file is signed with a key, of which pem is the public
// half: ErrSignature when it is not.  It needs no device.
func CheckSignature(file, pem []byte) error {
	if code := shim.CheckSignature(file, pem); code < 0 {
		return failed("check signature", code)
	}
	return nil
}
