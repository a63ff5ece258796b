// SPDX-License-Identifier: Apache-2.0

package shim

/*
#include "shim.h"
#include <stdlib.h>
*/
import "C"

import "unsafe"

// cstring makes a C string for as long as f runs.
func cstring(text string, f func(*C.char) int64) int64 {
	c := C.CString(text)
	defer C.free(unsafe.Pointer(c))
	return f(c)
}

/* ---- transports ---- */

// Open opens a transport to a device by URL.
func (s *Shim) Open(url string) int64 {
	return cstring(url, func(c *C.char) int64 { return int64(C.shim_open(s.c, c)) })
}

// Listen opens a transport for a server.
func (s *Shim) Listen(url string) int64 {
	return cstring(url, func(c *C.char) int64 { return int64(C.shim_listen(s.c, c)) })
}

// OpenText says why the last Open or Listen failed.
func (s *Shim) OpenText() string { return C.GoString(C.shim_open_text(s.c)) }

// TransportURL is where a transport can be reached.
func (s *Shim) TransportURL(transport int64) string {
	var buffer [256]C.char
	n := C.shim_transport_url(s.c, C.int64_t(transport), &buffer[0], C.size_t(len(buffer)))
	if n < 0 {
		return ""
	}
	return C.GoString(&buffer[0])
}

// TransportNew makes a transport of Go's own.
func (s *Shim) TransportNew(stream bool, maxPacket, window uint32) int64 {
	options := C.struct_shim_transport_options{
		max_packet: C.uint32_t(maxPacket), window: C.uint32_t(window),
	}
	if stream {
		options.kind = C.SMP_TRANSPORT_STREAM
	}
	return int64(C.shim_transport_new(s.c, &options))
}

// TransportReceived hands over one packet.
func (s *Shim) TransportReceived(transport int64, peer string, packet []byte) int {
	var p C.struct_smp_peer
	p.len = C.uint8_t(copy(unsafe.Slice((*byte)(&p.data[0]), len(p.data)), peer))
	data, n := pointer(packet)
	return int(C.shim_transport_received(s.c, C.int64_t(transport), &p, data, n))
}

// TransportWritable says whether packets can be taken.
func (s *Shim) TransportWritable(transport int64, writable bool) {
	C.shim_transport_writable(s.c, C.int64_t(transport), C.bool(writable))
}

// TransportDown tells that the link is gone.
func (s *Shim) TransportDown(transport int64, reason, errno int) {
	C.shim_transport_down(s.c, C.int64_t(transport), C.int(reason), C.int(errno))
}

// TransportUp tells that the link is there again.
func (s *Shim) TransportUp(transport int64) { C.shim_transport_up(s.c, C.int64_t(transport)) }

// TransportPrint sends text along a serial line.
func (s *Shim) TransportPrint(transport int64, text []byte) int {
	data, n := pointer(text)
	return int(C.shim_transport_print(s.c, C.int64_t(transport), data, n))
}

// TransportReopen opens a serial port again.
func (s *Shim) TransportReopen(transport int64) int {
	return int(C.shim_transport_reopen(s.c, C.int64_t(transport)))
}

// Faults are what is wrong with a link, for tests.
type Faults struct {
	Seed                                        uint64
	Drop, Duplicate, Reorder, Corrupt, Truncate uint32
	DelayNS                                     uint64
	SilentAfter                                 uint64
}

// TransportFaults makes a link bad.
func (s *Shim) TransportFaults(transport int64, f Faults) int {
	return int(C.shim_transport_faults(s.c, C.int64_t(transport), &C.struct_smp_faults{
		seed: C.uint64_t(f.Seed), drop: C.uint32_t(f.Drop), duplicate: C.uint32_t(f.Duplicate),
		reorder: C.uint32_t(f.Reorder), corrupt: C.uint32_t(f.Corrupt),
		truncate: C.uint32_t(f.Truncate), delay_ns: C.uint64_t(f.DelayNS),
		silent_after: C.uint64_t(f.SilentAfter),
	}))
}

// Port is struct smp_serial_port.
type Port struct {
	Path, Description                       string
	USB                                     bool
	Vendor, Product                         uint16
	Manufacturer, ProductName, SerialNumber string
}

