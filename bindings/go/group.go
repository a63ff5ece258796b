// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"context"
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"libsmp/smp/internal/shim"
)

// A Group is one of the program's own: commands that the library does not know.  Requests and
// answers are structs, whose exported fields are the message's:
//
//	type LampReq struct {
//		Level uint8              `smp:"level"`
//		Fade  smp.Opt[uint32]    `smp:"fade_ms"` // may be missing
//		Names []string           `smp:"names"`
//		Tags  map[string]uint64  `smp:"tags"`
//	}
//	var home = smp.NewGroup(100, "home")
//	var lamp = smp.AddCommand[LampReq, struct{}](home, "lamp", 1, smp.Write)
//
//	loop, err := smp.NewLoop(&smp.LoopOptions{Groups: []*smp.Group{home}})
//	device, err := loop.Dial(ctx, "udp://192.0.2.1", nil)
//	_, err = lamp.Call(ctx, device, &LampReq{Level: 3})
//
// Fields are of the types bool, integers, string, []byte, [Value], structs, pointers to structs
// (may be missing), slices of all these, and maps from string to scalars or structs.
type Group struct {
	id       uint16
	name     string
	commands []groupCommand
	codes    []GroupCode
	err      error // the first mistake; NewLoop returns it
}

type groupCommand struct {
	command
	idempotent bool
	req, rsp   *layout
}

// NewGroup begins a group; ids from 64 on belong to applications.
func NewGroup(id uint16, name string) *Group {
	return &Group{id: id, name: name}
}

// A GroupCode is an error code of a group of one's own: handlers return it, and errors.Is finds
// it in what a call returns.
type GroupCode struct {
	group            *Group
	rc               uint16
	name, text, hint string
}

// Code adds an error code; hint may be "".
func (g *Group) Code(rc uint16, name, text, hint string) GroupCode {
	code := GroupCode{g, rc, name, text, hint}
	g.codes = append(g.codes, code)
	return code
}

func (c GroupCode) Error() string {
	return "smp: " + c.group.name + ": " + codeText(c.name, int64(c.rc), c.text, c.hint)
}

func (c GroupCode) deviceCode() (uint16, int64, bool) { return c.group.id, int64(c.rc), false }

// A Command of a group of one's own.
type Command[Req, Rsp any] struct {
	command
	req, rsp *layout
}

// CommandOption changes a command.
type CommandOption func(*groupCommand)

// Idempotent says that a command may be executed twice without harm: it is repeated by default.
func Idempotent() CommandOption { return func(c *groupCommand) { c.idempotent = true } }

// AddCommand adds a command.  struct{} is a request or an answer without fields.
func AddCommand[Req, Rsp any](g *Group, name string, id uint8, op Op, options ...CommandOption) *Command[Req, Rsp] {
	c := groupCommand{command: command{g.id, id, op, g.name + " " + name}, idempotent: op == Read}
	for _, option := range options {
		option(&c)
	}
	var err error
	prefix := g.name + "_" + name
	if c.req, err = newLayout(reflect.TypeOf((*Req)(nil)).Elem(), prefix+"_req"); err == nil {
		c.rsp, err = newLayout(reflect.TypeOf((*Rsp)(nil)).Elem(), prefix+"_rsp")
	}
	if err != nil && g.err == nil {
		g.err = &Error{Op: "command " + c.name, Code: ErrInvalid, Err: err}
	}
	g.commands = append(g.commands, c)
	return &Command[Req, Rsp]{c.command, c.req, c.rsp}
}

// Call sends the command.  req nil: no field is set.
func (c *Command[Req, Rsp]) Call(ctx context.Context, s *Session, req *Req) (*Rsp, error) {
	if c.req == nil || c.rsp == nil {
		return nil, failed(c.name, int(ErrInvalid))
	}
	var m message
	if req != nil {
		m = reflected{c.req, reflect.ValueOf(req).Elem()}
	}
	flat, err := s.ask(ctx, c.command, m)
	if err != nil && flat == nil {
		return nil, err
	}
	rsp := new(Rsp)
	if len(flat) > 0 {
		reflected{c.rsp, reflect.ValueOf(rsp).Elem()}.decode(&reader{flat})
	}
	return rsp, err
}

