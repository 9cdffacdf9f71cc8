package telnet_test

import (
	"bytes"
	"errors"
	"testing"

	"applayer/internal/golden"
	"applayer/sockets/telnet"
)

// FuzzCodec: however the octets are cut, the events are the same; and what the
// events are written as is read as the same events.
func FuzzCodec(f *testing.F) {
	for _, s := range []string{
		"hello\r\n", "a\r\x00b", "\xff\xff\xff", "\xff\xf4\xff\xf2", "\xff\xfb\x01\xff\xfd\x03",
		"\xff\xfa\x18\x00XTERM\xff\xf0", "\xff\xfa\xff\xff\xff\xf0", "\xff\xfa\x1f\x00\xff\xff\x00\x18\xff\xf0x\xff\xf0",
		"\xff\xfa\x18abcdefgh\xff\xff\xff\xf0", "\r\xff\xf1\x00", "\xff\xfa\x18\xff\xfa\x18\xff\xfd\xff",
	} {
		f.Add([]byte(s), uint16(0x5a5a), false)
		f.Add([]byte(s), uint16(0xffff), true)
	}
	for stream := range golden.Streams(f, captures) {
		f.Add(stream, uint16(0x1248), false)
	}
	f.Fuzz(func(t *testing.T, in []byte, cuts uint16, binary bool) {
		whole := telnet.Codec{MaxSubnegotiation: 8, BinaryIn: binary}
		want, wantErr := events(t, &whole, in)

		parts := telnet.Codec{MaxSubnegotiation: 8, BinaryIn: binary}
		var got []telnet.Event
		var err error
		for rest := in; len(rest) > 0 && err == nil; cuts = cuts>>1 | cuts<<15 {
			n := min(len(rest), 1+int(cuts&7))
			var some []telnet.Event
			some, err = events(t, &parts, rest[:n])
			got = join(got, some)
			rest = rest[n:]
		}
		same(t, want, got)
		if (err == nil) != (wantErr == nil) || err == nil && parts.End() != whole.End() {
			t.Fatalf("ends differ: %v and %v, %v and %v", wantErr, err, whole.End(), parts.End())
		}

		enc := telnet.Codec{BinaryOut: binary}
		var wire []byte
		for _, ev := range want {
			if wire, err = enc.Append(wire, ev); err != nil {
				t.Fatalf("%v was read and can't be written: %v", ev, err)
			}
		}
		wire = enc.AppendFlush(wire)
		again, err := events(t, &telnet.Codec{BinaryIn: binary}, wire)
		if err != nil {
			t.Fatalf("%q: %v", wire, err)
		}
		same(t, want, again)
	})
}

// FuzzAppendData: what is sent as data is received as that data and nothing
// else, however it is cut.
func FuzzAppendData(f *testing.F) {
	for _, s := range []string{"", "\r", "\r\n", "\r\r\n", "\xff\xfd\x01", "a\r\x00\n"} {
		f.Add([]byte(s), 1, false)
		f.Add([]byte(s), 0, true)
	}
	f.Fuzz(func(t *testing.T, data []byte, cut int, binary bool) {
		cut = min(max(cut, 0), len(data))
		enc := telnet.Codec{BinaryOut: binary}
		wire := enc.AppendFlush(enc.AppendData(enc.AppendData(nil, data[:cut]), data[cut:]))
		got, err := events(t, &telnet.Codec{BinaryIn: binary}, wire)
		if err != nil {
			t.Fatal(err)
		}
		same(t, join(nil, []telnet.Event{{Data: data}}), got)
	})
}

// events reads all of b.
func events(t *testing.T, c *telnet.Codec, b []byte) (all []telnet.Event, err error) {
	for {
		ev, n, err := c.Next(b)
		if n < 0 || n > len(b) || n == 0 && err == nil {
			t.Fatalf("%d octets of %d used", n, len(b))
		}
		b = b[n:]
		if errors.Is(err, telnet.ErrIncomplete) {
			if len(b) > 0 {
				t.Fatalf("%d octets left", len(b))
			}
			return all, nil
		}
		if err != nil {
			return all, err
		}
		if len(ev.Data) > 8 && ev.Kind == telnet.EventSubnegotiation && c.MaxSubnegotiation == 8 {
			t.Fatalf("%d octets of parameters", len(ev.Data))
		}
		ev.Data = bytes.Clone(ev.Data)
		all = join(all, []telnet.Event{ev})
	}
}

// join appends events and makes one of runs of data that touch.
func join(all, more []telnet.Event) []telnet.Event {
	for _, ev := range more {
		if ev.Kind == telnet.EventData {
			if len(ev.Data) == 0 {
				continue
			}
			if n := len(all); n > 0 && all[n-1].Kind == telnet.EventData {
				all[n-1].Data = append(all[n-1].Data, ev.Data...)
				continue
			}
		}
		all = append(all, ev)
	}
	return all
}

func same(t *testing.T, want, got []telnet.Event) {
	t.Helper()
	if len(want) != len(got) {
		t.Fatalf("want %v, got %v", want, got)
	}
	for i := range want {
		if want[i].Kind != got[i].Kind || want[i].Command != got[i].Command || want[i].Option != got[i].Option || !bytes.Equal(want[i].Data, got[i].Data) {
			t.Fatalf("event %d: want %v, got %v", i, want[i], got[i])
		}
	}
}
