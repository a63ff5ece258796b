// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"context"
	"errors"
	"reflect"
	"testing"
)

type lampReq struct {
	Level  uint8             `smp:"level"`
	Offset int16             `smp:"offset"`
	On     bool              `smp:"on"`
	Name   string            `smp:"name"`
	Key    []byte            `smp:"key"`
	Fade   Opt[uint32]       `smp:"fade_ms"`
	Label  Opt[string]       `smp:"label"`
	Any    Value             `smp:"any"`
	Spots  []uint16          `smp:"spots"`
	Names  []string          `smp:"names"`
	Parts  []lampPart        `smp:"parts"`
	Main   lampPart          `smp:"main"`
	Spare  *lampPart         `smp:"spare"`
	Counts map[string]uint64 `smp:"counts"`
	ByName map[string]lampPart
	local  int
	Skip   int `smp:"-"`
}

type lampPart struct {
	Watts uint32      `smp:"watts"`
	Type  Opt[string] `smp:"type"`
}

func TestGroupsOfOnesOwn(t *testing.T) {
	home := NewGroup(100, "home")
	tooBright := home.Code(7, "TOO_BRIGHT", "the lamp cannot be that bright", "ask for less")
	lamp := AddCommand[lampReq, lampReq](home, "lamp", 1, Write)
	off := AddCommand[struct{}, struct{}](home, "off", 2, Write, Idempotent())
	w := newWorld(t, nil, nil, home)

	var got *lampReq
	must(t, lamp.Handle(w.server, func(_ context.Context, req *lampReq) (*lampReq, error) {
		got = req
		if req.Level > 100 {
			return nil, tooBright
		}
		return req, nil
	}))
	calls := 0
	must(t, off.Handle(w.server, func(context.Context, *struct{}) (*struct{}, error) {
		calls++
		return nil, nil
	}))

	full := &lampReq{
		Level: 3, Offset: -300, On: true, Name: "hall", Key: []byte{1, 2}, Fade: Some(uint32(0)),
		Label: Some(""), Any: int64(-5), Spots: []uint16{1, 65535}, Names: []string{"a", ""},
		Parts: []lampPart{{60, Some("bulb")}, {5, Opt[string]{}}}, Main: lampPart{7, Some("led")},
		Spare: &lampPart{Watts: 1}, Counts: map[string]uint64{"x": 1, "y": 1 << 40},
		ByName: map[string]lampPart{"left": {Watts: 2}, "right": {3, Some("x")}},
	}
	for _, req := range []*lampReq{full, {}} {
		rsp, err := lamp.Call(soon(t), w.device, req)
		if err != nil || !reflect.DeepEqual(got, req) || !reflect.DeepEqual(rsp, req) {
			t.Errorf("%v\n%+v\n%+v\n%+v", err, req, got, rsp)
		}
	}
	_, err := lamp.Call(soon(t), w.device, &lampReq{Level: 200})
	var device *DeviceError
	if !errors.Is(err, tooBright) || !errors.As(err, &device) || device.Name != "TOO_BRIGHT" || device.Hint == "" {
		t.Errorf("%v %#v", err, device)
	}
	if _, err = off.Call(soon(t), w.device, nil); err != nil || calls != 1 {
		t.Error(err, calls)
	}
	must(t, off.Handle(w.server, nil))
	if _, err = off.Call(soon(t), w.device, nil); !errors.Is(err, RcNotSupported) {
		t.Error(err)
	}
	// A loop that does not know the group says so.
	other := newWorld(t, nil, nil)
	if _, err = off.Call(soon(t), other.device, nil); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

func TestGroupsThatCannotBe(t *testing.T) {
	type bad struct{ C chan int }
	for name, make := range map[string]func() *Group{
		"number":  func() *Group { return NewGroup(1, "mine") },
		"name":    func() *Group { return NewGroup(100, "") },
		"type":    func() *Group { g := NewGroup(100, "x"); AddCommand[bad, bad](g, "a", 1, Read); return g },
		"scalar":  func() *Group { g := NewGroup(100, "x"); AddCommand[int, struct{}](g, "a", 1, Read); return g },
		"command": func() *Group { g := NewGroup(100, "x"); AddCommand[struct{}, struct{}](g, "a b", 1, Read); return g },
		"op":      func() *Group { g := NewGroup(100, "x"); AddCommand[struct{}, struct{}](g, "a", 1, 1); return g },
		"opt list": func() *Group {
			g := NewGroup(100, "x")
			AddCommand[struct{ A Opt[[]int] }, struct{}](g, "a", 1, Read)
			return g
		},
		"twice": func() *Group {
			g := NewGroup(100, "x")
			AddCommand[struct{}, struct{}](g, "a", 1, Read)
			AddCommand[struct{}, struct{}](g, "a", 1, Read)
			return g
		},
	} {
		if loop, err := NewLoop(&LoopOptions{Groups: []*Group{make()}}); err == nil {
			t.Error(name)
			loop.Close()
		}
	}
}

// What the generated code writes, reflection over the same tags writes too.
func TestReflectionAgreesWithGeneratedCode(t *testing.T) {
	state := &ImgStateRsp{
		Images: []ImgImage{{Slot: 1, Version: "1.2.3", Hash: []byte{1}, Active: Some(true)}, {}},
	}
	l, err := newLayout(reflect.TypeOf(*state), "state")
	must(t, err)
	var a, b writer
	state.encode(&a)
	reflected{l, reflect.ValueOf(state).Elem()}.encode(&b)
	if string(a.b) != string(b.b) {
		t.Errorf("%x\n%x", a.b, b.b)
	}
	var c, d ImgStateRsp
	c.decode(&reader{a.b})
	reflected{l, reflect.ValueOf(&d).Elem()}.decode(&reader{a.b})
	if !reflect.DeepEqual(&c, state) || !reflect.DeepEqual(&d, state) {
		t.Errorf("%+v\n%+v", c, d)
	}
}

// Rows that a newer library has are skipped.
func TestUnknownRowsAreSkipped(t *testing.T) {
	var w writer
	at, outer := w.record()
	w.row(40)
	w.count(kindList, 2)
	inner, rows := w.record()
	w.row(0)
	w.str("x")
	w.end(inner, rows)
	w.value(nil)
	for i, v := range []Value{true, uint64(1), int64(-1), "s", []byte("b"), CBOR{0x80}} {
		w.row(50 + i)
		w.value(v)
	}
	w.row(0)
	w.str("kept")
	w.end(at, outer)
	var rsp OSEchoRsp
	rsp.decode(&reader{w.b})
	if rsp.Text != "kept" {
		t.Errorf("%+v", rsp)
	}
}