// Handle sets a server's handler; nil removes it.
func (c *Command[Req, Rsp]) Handle(s *Server, f func(context.Context, *Req) (*Rsp, error)) error {
	if c.req == nil || c.rsp == nil {
		return failed(c.name, int(ErrInvalid))
	}
	if f == nil {
		return s.set(c.command, nil)
	}
	return s.set(c.command, func(ctx context.Context, flat []byte) (message, error) {
		req := new(Req)
		if len(flat) > 0 {
			reflected{c.req, reflect.ValueOf(req).Elem()}.decode(&reader{flat})
		}
		rsp, err := f(ctx, req)
		if rsp == nil {
			return nil, err
		}
		return reflected{c.rsp, reflect.ValueOf(rsp).Elem()}, err
	})
}

/* ---- telling the library ---- */

func (g *Group) register(c *shim.Shim) error {
	if g.err != nil {
		return g.err
	}
	group := c.GroupNew(g.id, g.name)
	if group < 0 {
		return failed("group "+g.name, int(group))
	}
	for i := range g.commands {
		command := &g.commands[i]
		req, err := command.req.register(c)
		if err != nil {
			return err
		}
		rsp, err := command.rsp.register(c)
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(command.name, g.name+" ")
		code := c.GroupAddCommand(group, name, command.id, uint8(command.op), command.idempotent, req, rsp)
		if code < 0 {
			return failed("command "+command.name, code)
		}
	}
	for _, code := range g.codes {
		v1 := int(RcUnknown)
		if n := c.GroupAddCode(group, int32(code.rc), code.name, code.text, code.hint, v1); n < 0 {
			return failed("code "+code.name, n)
		}
	}
	return nil
}

func (l *layout) register(c *shim.Shim) (int64, error) {
	if len(l.fields) == 0 {
		return 0, nil
	}
	parts := make([]int64, len(l.fields)) // what is inside comes first
	for i, f := range l.fields {
		if f.sub == nil {
			continue
		}
		var err error
		if parts[i], err = f.sub.register(c); err != nil {
			return 0, err
		}
	}
	handle := c.MessageNew(l.name)
	if handle < 0 {
		return 0, failed("message "+l.name, int(handle))
	}
	for i, f := range l.fields {
		element := kindNone
		if f.kind == kindList {
			element = f.element
		}
		if code := c.MessageAdd(handle, f.key, f.kind, element, f.width, f.optional, parts[i]); code < 0 {
			return 0, failed("field "+l.name+"."+f.key, code)
		}
	}
	return handle, nil
}

/* ---- structs by reflection ---- */

// A layout is how a struct, or an entry of a map, is laid out on the wire.
type layout struct {
	name   string
	fields []layoutField
}

type layoutField struct {
	index    int // in the struct
	key      string
	kind     int
	element  int // of lists
	width    int
	optional bool
	form     form
	sub      *layout // of records; of a map's entries: key first
}

// form is how Go holds a field.
type form int

const (
	plain   form = iota
	opt          // Opt[T]
	pointer      // *struct
)

var bytesType = reflect.TypeOf([]byte(nil))

func newLayout(t reflect.Type, name string) (*layout, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%v is not a struct", t)
	}
	l := &layout{name: name}
	for i := 0; i < t.NumField(); i++ {
		sf := t.Field(i)
		key, tagged := sf.Tag.Lookup("smp")
		if !sf.IsExported() || key == "-" {
			continue
		}
		if !tagged {
			key = strings.ToLower(sf.Name)
		}
		f := layoutField{index: i, key: key}
		if err := f.find(sf.Type, name+"_"+strconv.Itoa(i)); err != nil {
			return nil, fmt.Errorf("field %s: %w", sf.Name, err)
		}
		l.fields = append(l.fields, f)
	}
	return l, nil
}

