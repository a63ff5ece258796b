// SPDX-License-Identifier: Apache-2.0

package shim

/*
#include "shim.h"
*/
import "C"

import "unsafe"

// Image is struct smp_mcuboot_image.
type Image struct {
	File                                   int
	LoadAddress, ImageSize, TLVOffset, End uint32
	HeaderSize, ProtectedSize, HashType    uint16
	Flags                                  uint32
	Major, Minor                           uint8
	Revision                               uint16
	Build                                  uint32
	Hash                                   []byte
	HashGood, Signed, Trailer              bool
	Problem                                string
	SHA                                    [32]byte
	TLVs                                   []TLV
}

// TLV is struct smp_mcuboot_tlv.
type TLV struct {
	Type      uint16
	Data      []byte
	Protected bool
}

// start is where a file begins; an empty slice may have no address.
func start(file []byte) (*C.uint8_t, C.size_t) {
	if len(file) == 0 {
		return (*C.uint8_t)(unsafe.SliceData(make([]byte, 1))), 0
	}
	return pointer(file)
}

// ReadImage parses an image, checks its hash, and walks its TLVs.
func ReadImage(file []byte) (*Image, int) {
	var c C.struct_smp_mcuboot_image
	image := new(Image)
	data, n := start(file)
	err := int(C.shim_image_read(data, n, true, &c, (*C.uint8_t)(unsafe.Pointer(&image.SHA[0]))))
	image.File = int(c.file)
	image.LoadAddress, image.ImageSize = uint32(c.load_address), uint32(c.image_size)
	image.TLVOffset, image.End = uint32(c.tlv_offset), uint32(c.end)
	image.HeaderSize, image.ProtectedSize = uint16(c.header_size), uint16(c.protected_size)
	image.HashType, image.Flags = uint16(c.hash_type), uint32(c.flags)
	image.Major, image.Minor = uint8(c.version.major), uint8(c.version.minor)
	image.Revision, image.Build = uint16(c.version.revision), uint32(c.version.build)
	if hash := unsafe.Slice((*byte)(&c.hash[0]), len(c.hash)); int(c.hash_len) <= len(hash) {
		image.Hash = append([]byte(nil), hash[:c.hash_len]...)
	}
	image.HashGood, image.Signed = bool(c.hash_good), bool(c.is_signed)
	image.Trailer = bool(c.has_trailer)
	image.Problem = C.GoString(c.problem)
	if err != C.SMP_OK && err != C.SMP_ERR_CORRUPT {
		return image, err
	}
	var cursor C.uint32_t
	var tlv C.struct_smp_mcuboot_tlv
	for C.shim_image_tlv(data, n, &c, &cursor, &tlv) == C.SMP_OK {
		image.TLVs = append(image.TLVs, TLV{uint16(tlv._type), file[tlv.offset:][:tlv.len:tlv.len],
			bool(tlv.is_protected)})
	}
	return image, err
}

// CheckSignature parses an image, and looks for a signature that the key made.
func CheckSignature(file, pem []byte) int {
	var c C.struct_smp_mcuboot_image
	data, n := start(file)
	key, keyLen := start(pem)
	err := C.shim_image_read(data, n, true, &c, nil)
	if err == C.SMP_OK {
		err = C.shim_image_signature(data, n, &c, (*C.char)(unsafe.Pointer(key)), keyLen)
	}
	return int(err)
}

// FileText says what a file is and what to use instead.
func FileText(file int) string {
	return C.GoString(C.smp_mcuboot_file_text(C.enum_smp_mcuboot_file(file)))
}

// TLVName is "" when not known.
func TLVName(kind uint16) string { return C.GoString(C.smp_mcuboot_tlv_name(C.uint16_t(kind))) }
