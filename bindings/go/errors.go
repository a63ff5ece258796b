// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"

	"libsmp/smp/internal/shim"
)

// ErrorCode says what happened here, as opposed to a [DeviceError].  The constants ErrTimeout,
// ErrClosed and so on are errors to compare with:
//
//	if errors.Is(err, smp.ErrTimeout) { ... }
type ErrorCode int

// Error is a plain sentence.
func (c ErrorCode) Error() string { return "smp: " + shim.ErrorText(int(c)) }

// Name is the library's own spelling, as "SMP_ERR_TIMEOUT".
func (c ErrorCode) Name() string { return shim.ErrorName(int(c)) }

// Is says that a closed session is a closed connection of package net too, and the like.
func (c ErrorCode) Is(target error) bool {
	switch c {
	case ErrTimeout, ErrStalled:
		return target == os.ErrDeadlineExceeded
	case ErrClosed:
		return target == net.ErrClosed
	case ErrNotFound:
		return target == os.ErrNotExist
	case ErrExists:
		return target == os.ErrExist
	case ErrRefused:
		return target == syscall.ECONNREFUSED
	}
	return false
}

// Timeout makes the errors of time usable as [net.Error].
func (c ErrorCode) Timeout() bool { return c == ErrTimeout || c == ErrStalled }

// Error is why an operation failed here.  errors.Is finds its code (ErrTimeout, ...), and what
// lies behind it: a [syscall.Errno], the context's error, or that of an io.Reader.
type Error struct {
	Op   string    // what was to be done: "os echo", "open udp://..."
	Code ErrorCode // what went wrong
	Key  string    // ErrMalformed: the key that was wrong
	Err  error     // what lies behind it, or nil
	text string
}

func (e *Error) Error() string {
	text := e.text
	if text == "" {
		text = strings.TrimPrefix(e.Code.Error(), "smp: ")
		if e.Err != nil {
			text += ": " + e.Err.Error()
		}
	}
	return "smp: " + e.Op + ": " + text
}

// Unwrap gives the code and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Code}
	}
	return []error{e.Code, e.Err}
}

// Timeout says that more time might have helped.
func (e *Error) Timeout() bool {
	return e.Code.Timeout() || e.Code == ErrCanceled && e.Err == context.DeadlineExceeded
}

// Temporary is of no use; [net.Error] wants it.
func (e *Error) Temporary() bool { return false }

// DeviceError is the device's own no.  errors.Is compares it with the codes of the groups
// (ImgRcNoImage, FSRcFileNotFound, ...) and with the global ones (RcNotSupported, ...):
//
//	if errors.Is(err, smp.FSRcFileNotFound) { ... }
type DeviceError struct {
	Op     string // what was asked: "img state_write"
	Group  uint16 // whose code it is: the group's, unless Global
	Global bool   // the code is one that all groups share: an Rc
	Code   int64
	Name   string // as Zephyr spells it: "INVALID_HASH", or "" when not known
	Text   string // what that means, or ""
	Hint   string // what to do about it, or ""
	Reason string // what the device added in its own words, or ""
	line   string
}

func (e *DeviceError) Error() string {
	if e.line != "" {
		return "smp: " + e.Op + ": " + e.line
	}
	return "smp: " + e.Op + ": " + codeText(e.Name, e.Code, e.Text, e.Hint)
}

// Is compares with the codes of groups, and those of all groups.
func (e *DeviceError) Is(target error) bool {
	if code, ok := target.(deviceCode); ok {
		group, rc, global := code.deviceCode()
		return rc == e.Code && global == e.Global && (global || group == e.Group)
	}
	return target == ErrDevice
}

// A deviceCode is a constant of an error enumeration: a group's, or Rc.
type deviceCode interface {
	error
	deviceCode() (group uint16, rc int64, global bool)
}

// codeText is what a code's Error() says.
func codeText(name string, rc int64, text, hint string) string {
	if name == "" {
		return "code " + strconv.FormatInt(rc, 10)
	}
	line := fmt.Sprintf("%s (%s, %d)", text, name, rc)
	if hint != "" {
		line += ": " + hint
	}
	return line
}

// failed makes the error of an operation from a negative number of the library.
func failed(op string, code int) error {
	return &Error{Op: op, Code: ErrorCode(code)}
}

// eventError makes the error of a completed request; nil when it succeeded.
func eventError(op string, ev *shim.Event) error {
	switch ErrorCode(ev.Err) {
	case 0:
		return nil
	case ErrDevice:
		return &DeviceError{
			Op: op, Group: ev.Group, Global: !ev.FromGroup, Code: ev.RC, Reason: ev.Reason,
			Name: ev.Code.Name, Text: ev.Code.Text, Hint: ev.Code.Hint, line: ev.Text,
		}
	}
	err := &Error{Op: op, Code: ErrorCode(ev.Err), Key: ev.Key, text: ev.Text}
	if ev.Errno != 0 {
		err.Err = ev.Errno
	}
	return err
}

// canceled is what a call returns that its context ended.
func canceled(op string, ctx context.Context) error {
	return &Error{Op: op, Code: ErrCanceled, Err: context.Cause(ctx), text: context.Cause(ctx).Error()}
}