func (f *layoutField) find(t reflect.Type, name string) (err error) {
	if isOpt(t) {
		f.form, f.optional, t = opt, true, t.Field(0).Type
	}
	if kind, width := scalar(t); kind != kindNone {
		f.kind, f.element, f.width = kind, kind, width
		if kind == kindValue || kind == kindBytes {
			f.optional = true
		}
		return nil
	}
	f.element = kindRecord
	switch {
	case f.form == opt:
		return fmt.Errorf("Opt of %v", t)
	case t.Kind() == reflect.Struct:
		f.kind = kindRecord
		f.sub, err = newLayout(t, name)
	case t.Kind() == reflect.Pointer:
		f.kind, f.form, f.optional = kindRecord, pointer, true
		f.sub, err = newLayout(t.Elem(), name)
	case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String:
		f.kind, f.optional = kindMap, true
		f.sub, err = entryLayout(t.Elem(), name)
	case t.Kind() == reflect.Slice:
		f.kind, f.optional = kindList, true
		if kind, width := scalar(t.Elem()); kind != kindNone {
			f.element, f.width = kind, width
			return nil
		}
		f.sub, err = newLayout(t.Elem(), name)
	default:
		err = fmt.Errorf("no field can be of type %v", t)
	}
	return err
}

// entryLayout is that of a map's entries: the key, and the value or the value's fields.
func entryLayout(t reflect.Type, name string) (*layout, error) {
	l := &layout{name: name, fields: []layoutField{{kind: kindStr, element: kindStr}}}
	if kind, width := scalar(t); kind != kindNone {
		l.fields = append(l.fields, layoutField{kind: kind, element: kind, width: width})
		return l, nil
	}
	value, err := newLayout(t, name)
	if err == nil {
		l.fields = append(l.fields, value.fields...)
	}
	return l, err
}

// isOpt says whether a type is an Opt, whose fields are V and Valid.
func isOpt(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.PkgPath() == reflect.TypeOf(Opt[int]{}).PkgPath() &&
		strings.HasPrefix(t.Name(), "Opt[")
}

// scalar is the kind and width of what is one item on the wire, else kindNone.
func scalar(t reflect.Type) (kind, width int) {
	switch {
	case t.Kind() == reflect.Interface && t.NumMethod() == 0: // Value, any
		return kindValue, 0
	case t == bytesType:
		return kindBytes, 0
	}
	switch t.Kind() {
	case reflect.Bool:
		return kindBool, 0
	case reflect.String:
		return kindStr, 0
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return kindInt, int(t.Size())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return kindUint, int(t.Size())
	}
	return kindNone, 0
}

// reflected is a struct as a message.
type reflected struct {
	layout *layout
	v      reflect.Value
}

func (r reflected) encode(w *writer) {
	if len(r.layout.fields) == 0 {
		return
	}
	r.layout.encode(w, r.v)
}

func (r reflected) decode(in *reader) { r.layout.decode(in, r.v) }

func (l *layout) encode(w *writer, v reflect.Value) {
	at, outer := w.record()
	l.encodeFields(w, v, 0)
	w.end(at, outer)
}

// encodeFields writes the fields from row `first` on.
func (l *layout) encodeFields(w *writer, v reflect.Value, first int) {
	for row := first; row < len(l.fields); row++ {
		f := &l.fields[row]
		fv := v.Field(f.index)
		if !f.isThere(fv) {
			continue
		}
		w.row(row)
		switch f.form {
		case opt:
			fv = fv.Field(0)
		case pointer:
			fv = fv.Elem()
		}
		f.encode(w, fv)
	}
}