// Ports lists the serial ports.
func (s *Shim) Ports() ([]Port, int) {
	n := int(C.shim_ports(s.c))
	var ports []Port
	for i := 0; i < n; i++ {
		c := C.shim_port(s.c, C.size_t(i))
		ports = append(ports, Port{
			Path: C.GoString(c.path), Description: C.GoString(c.description),
			USB: bool(c.has_usb), Vendor: uint16(c.vendor), Product: uint16(c.product),
			Manufacturer: C.GoString(c.manufacturer), ProductName: C.GoString(c.product_name),
			SerialNumber: C.GoString(c.serial_number),
		})
	}
	return ports, n
}

/* ---- sessions ---- */

// SessionOptions are struct smp_session_options.
type SessionOptions struct {
	Timeout, Tries, Deadline, Grace, Window, MaxPacket, Queue uint32
	FirstChunk, Stall                                         uint32
	V1, NoParams, RetryAll                                    bool
}

// SessionNew makes a session.
func (s *Shim) SessionNew(transport int64, o SessionOptions) int64 {
	return int64(C.shim_session_new(s.c, C.int64_t(transport), &C.struct_smp_session_options{
		timeout_ms: C.uint32_t(o.Timeout), tries: C.uint32_t(o.Tries),
		deadline_ms: C.uint32_t(o.Deadline), grace_ms: C.uint32_t(o.Grace),
		window: C.uint32_t(o.Window), max_packet: C.uint32_t(o.MaxPacket),
		queue: C.uint32_t(o.Queue), first_chunk_ms: C.uint32_t(o.FirstChunk),
		stall_ms: C.uint32_t(o.Stall), v1: C.bool(o.V1), no_params: C.bool(o.NoParams),
		retry_all: C.bool(o.RetryAll),
	}))
}

// SessionClose takes nothing new and lets the rest end.
func (s *Shim) SessionClose(session int64) int {
	return int(C.shim_session_close(s.c, C.int64_t(session)))
}

// SessionStats are struct smp_session_stats.
type SessionStats struct {
	Sent, Answered, Repeated, Late, Strange, Lost, BytesSent, BytesReceived uint64
}

// SessionStats counts what a session saw.
func (s *Shim) SessionStats(session int64) (SessionStats, int) {
	var c C.struct_smp_session_stats
	err := C.shim_session_stats(s.c, C.int64_t(session), &c)
	return SessionStats{
		Sent: uint64(c.sent), Answered: uint64(c.answered), Repeated: uint64(c.repeated),
		Late: uint64(c.late), Strange: uint64(c.strange), Lost: uint64(c.lost),
		BytesSent: uint64(c.bytes_sent), BytesReceived: uint64(c.bytes_received),
	}, int(err)
}

// SessionWindow is how many requests may be with the device.
func (s *Shim) SessionWindow(session int64) int {
	return int(C.shim_session_window(s.c, C.int64_t(session)))
}

// SessionMaxPacket is the largest packet.
func (s *Shim) SessionMaxPacket(session int64) int {
	return int(C.shim_session_max_packet(s.c, C.int64_t(session)))
}

// Call sends a command, its fields in the flat form.
func (s *Shim) Call(session int64, group uint16, id, op uint8, flat []byte) int64 {
	data, n := pointer(flat)
	return int64(C.shim_call(s.c, C.int64_t(session), C.uint16_t(group), C.uint8_t(id),
		C.uint8_t(op), data, n))
}

// Request sends CBOR.
func (s *Shim) Request(session int64, group uint16, id, op uint8, cbor []byte) int64 {
	data, n := pointer(cbor)
	return int64(C.shim_request(s.c, C.int64_t(session), C.uint16_t(group), C.uint8_t(id),
		C.uint8_t(op), data, n))
}

// Cancel ends a request or transfer early.
func (s *Shim) Cancel(request int64) int { return int(C.shim_cancel(s.c, C.int64_t(request))) }

/* ---- transfers ---- */

// TransferOptions are struct smp_transfer_options.
type TransferOptions struct {
	Window, Chunk, FirstChunk, Stall uint32
	Resume                           uint64
}

func (o TransferOptions) c() C.struct_smp_transfer_options {
	return C.struct_smp_transfer_options{
		window: C.uint32_t(o.Window), chunk: C.uint32_t(o.Chunk),
		first_chunk_ms: C.uint32_t(o.FirstChunk), stall_ms: C.uint32_t(o.Stall),
		resume: C.uint64_t(o.Resume),
	}
}

