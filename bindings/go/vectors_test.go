// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
	"testing"
	"time"
)

// The vectors all languages share: what bytes mean, and what bytes a struct becomes.  Each runs
// through everything: typed call, C library, and packets on a connection that the test holds.
type vector struct {
	Name     string          `json:"name"`
	Group    uint16          `json:"group"`
	ID       uint8           `json:"id"`
	Op       uint8           `json:"op"`
	Version  uint8           `json:"version"`
	Hex      string          `json:"hex"`
	Decoded  json.RawMessage `json:"decoded"`
	Encodes  bool            `json:"encodes"`
	Error    string          `json:"error"`
	Key      *string         `json:"key"`
	ExitCode *int64          `json:"exit_code"`
	Refusal  *struct {
		Group  *uint16 `json:"group"`
		Rc     int64   `json:"rc"`
		Reason string  `json:"reason"`
	} `json:"refusal"`
}

func (v *vector) payload(t *testing.T) []byte {
	data, err := hex.DecodeString(strings.ReplaceAll(v.Hex, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (v *vector) packet(t *testing.T, sequence byte) []byte {
	payload := v.payload(t)
	packet := []byte{v.Op | (v.Version-1)<<3, 0, 0, 0, 0, 0, sequence, v.ID}
	binary.BigEndian.PutUint16(packet[2:], uint16(len(payload)))
	binary.BigEndian.PutUint16(packet[4:], v.Group)
	return append(packet, payload...)
}

func readVectors(t *testing.T) []vector {
	files, _ := filepath.Glob("../../tests/vectors/*.jsonl")
	if len(files) == 0 {
		t.Skip("SKIPPED: the shared vectors (tests/vectors) are not here")
	}
	var all []vector
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var v vector
			if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			all = append(all, v)
		}
	}
	return all
}

/* ---- a connection that the test holds ---- */

// tap is a packet connection whose other end is the test.
type tap struct {
	in, out chan []byte
	closed  chan struct{}
}

func newTap() *tap {
	return &tap{make(chan []byte, 8), make(chan []byte, 8), make(chan struct{})}
}

type tapAddr struct{}

func (tapAddr) Network() string { return "tap" }
func (tapAddr) String() string  { return "tap" }

func (c *tap) ReadFrom(p []byte) (int, net.Addr, error) {
	select {
	case packet := <-c.in:
		return copy(p, packet), tapAddr{}, nil
	case <-c.closed:
		return 0, nil, net.ErrClosed
	}
}

func (c *tap) WriteTo(p []byte, _ net.Addr) (int, error) {
	c.out <- bytes.Clone(p)
	return len(p), nil
}

func (c *tap) Close() error                     { close(c.closed); return nil }
func (c *tap) LocalAddr() net.Addr              { return tapAddr{} }
func (c *tap) SetDeadline(time.Time) error      { return nil }
func (c *tap) SetReadDeadline(time.Time) error  { return nil }
func (c *tap) SetWriteDeadline(time.Time) error { return nil }

func (c *tap) next(t *testing.T) []byte {
	t.Helper()
	select {
	case packet := <-c.out:
		return packet
	case <-time.After(10 * time.Second):
		t.Fatal("no packet came")
		return nil
	}
}

/* ---- commands, found by reflection: nobody lists them ---- */

// typedCall is one method of a group, on whatever session.
type typedCall struct {
	group  int // field of Groups
	method string
	req    reflect.Type // nil: none
}

type key struct {
	group  uint16
	id, op uint8
}

func (c typedCall) of(s *Session) reflect.Value {
	return reflect.ValueOf(&s.Groups).Elem().Field(c.group).MethodByName(c.method)
}

// run calls in the background.
func (c typedCall) run(s *Session, req reflect.Value) chan []reflect.Value {
	args := []reflect.Value{reflect.ValueOf(context.Background())}
	if c.req != nil {
		args = append(args, req)
	}
	done := make(chan []reflect.Value, 1)
	go func() { done <- c.of(s).Call(args) }()
	return done
}

// findCalls calls everything there is and looks at the header of what it sends.
func findCalls(t *testing.T) map[key]typedCall {
	found := map[key]typedCall{}
	groups := reflect.TypeOf(Groups{})
	for g := 0; g < groups.NumField(); g++ {
		methods := groups.Field(g).Type
		for m := 0; m < methods.NumMethod(); m++ {
			method := methods.Method(m)
			in, out := method.Type.NumIn()-1, method.Type.NumOut()
			if method.Name == "Upload" || method.Name == "Download" {
				continue // whole transfers
			}
			c := typedCall{group: g, method: method.Name}
			if in == 2 {
				c.req = method.Type.In(2)
			}
			if in > 2 || out > 2 {
				t.Fatalf("%s.%s is of an unknown form", groups.Field(g).Name, method.Name)
			}
			conn := newTap()
			s, err := NewPacketSession(conn, tapAddr{}, &SessionOptions{NoParams: true})
			if err != nil {
				t.Fatal(err)
			}
			done := c.run(s, newOf(c.req))
			var packet []byte
			select {
			case packet = <-conn.out:
			case out := <-done:
				t.Fatalf("%s.%s: %v", groups.Field(g).Name, method.Name, out[len(out)-1])
			}
			found[key{binary.BigEndian.Uint16(packet[4:]), packet[7], packet[0] & 7}] = c
			s.Close()
			<-done
		}
	}
	return found
}

func newOf(t reflect.Type) reflect.Value {
	if t == nil {
		return reflect.Value{}
	}
	made := reflect.New(t.Elem())
	for i := 0; i < made.Elem().NumField(); i++ {
		if f := made.Elem().Field(i); f.Kind() == reflect.Interface { // a Value has no zero
			f.Set(reflect.ValueOf(uint64(0)))
		}
	}
	return made
}

/* ---- structs to JSON by their CBOR keys, and back ---- */

func toJSON(v reflect.Value) map[string]any {
	object := map[string]any{}
	for i := 0; i < v.NumField(); i++ {
		key := v.Type().Field(i).Tag.Get("smp")
		field := v.Field(i)
		if isOpt(field.Type()) {
			if !field.FieldByName("Valid").Bool() {
				continue
			}
			field = field.FieldByName("V")
		}
		value, ok := itemToJSON(field)
		if !ok {
			continue
		}
		if entries, is := value.(map[string]any); is && key == "" {
			for k, e := range entries { // a map that is the root
				object[k] = e
			}
			continue
		}
		object[key] = value
	}
	return object
}

func itemToJSON(v reflect.Value) (any, bool) {
	switch item := v.Interface().(type) {
	case []byte:
		return map[string]any{"bytes": hex.EncodeToString(item)}, item != nil
	case CBOR:
		return map[string]any{"cbor": hex.EncodeToString(item)}, true
	}
	switch v.Kind() {
	case reflect.Interface:
		if v.IsNil() {
			return nil, false
		}
		return itemToJSON(v.Elem())
	case reflect.Slice:
		return listToJSON(v), !v.IsNil()
	case reflect.Struct:
		return toJSON(v), true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if v.Uint() > 1<<63-1 {
			return map[string]any{"number": fmt.Sprint(v.Uint())}, true
		}
		return json.Number(fmt.Sprint(v.Uint())), true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return json.Number(fmt.Sprint(v.Int())), true
	}
	return v.Interface(), true
}

// listToJSON makes a list, or a map where elements hold their key.
func listToJSON(v reflect.Value) any {
	element := v.Type().Elem()
	if element.Kind() != reflect.Struct || element.Field(0).Tag.Get("smp") != "" {
		list := []any{}
		for i := 0; i < v.Len(); i++ {
			item, _ := itemToJSON(v.Index(i))
			list = append(list, item)
		}
		return list
	}
	object := map[string]any{}
	for i := 0; i < v.Len(); i++ {
		entry := v.Index(i)
		name := entry.Field(0).String()
		if element.NumField() == 2 && element.Field(1).Tag.Get("smp") == "" {
			object[name], _ = itemToJSON(entry.Field(1))
			continue
		}
		fields := toJSON(entry)
		delete(fields, "")
		object[name] = fields
	}
	return object
}

func parseJSON(t *testing.T, raw json.RawMessage) map[string]any {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		t.Fatal(err)
	}
	return object
}