func (f *layoutField) isThere(v reflect.Value) bool {
	switch {
	case f.form == opt:
		return v.Field(1).Bool()
	case f.form == pointer, f.kind == kindList, f.kind == kindMap, f.kind == kindValue, f.kind == kindBytes:
		return !v.IsNil()
	}
	return true
}

func (f *layoutField) encode(w *writer, v reflect.Value) {
	switch f.kind {
	case kindRecord:
		f.sub.encode(w, v)
	case kindList:
		w.count(kindList, v.Len())
		for i := 0; i < v.Len(); i++ {
			if f.sub != nil {
				f.sub.encode(w, v.Index(i))
			} else {
				encodeScalar(w, f.element, v.Index(i))
			}
		}
	case kindMap:
		keys := v.MapKeys()
		sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
		w.count(kindMap, len(keys))
		for _, key := range keys {
			f.sub.encodeEntry(w, key.String(), v.MapIndex(key))
		}
	default:
		encodeScalar(w, f.kind, v)
	}
}

func (l *layout) encodeEntry(w *writer, key string, v reflect.Value) {
	at, outer := w.record()
	w.row(0)
	w.str(key)
	if kind, _ := scalar(v.Type()); kind != kindNone {
		w.row(1)
		encodeScalar(w, kind, v)
	} else {
		l.encodeFields(w, v, 1)
	}
	w.end(at, outer)
}

func encodeScalar(w *writer, kind int, v reflect.Value) {
	switch kind {
	case kindBool:
		w.bool(v.Bool())
	case kindUint:
		w.uint(v.Uint())
	case kindInt:
		w.int(v.Int())
	case kindStr:
		w.str(v.String())
	case kindBytes:
		w.bytes(v.Bytes())
	case kindValue:
		w.value(v.Interface())
	}
}

func (l *layout) decode(r *reader, v reflect.Value) {
	for n := r.record(); n > 0; n-- {
		row := r.row()
		if row >= len(l.fields) {
			r.skip()
			continue
		}
		f := &l.fields[row]
		f.decodeInto(r, v.Field(f.index))
	}
}

func (f *layoutField) decodeInto(r *reader, v reflect.Value) {
	switch f.form {
	case opt:
		v.Field(1).SetBool(true)
		v = v.Field(0)
	case pointer:
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch f.kind {
	case kindRecord:
		f.sub.decode(r, v)
	case kindList:
		n := r.elements()
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := 0; i < n; i++ {
			if f.sub != nil {
				f.sub.decode(r, v.Index(i))
			} else {
				decodeScalar(r, f.element, v.Index(i))
			}
		}
	case kindMap:
		v.Set(reflect.MakeMap(v.Type()))
		for n := r.elements(); n > 0; n-- {
			f.sub.decodeEntry(r, v)
		}
	default:
		decodeScalar(r, f.kind, v)
	}
}

func (l *layout) decodeEntry(r *reader, m reflect.Value) {
	key := reflect.New(m.Type().Key()).Elem()
	value := reflect.New(m.Type().Elem()).Elem()
	kind, _ := scalar(value.Type())
	for n := r.record(); n > 0; n-- {
		switch row := r.row(); {
		case row == 0:
			key.SetString(r.str())
		case kind != kindNone && row == 1:
			decodeScalar(r, kind, value)
		case kind == kindNone && row < len(l.fields):
			l.fields[row].decodeInto(r, value.Field(l.fields[row].index))
		default:
			r.skip()
		}
	}
	m.SetMapIndex(key, value)
}

func decodeScalar(r *reader, kind int, v reflect.Value) {
	switch kind {
	case kindBool:
		v.SetBool(r.bool())
	case kindUint:
		v.SetUint(r.uint())
	case kindInt:
		v.SetInt(r.int())
	case kindStr:
		v.SetString(r.str())
	case kindBytes:
		v.SetBytes(r.bytes())
	case kindValue:
		if value := r.value(); value != nil {
			v.Set(reflect.ValueOf(value))
		}
	}
}