// ImgUpload uploads an image of that many bytes, which Read events ask for.
func (s *Shim) ImgUpload(session int64, size int64, image uint32, upgrade bool, sha [32]byte,
	hash []byte, o TransferOptions) int64 {
	options := C.struct_smp_img_upload_options{
		image: C.uint32_t(image), upgrade: C.bool(upgrade), has_sha: true, transfer: o.c(),
	}
	copy(unsafe.Slice((*byte)(&options.sha[0]), len(options.sha)), sha[:])
	options.hash_len = C.size_t(copy(unsafe.Slice((*byte)(&options.hash[0]), len(options.hash)), hash))
	return int64(C.shim_img_upload(s.c, C.int64_t(session), nil, C.size_t(size), Pull, &options))
}

// FSUpload sends a file of that many bytes, which Read events ask for.
func (s *Shim) FSUpload(session int64, name string, size int64, o TransferOptions) int64 {
	options := o.c()
	return cstring(name, func(c *C.char) int64 {
		return int64(C.shim_fs_upload(s.c, C.int64_t(session), c, nil, C.size_t(size), Pull, &options))
	})
}

// FSDownload fetches a file: Write events.
func (s *Shim) FSDownload(session int64, name string, o TransferOptions) int64 {
	options := o.c()
	return cstring(name, func(c *C.char) int64 {
		return int64(C.shim_fs_download(s.c, C.int64_t(session), c, &options))
	})
}

// SourceData answers a Read event.
func (s *Shim) SourceData(transfer int64, offset uint64, block []byte) int {
	data, n := pointer(block)
	return int(C.shim_source_data(s.c, C.int64_t(transfer), C.uint64_t(offset), data, n))
}

// TransferFail ends a transfer: reading or storing failed here.
func (s *Shim) TransferFail(transfer int64) int {
	return int(C.shim_transfer_fail(s.c, C.int64_t(transfer)))
}

// TransferPause stops sending.
func (s *Shim) TransferPause(transfer int64) int {
	return int(C.shim_transfer_pause(s.c, C.int64_t(transfer)))
}

// TransferContinue goes on after a pause.
func (s *Shim) TransferContinue(transfer int64) int {
	return int(C.shim_transfer_continue(s.c, C.int64_t(transfer)))
}

/* ---- updates ---- */

// UpdateOptions are struct smp_update_options.
type UpdateOptions struct {
	Image                               uint32
	Goal                                int
	Recovery, NoDowngrade, Again, Force bool
	Key                                 []byte
	Wait, Link, Busy, DecideWithin      uint32
	Window, Chunk, FirstChunk, Stall    uint32
	Ask                                 bool // a Decide event asks
}

// Update updates a device with the image in file, which is copied.
func (s *Shim) Update(session int64, file []byte, o UpdateOptions) int64 {
	options := C.struct_smp_update_options{
		image: C.uint32_t(o.Image), goal: C.enum_smp_update_state(o.Goal),
		recovery: C.bool(o.Recovery), no_downgrade: C.bool(o.NoDowngrade),
		again: C.bool(o.Again), force_reset: C.bool(o.Force),
		wait_ms: C.uint32_t(o.Wait), link_ms: C.uint32_t(o.Link), busy_ms: C.uint32_t(o.Busy),
		decide_ms: C.uint32_t(o.DecideWithin),
		window:    C.uint32_t(o.Window), chunk: C.uint32_t(o.Chunk),
		first_chunk_ms: C.uint32_t(o.FirstChunk), stall_ms: C.uint32_t(o.Stall),
	}
	if len(o.Key) > 0 { // C's own: a pointer to Go's memory may not hold another
		key := C.CBytes(o.Key)
		defer C.free(key)
		options.key = C.struct_smp_str{data: (*C.char)(key), len: C.size_t(len(o.Key))}
	}
	data, n := pointer(file)
	return int64(C.shim_update(s.c, C.int64_t(session), data, n, Copy, &options, C.bool(o.Ask)))
}

// UpdateDecide answers a Decide event.
func (s *Shim) UpdateDecide(update int64, decision int) int {
	return int(C.shim_update_decide(s.c, C.int64_t(update), C.enum_smp_update_decision(decision)))
}