// A filler is the way back: it fills a struct from JSON, maps in the order of its text.
type filler struct {
	t   *testing.T
	raw string
}

func fill(t *testing.T, v reflect.Value, raw json.RawMessage) {
	filler{t, string(raw)}.fill(v, parseJSON(t, raw))
}

func (f filler) fill(v reflect.Value, object map[string]any) {
	taken := map[string]bool{}
	for i := 0; i < v.NumField(); i++ {
		key := v.Type().Field(i).Tag.Get("smp")
		if value, ok := object[key]; ok && key != "" {
			taken[key] = true
			f.item(v.Field(i), value)
		}
	}
	for i := 0; i < v.NumField(); i++ {
		if v.Type().Field(i).Tag.Get("smp") == "" && v.Field(i).Kind() == reflect.Slice {
			rest := map[string]any{}
			for k, e := range object {
				if !taken[k] {
					rest[k] = e
				}
			}
			f.item(v.Field(i), rest)
		}
	}
}

func (f filler) item(v reflect.Value, value any) {
	if isOpt(v.Type()) {
		v.FieldByName("Valid").SetBool(true)
		v = v.FieldByName("V")
	}
	if object, ok := value.(map[string]any); ok && len(object) == 1 {
		if text, ok := object["bytes"].(string); ok {
			data, _ := hex.DecodeString(text)
			v.Set(reflect.ValueOf(append([]byte{}, data...)))
			return
		}
		if text, ok := object["number"].(string); ok {
			value = json.Number(text)
		}
		if text, ok := object["cbor"].(string); ok {
			data, _ := hex.DecodeString(text)
			v.Set(reflect.ValueOf(CBOR(data)))
			return
		}
	}
	switch v.Kind() {
	case reflect.Interface:
		if number, ok := value.(json.Number); ok {
			if n, err := number.Int64(); err == nil && n < 0 {
				value = n
			} else {
				var u uint64
				_, _ = fmt.Sscan(number.String(), &u)
				value = u
			}
		}
		v.Set(reflect.ValueOf(value))
	case reflect.Slice:
		f.list(v, value)
	case reflect.Struct:
		f.fill(v, value.(map[string]any))
	case reflect.Bool:
		v.SetBool(value.(bool))
	case reflect.String:
		v.SetString(value.(string))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		var u uint64
		if _, err := fmt.Sscan(value.(json.Number).String(), &u); err != nil {
			f.t.Fatal(err)
		}
		v.SetUint(u)
	default:
		n, err := value.(json.Number).Int64()
		if err != nil {
			f.t.Fatal(err)
		}
		v.SetInt(n)
	}
}