// UpdatePhaseName is "uploading", ...
func UpdatePhaseName(phase int) string {
	return C.GoString(C.smp_update_phase_name(C.uint32_t(phase)))
}

// UpdateStateName is "trial", ...
func UpdateStateName(state uint32) string {
	return C.GoString(C.smp_update_state_name(C.uint32_t(state)))
}

/* ---- servers ---- */

// ServerOptions are struct smp_server_options.
type ServerOptions struct {
	BufSize, BufCount uint32
	WorkNS            uint64
	V1Only, RcAlways  bool
}

// ServerNew makes a server.
func (s *Shim) ServerNew(o ServerOptions) int64 {
	return int64(C.shim_server_new(s.c, &C.struct_smp_server_options{
		buf_size: C.uint32_t(o.BufSize), buf_count: C.uint32_t(o.BufCount),
		work_ns: C.uint64_t(o.WorkNS), v1_only: C.bool(o.V1Only), rc_always: C.bool(o.RcAlways),
	}))
}

// ServerListen serves a transport too.
func (s *Shim) ServerListen(server, transport int64) int {
	return int(C.shim_server_listen(s.c, C.int64_t(server), C.int64_t(transport)))
}

// ServerHandle says whether such requests become events.
func (s *Shim) ServerHandle(server int64, group uint16, id, op uint8, on bool) int {
	return int(C.shim_server_handle(s.c, C.int64_t(server), C.uint16_t(group), C.uint8_t(id),
		C.uint8_t(op), C.bool(on)))
}

// Reply answers with success.
func (s *Shim) Reply(exchange int64, flat []byte) int {
	data, n := pointer(flat)
	return int(C.shim_reply(s.c, C.int64_t(exchange), data, n))
}

// Fail answers with a code of the command's group.
func (s *Shim) Fail(exchange int64, rc uint16, flat []byte) int {
	data, n := pointer(flat)
	return int(C.shim_fail(s.c, C.int64_t(exchange), C.uint16_t(rc), data, n))
}

// Refuse answers with a global code.
func (s *Shim) Refuse(exchange int64, rc int64, reason string) int {
	if reason == "" {
		return int(C.shim_refuse(s.c, C.int64_t(exchange), C.int64_t(rc), nil))
	}
	return int(cstring(reason, func(c *C.char) int64 {
		return int64(C.shim_refuse(s.c, C.int64_t(exchange), C.int64_t(rc), c))
	}))
}

/* ---- groups of one's own ---- */

// MessageNew begins a message.
func (s *Shim) MessageNew(name string) int64 {
	return cstring(name, func(c *C.char) int64 { return int64(C.shim_message_new(s.c, c)) })
}

// MessageAdd adds a field.
func (s *Shim) MessageAdd(message int64, key string, kind, element, width int, optional bool,
	of int64) int {
	return int(cstring(key, func(c *C.char) int64 {
		return int64(C.shim_message_add(s.c, C.int64_t(message), c, nil, C.enum_smp_kind(kind),
			C.enum_smp_kind(element), C.uint32_t(width), C.bool(optional), C.int64_t(of)))
	}))
}

// GroupNew begins a group.
func (s *Shim) GroupNew(id uint16, name string) int64 {
	return cstring(name, func(c *C.char) int64 {
		return int64(C.shim_group_new(s.c, C.uint16_t(id), c))
	})
}

// GroupAddCommand adds a command.
func (s *Shim) GroupAddCommand(group int64, name string, id, op uint8, idempotent bool,
	request, response int64) int {
	return int(cstring(name, func(c *C.char) int64 {
		return int64(C.shim_group_add_command(s.c, C.int64_t(group), c, C.uint8_t(id),
			C.uint8_t(op), C.bool(idempotent), C.int64_t(request), C.int64_t(response), nil))
	}))
}

// GroupAddCode explains a code.
func (s *Shim) GroupAddCode(group int64, rc int32, name, text, hint string, v1 int) int {
	cName, cText, cHint := C.CString(name), C.CString(text), (*C.char)(nil)
	defer C.free(unsafe.Pointer(cName))
	defer C.free(unsafe.Pointer(cText))
	if hint != "" {
		cHint = C.CString(hint)
		defer C.free(unsafe.Pointer(cHint))
	}
	return int(C.shim_group_add_code(s.c, C.int64_t(group), C.int32_t(rc), cName, cText, cHint,
		C.int(v1)))
}