func (f filler) list(v reflect.Value, value any) {
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	element := v.Type().Elem()
	add := func(fillElement func(reflect.Value)) {
		one := reflect.New(element).Elem()
		fillElement(one)
		v.Set(reflect.Append(v, one))
	}
	if list, ok := value.([]any); ok {
		for _, item := range list {
			add(func(one reflect.Value) { f.item(one, item) })
		}
		return
	}
	object := value.(map[string]any)
	for _, name := range f.keys(object) {
		add(func(one reflect.Value) {
			one.Field(0).SetString(name)
			if element.NumField() == 2 && element.Field(1).Tag.Get("smp") == "" {
				f.item(one.Field(1), object[name])
			} else {
				f.fill(one, object[name].(map[string]any))
			}
		})
	}
}

// keys of a map in the order they have in the text.
func (f filler) keys(object map[string]any) []string {
	var keys []string
	for k := range object {
		keys = append(keys, k)
	}
	place := func(k string) int { return strings.Index(f.raw, fmt.Sprintf("%q:", k)) }
	sort.Slice(keys, func(i, j int) bool { return place(keys[i]) < place(keys[j]) })
	return keys
}

// same compares what was decoded with what the vector says.  Lists and maps that are empty may be
// absent on one side.
func same(t *testing.T, got, want map[string]any) {
	t.Helper()
	for k, w := range want {
		if g, ok := got[k]; !ok || !reflect.DeepEqual(g, w) {
			if !ok && isEmpty(w) {
				continue
			}
			t.Errorf("%q is %v, not %v", k, g, w)
		}
	}
	for k, g := range got {
		if _, ok := want[k]; !ok && !isEmpty(g) {
			t.Errorf("%q is %v, but should be absent", k, g)
		}
	}
}

func isEmpty(v any) bool {
	switch v := v.(type) {
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0 || v["bytes"] == ""
	}
	return false
}

/* ---- the tests ---- */

func TestVectorsOfAnswers(t *testing.T) {
	vectors := readVectors(t)
	calls := findCalls(t)
	ran := 0
	for _, v := range vectors {
		if v.Op&1 == 0 {
			continue
		}
		call, ok := calls[key{v.Group, v.ID, v.Op - 1}]
		if !ok {
			t.Errorf("%s: no call for group %d, command %d", v.Name, v.Group, v.ID)
			continue
		}
		ran++
		t.Run(fmt.Sprint(v.Group, " ", v.Name), func(t *testing.T) {
			conn := newTap()
			s, err := NewPacketSession(conn, tapAddr{}, &SessionOptions{NoParams: true})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			done := call.run(s, newOf(call.req))
			conn.in <- v.packet(t, conn.next(t)[6])
			out := <-done
			err, _ = out[len(out)-1].Interface().(error)
			checkError(t, &v, err)
			if len(out) == 2 && v.Decoded != nil {
				if out[0].IsNil() {
					t.Fatal("nothing was decoded")
				}
				same(t, toJSON(out[0].Elem()), parseJSON(t, v.Decoded))
			}
		})
	}
	t.Logf("%d vectors", ran)
}

func checkError(t *testing.T, v *vector, err error) {
	t.Helper()
	var device *DeviceError
	var local *Error
	switch {
	case v.Error == "":
		if err != nil {
			t.Errorf("failed: %v", err)
		}
	case errors.As(err, &device):
		if v.Refusal == nil {
			t.Errorf("%v", err)
			break
		}
		if device.Global != (v.Refusal.Group == nil) || device.Code != v.Refusal.Rc ||
			v.Refusal.Group != nil && device.Group != *v.Refusal.Group {
			t.Errorf("code %d of group %d (global: %v)", device.Code, device.Group, device.Global)
		}
		if device.Reason != v.Refusal.Reason {
			t.Errorf("reason %q", device.Reason)
		}
	case errors.As(err, &local):
		if local.Code.Name() != v.Error {
			t.Errorf("%v (%s), not %s", err, local.Code.Name(), v.Error)
		}
		if v.Key != nil && local.Key != *v.Key {
			t.Errorf("key %q, not %q", local.Key, *v.Key)
		}
	default:
		t.Errorf("%v, not %s", err, v.Error)
	}
}

func TestVectorsThatTypedRequestsBecome(t *testing.T) {
	vectors := readVectors(t)
	calls := findCalls(t)
	ran := 0
	for _, v := range vectors {
		if v.Op&1 != 0 || !v.Encodes {
			continue
		}
		ran++
		t.Run(fmt.Sprint(v.Group, " ", v.Name), func(t *testing.T) {
			call := calls[key{v.Group, v.ID, v.Op}]
			conn := newTap()
			s, err := NewPacketSession(conn, tapAddr{}, &SessionOptions{NoParams: true, MaxPacket: 2048})
			if err != nil {
				t.Fatal(err)
			}
			req := newOf(call.req)
			if call.req != nil {
				req.Elem().SetZero()
				fill(t, req.Elem(), v.Decoded)
			}
			done := call.run(s, req)
			if packet := conn.next(t); !bytes.Equal(packet[8:], v.payload(t)) {
				t.Errorf("became %x, not %x", packet[8:], v.payload(t))
			}
			s.Close()
			<-done
		})
	}
	if ran == 0 {
		t.Error("none ran")
	}
	t.Logf("%d vectors", ran)
}

func TestVectorsOfRequests(t *testing.T) {
	vectors := readVectors(t)
	server := newServerOfVectors(t)
	for _, v := range vectors {
		if v.Op&1 != 0 {
			continue
		}
		t.Run(fmt.Sprint(v.Group, " ", v.Name), func(t *testing.T) {
			server.conn.in <- v.packet(t, 1)
			answer := server.conn.next(t)
			if answer[0]&7 != v.Op+1 || answer[7] != v.ID {
				t.Fatalf("the answer is %x", answer)
			}
			select {
			case req := <-server.asks:
				if v.Error != "" {
					t.Fatal("a bad request reached the handler")
				}
				if v.Decoded != nil && req.IsValid() {
					same(t, toJSON(req.Elem()), parseJSON(t, v.Decoded))
				}
			default:
				if v.Error == "" {
					t.Fatalf("the handler was not called; the answer is %x", answer)
				}
			}
		})
	}
}

func TestVectorsThatTypedAnswersBecome(t *testing.T) {
	vectors := readVectors(t)
	server := newServerOfVectors(t)
	calls := findCalls(t)
	for _, v := range vectors {
		if v.Op&1 == 0 || !v.Encodes || v.Error != "" || v.Version != 2 {
			continue
		}
		t.Run(fmt.Sprint(v.Group, " ", v.Name), func(t *testing.T) {
			ask := requestFor(t, calls[key{v.Group, v.ID, v.Op - 1}])
			server.fill = func(rsp reflect.Value) { fill(t, rsp, v.Decoded) }
			server.conn.in <- ask
			answer := server.conn.next(t)
			<-server.asks
			if !bytes.Equal(answer[8:], v.payload(t)) {
				t.Errorf("became %x, not %x", answer[8:], v.payload(t))
			}
		})
	}
}

// requestFor is the packet of a command whose fields are zero.
func requestFor(t *testing.T, call typedCall) []byte {
	conn := newTap()
	s, err := NewPacketSession(conn, tapAddr{}, &SessionOptions{NoParams: true})
	if err != nil {
		t.Fatal(err)
	}
	done := call.run(s, newOf(call.req))
	packet := conn.next(t)
	s.Close()
	<-done
	return packet
}

// serverOfVectors has a handler for everything, which notes what it was asked, and answers what
// `fill` makes.
type serverOfVectors struct {
	conn *tap
	asks chan reflect.Value
	fill func(rsp reflect.Value)
}

func newServerOfVectors(t *testing.T) *serverOfVectors {
	v := &serverOfVectors{conn: newTap(), asks: make(chan reflect.Value, 1)}
	server, err := NewServer(&ServerOptions{BufSize: 4096})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	if err := server.ServePackets(v.conn); err != nil {
		t.Fatal(err)
	}
	groups := reflect.ValueOf(&server.ServerGroups).Elem()
	for g := 0; g < groups.NumField(); g++ {
		for m := 0; m < groups.Field(g).NumMethod(); m++ {
			set := groups.Field(g).Method(m)
			handler := set.Type().In(0)
			made := reflect.MakeFunc(handler, func(args []reflect.Value) []reflect.Value {
				return v.handle(handler, args)
			})
			if err := set.Call([]reflect.Value{made})[0]; !err.IsNil() {
				t.Fatal(err.Interface())
			}
		}
	}
	return v
}

func (v *serverOfVectors) handle(handler reflect.Type, args []reflect.Value) []reflect.Value {
	noError := reflect.Zero(reflect.TypeOf((*error)(nil)).Elem())
	out := []reflect.Value{noError}
	if handler.NumOut() == 2 {
		rsp := newOf(handler.Out(0))
		if v.fill != nil {
			rsp.Elem().SetZero()
			v.fill(rsp.Elem())
		}
		out = []reflect.Value{rsp, noError}
	}
	req := reflect.Value{}
	if len(args) == 2 {
		req = args[1]
	}
	v.asks <- req
	return out
}
