package pcap_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/sockets/pcap"
)

// file is a capture written down field by field, for either byte order.
type file []any

func (f file) octets(o binary.AppendByteOrder) []byte {
	var b []byte
	for _, v := range f {
		switch v := v.(type) {
		case int:
			b = o.AppendUint32(b, uint32(v))
		case uint32:
			b = o.AppendUint32(b, v)
		case uint16:
			b = o.AppendUint16(b, v)
		case uint64:
			b = o.AppendUint64(b, v)
		case string:
			b = append(b, v...)
		}
	}
	return b
}

// head is the header of a classic capture of raw IP.
func head(magic uint32) file {
	return file{magic, uint16(2), uint16(4), 0, 0, 65535, 101}
}

// section, and ethernet with times in microseconds.
var (
	section  = file{0x0a0d0d0a, 28, 0x1a2b3c4d, uint16(1), uint16(0), ^uint64(0), 28}
	ethernet = file{1, 20, uint16(1), uint16(0), 65535, 20}
)

func join(parts ...file) (all file) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func TestReaderFormats(t *testing.T) {
	second := time.Unix(1, 0).UTC()
	packet := func(p pcap.Packet) []pcap.Packet { return []pcap.Packet{p} }
	tests := []struct {
		name string
		in   file
		want []pcap.Packet
	}{
		{"no packet", head(0xa1b2c3d4), nil},
		{"microseconds", join(head(0xa1b2c3d4), file{1, 5, 3, 60, "abc"}),
			packet(pcap.Packet{Time: second.Add(5 * time.Microsecond), LinkType: 101, Length: 60, Data: []byte("abc")})},
		{"nanoseconds", join(head(0xa1b23c4d), file{1, 5, 3, 3, "abc"}),
			packet(pcap.Packet{Time: second.Add(5), LinkType: 101, Length: 3, Data: []byte("abc")})},
		{"pcapng without packet", section, nil},
		{"enhanced packet, microseconds by default", join(section, ethernet, file{6, 36, 0, 0, 1000005, 3, 60, "abc\x00", 36}),
			packet(pcap.Packet{Time: second.Add(5 * time.Microsecond), LinkType: 1, Length: 60, Data: []byte("abc")})},
		{"enhanced packet with an option", join(section, ethernet, file{6, 44, 0, 0, 1000000, 1, 1, "a\x00\x00\x00", uint16(1), uint16(3), "hi!\x00", 44}),
			packet(pcap.Packet{Time: second, LinkType: 1, Length: 1, Data: []byte("a")})},
		{"simple packet, cut by the snap length", join(section, file{1, 20, uint16(1), uint16(0), 2, 20}, file{3, 20, 5, "ab\x00\x00", 20}),
			packet(pcap.Packet{LinkType: 1, Length: 5, Data: []byte("ab")})},
		{"simple packet, no snap length", join(section, file{1, 20, uint16(1), uint16(0), 0, 20}, file{3, 20, 3, "abc\x00", 20}),
			packet(pcap.Packet{LinkType: 1, Length: 3, Data: []byte("abc")})},
		{"unknown blocks are skipped", join(section, file{0x0bad, 16, "junk", 16}, ethernet, file{5, 12, 12}, file{6, 32, 0, 0, 1000000, 0, 0, 32}),
			packet(pcap.Packet{Time: second, LinkType: 1})},
		{"if_tsresol of nanoseconds", join(section, file{1, 28, uint16(1), uint16(0), 0, uint16(9), uint16(1), "\x09\x00\x00\x00", 28}, file{6, 32, 0, 0, 1000000005, 0, 0, 32}),
			packet(pcap.Packet{Time: second.Add(5), LinkType: 1})},
		{"if_tsresol of 2^-10, other option, end of options", join(section,
			file{1, 40, uint16(1), uint16(0), 0, uint16(2), uint16(2), "lo\x00\x00", uint16(9), uint16(1), "\x8a\x00\x00\x00", 0, 40},
			file{6, 32, 0, 0, 1024 + 512, 0, 0, 32}),
			packet(pcap.Packet{Time: second.Add(time.Second / 2), LinkType: 1})},
		{"if_tsoffset", join(section, file{1, 32, uint16(1), uint16(0), 0, uint16(14), uint16(8), uint64(100), 32}, file{6, 32, 0, 0, 1000000, 0, 0, 32}),
			packet(pcap.Packet{Time: second.Add(100 * time.Second), LinkType: 1})},
		{"two interfaces", join(section, ethernet, file{1, 20, uint16(101), uint16(0), 0, 20}, file{6, 32, 1, 0, 1000000, 0, 0, 32}),
			packet(pcap.Packet{Time: second, LinkType: 101, Interface: 1})},
		{"a new section forgets the interfaces", join(section, ethernet, section, file{1, 20, uint16(101), uint16(0), 0, 20}, file{6, 32, 0, 0, 1000000, 0, 0, 32}),
			packet(pcap.Packet{Time: second, LinkType: 101})},
	}
	for _, tt := range tests {
		for _, o := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			t.Run(tt.name+" "+o.String(), func(t *testing.T) {
				got, err := packets(tt.in.octets(o))
				require.NoError(t, err)
				assert.Equal(t, tt.want, got)
			})
		}
	}
	t.Run("sections of both byte orders in one file", func(t *testing.T) {
		one := join(section, ethernet, file{6, 32, 0, 0, 1000000, 0, 0, 32})
		got, err := packets(append(one.octets(binary.LittleEndian), one.octets(binary.BigEndian)...))
		require.NoError(t, err)
		require.Len(t, got, 2)
		assert.Equal(t, got[0], got[1])
	})
}

// TestTimeResolution reads one packet of these ticks for each if_tsresol.
func TestTimeResolution(t *testing.T) {
	tests := []struct {
		name  string
		resol byte
		ticks uint64
		want  time.Time
	}{
		{"seconds", 0, 7, time.Unix(7, 0)},
		{"milliseconds", 3, 1500, time.Unix(1, 500e6)},
		{"picoseconds", 12, 1500e9 + 999, time.Unix(1, 500e6)},
		{"10^-19", 19, 15e18, time.Unix(1, 500e6)},
		{"10^-20 holds less than a second", 20, 15e18, time.Unix(0, 150e6)},
		{"10^-28", 28, 1 << 63, time.Unix(0, 0)},
		{"10^-127", 127, 1 << 63, time.Unix(0, 0)},
		{"2^0", 0x80, 7, time.Unix(7, 0)},
		{"2^-1", 0x81, 3, time.Unix(1, 500e6)},
		{"2^-63", 0x80 | 63, 3 << 62, time.Unix(1, 500e6)},
		{"2^-64", 0x80 | 64, 1 << 63, time.Unix(0, 500e6)},
		{"2^-65", 0x80 | 65, 1 << 63, time.Unix(0, 250e6)},
		{"2^-127", 0xff, 1 << 63, time.Unix(0, 0)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := join(section,
				file{1, 28, uint16(1), uint16(0), 0, uint16(9), uint16(1), string([]byte{tt.resol, 0, 0, 0}), 28},
				file{6, 32, 0, int(tt.ticks >> 32), int(uint32(tt.ticks)), 0, 0, 32})
			got, err := packets(in.octets(binary.LittleEndian))
			require.NoError(t, err)
			require.Len(t, got, 1)
			assert.Equal(t, tt.want.UTC(), got[0].Time)
		})
	}
}

func TestReaderFaults(t *testing.T) {
	le := binary.LittleEndian
	tests := []struct {
		name string
		in   file
		want string
		is   error
	}{
		{"empty", nil, "pcap: magic number: unexpected EOF at byte 0", io.ErrUnexpectedEOF},
		{"three octets", file{"abc"}, "pcap: magic number: unexpected EOF at byte 0", io.ErrUnexpectedEOF},
		{"no capture", file{"GET / HTTP/1.1\r\nHost: a\r\n\r\n"}, "pcap: magic number: neither pcap nor pcapng at byte 0", pcap.ErrFormat},
		{"header cut", head(0xa1b2c3d4)[:5], "pcap: file header: unexpected EOF at byte 16", io.ErrUnexpectedEOF},
		{"record header cut", join(head(0xa1b2c3d4), file{1, 2}), "pcap: record header: unexpected EOF at byte 32", io.ErrUnexpectedEOF},
		{"packet cut", join(head(0xa1b2c3d4), file{1, 2, 3, 3, "ab"}), "pcap: packet: unexpected EOF at byte 42", io.ErrUnexpectedEOF},
		{"packet beyond the limit", join(head(0xa1b2c3d4), file{1, 2, 262145, 3, "ab"}), "pcap: limit MaxPacket of 262144 reached", nil},
		{"packet length that is no length", join(head(0xa1b2c3d4), file{1, 2, -1, 3, "ab"}), "pcap: record length: too long at byte 32", pcap.ErrTooLong},
		{"section header cut", section[:3], "pcap: section header: unexpected EOF at byte 12", io.ErrUnexpectedEOF},
		{"byte-order magic", file{0x0a0d0d0a, 28, 0x1a2b3c4e, 1, uint64(0), 28}, "pcap: byte-order magic: neither pcap nor pcapng at byte 8 (draft-ietf-opsawg-pcapng)", pcap.ErrFormat},
		{"version 2", file{0x0a0d0d0a, 28, 0x1a2b3c4d, 2, uint64(0), 28}, "pcap: version: neither pcap nor pcapng at byte 12 (draft-ietf-opsawg-pcapng)", pcap.ErrFormat},
		{"block header cut", join(section, file{6}), "pcap: block header: unexpected EOF at byte 32", io.ErrUnexpectedEOF},
		{"block shorter than itself", join(section, file{6, 8, 8}), "pcap: block total length: impossible length at byte 32 (draft-ietf-opsawg-pcapng)", nil},
		{"block length not a multiple of 4", join(section, file{77, 13, "a", 13}), "pcap: block total length: impossible length at byte 32 (draft-ietf-opsawg-pcapng)", nil},
		{"block cut", join(section, file{77, 1 << 30, "abcd"}), "pcap: block: unexpected EOF at byte 40", io.ErrUnexpectedEOF},
		{"block trailer cut", join(section, file{77, 12}), "pcap: block trailer: unexpected EOF at byte 36", io.ErrUnexpectedEOF},
		{"block trailer differs", join(section, file{77, 12, 16}), "pcap: block total length repeated: impossible length at byte 36 (draft-ietf-opsawg-pcapng)", nil},
		{"interface too short", join(section, file{1, 16, 0, 16}), "pcap: interface description: impossible length at byte 36 (draft-ietf-opsawg-pcapng)", nil},
		{"interface cut", join(section, file{1, 20, 0}), "pcap: interface description: unexpected EOF at byte 40", io.ErrUnexpectedEOF},
		{"interface option beyond its block", join(section, file{1, 24, 0, 0, uint16(9), uint16(5), 24}), "pcap: interface option: impossible length at byte 48 (draft-ietf-opsawg-pcapng)", nil},
		{"interface option cut", join(section, file{1, 24, 0, 0}), "pcap: interface option: unexpected EOF at byte 44", io.ErrUnexpectedEOF},
		{"option value cut", join(section, file{1, 28, 0, 0, uint16(9), uint16(1)}), "pcap: if_tsresol: unexpected EOF at byte 48", io.ErrUnexpectedEOF},
		{"other option cut", join(section, file{1, 28, 0, 0, uint16(2), uint16(1)}), "pcap: interface option: unexpected EOF at byte 48", io.ErrUnexpectedEOF},
		{"packet of no interface", join(section, file{6, 32, 0, 0, 0, 0, 0, 32}), "pcap: interface of a packet at byte 36 (draft-ietf-opsawg-pcapng)", nil},
		{"simple packet of no interface", join(section, file{3, 16, 0, 16}), "pcap: interface of a packet at byte 36 (draft-ietf-opsawg-pcapng)", nil},
		{"simple packet too short", join(section, ethernet, file{3, 12, 12}), "pcap: simple packet: impossible length at byte 56 (draft-ietf-opsawg-pcapng)", nil},
		{"simple packet of no length", join(section, ethernet, file{3, 16, -1, 16}), "pcap: packet length: too long at byte 56 (draft-ietf-opsawg-pcapng)", pcap.ErrTooLong},
		{"enhanced packet too short", join(section, ethernet, file{6, 28, 0, 0, 0, 0, 28}), "pcap: enhanced packet: impossible length at byte 56 (draft-ietf-opsawg-pcapng)", nil},
		{"packet longer than its block", join(section, ethernet, file{6, 32, 0, 0, 0, 1, 1, 32}), "pcap: packet length: too long at byte 68 (draft-ietf-opsawg-pcapng)", pcap.ErrTooLong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := pcap.NewReader(iotest.HalfReader(bytes.NewReader(tt.in.octets(le))))
			var p pcap.Packet
			err := r.Read(&p)
			require.EqualError(t, err, tt.want)
			if tt.is != nil {
				assert.ErrorIs(t, err, tt.is)
			}
			assert.Equal(t, err, r.Read(&p), "the error stays")
		})
	}
	t.Run("error of the reader below", func(t *testing.T) {
		broken := errors.New("broken")
		var p pcap.Packet
		assert.ErrorIs(t, pcap.NewReader(iotest.ErrReader(broken)).Read(&p), broken)
	})
	t.Run("interfaces without end", func(t *testing.T) {
		in := section.octets(le)
		for range 5 {
			in = append(in, ethernet.octets(le)...)
		}
		r := pcap.NewReader(bytes.NewReader(in))
		r.Limits.MaxInterfaces = 4
		var p pcap.Packet
		limit, ok := errors.AsType[*pcap.LimitError](r.Read(&p))
		require.True(t, ok)
		assert.Equal(t, "MaxInterfaces", limit.Name)
	})
}

// TestReaderLimitOfNone: a negative limit is none, and the memory still grows
// with what arrives only.
func TestReaderLimitOfNone(t *testing.T) {
	in := join(head(0xa1b2c3d4), file{1, 2, 1 << 30, 1 << 30, strings.Repeat("a", 100)}).octets(binary.LittleEndian)
	r := pcap.NewReader(bytes.NewReader(in))
	r.Limits.MaxPacket = -1
	var p pcap.Packet
	assert.ErrorIs(t, r.Read(&p), io.ErrUnexpectedEOF)
	assert.Less(t, cap(p.Data), 1024)
}

func TestPacketsStops(t *testing.T) {
	b, err := os.ReadFile("testdata/golden/nc-refused-tcp4.pcap")
	require.NoError(t, err)
	for range pcap.NewReader(bytes.NewReader(b)).Packets() {
		break
	}
	n := 0
	for _, err := range pcap.NewReader(bytes.NewReader(b[:len(b)-1])).Packets() {
		if n++; n == 2 {
			assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
		}
	}
	assert.Equal(t, 2, n)
}

func TestReadAllocatesNothing(t *testing.T) {
	one, err := os.ReadFile("testdata/golden/nc-python-long-tcp4.pcap")
	require.NoError(t, err)
	all, err := packets(one)
	require.NoError(t, err)
	for _, format := range []pcap.Format{pcap.FormatClassic, pcap.FormatNG} {
		var many []pcap.Packet
		for range 20 {
			many = append(many, all...)
		}
		r := pcap.NewReader(bytes.NewReader(write(t, many, pcap.WriterOptions{Format: format, LinkType: pcap.LinkTypeEthernet})))
		p := pcap.Packet{Data: make([]byte, 0, 65536)}
		var layers pcap.Layers
		require.NoError(t, r.Read(&p))
		assert.Zero(t, testing.AllocsPerRun(400, func() {
			if err := r.Read(&p); err != nil {
				t.Fatal(err)
			}
			if err := layers.Decode(p.LinkType, p.Data); err != nil {
				t.Fatal(err)
			}
		}), "format %d", format)
	}
}

func TestWriterRefusesAndStays(t *testing.T) {
	for _, format := range []pcap.Format{pcap.FormatClassic, pcap.FormatNG} {
		var out bytes.Buffer
		w := pcap.NewWriter(&out, &pcap.WriterOptions{Format: format})
		_, ok := errors.AsType[*pcap.ParseError](w.Write(time.Time{}, []byte("a")))
		assert.True(t, ok, "a time before 1970")
		require.NoError(t, w.Write(time.Unix(1, 0), []byte("b")))
		require.NoError(t, w.Flush())
		all, err := packets(out.Bytes())
		require.NoError(t, err)
		assert.Len(t, all, 1)
	}
	broken := pcap.NewWriter(brokenWriter{}, nil)
	assert.ErrorIs(t, broken.Flush(), io.ErrClosedPipe)
	assert.ErrorIs(t, broken.Flush(), io.ErrClosedPipe)
	assert.ErrorIs(t, broken.Write(time.Unix(1, 0), nil), io.ErrClosedPipe)
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestWriterCutsAtSnapLen(t *testing.T) {
	var out bytes.Buffer
	w := pcap.NewWriter(&out, &pcap.WriterOptions{SnapLen: 2, Micro: true})
	require.NoError(t, w.Write(time.Unix(1, 1999), []byte("abc")))
	all, err := packets(out.Bytes())
	require.NoError(t, err)
	assert.Equal(t, []pcap.Packet{{Time: time.Unix(1, 1000).UTC(), LinkType: pcap.LinkTypeRaw, Length: 3, Data: []byte("ab")}}, all)
}

func BenchmarkRead(b *testing.B) {
	one, err := os.ReadFile("testdata/golden/nc-python-long-tcp4.pcap")
	require.NoError(b, err)
	all, err := packets(one)
	require.NoError(b, err)
	for _, f := range []struct {
		name   string
		format pcap.Format
	}{{"pcap", pcap.FormatClassic}, {"pcapng", pcap.FormatNG}} {
		b.Run(f.name, func(b *testing.B) {
			in := write(b, all, pcap.WriterOptions{Format: f.format, LinkType: pcap.LinkTypeEthernet})
			start := len(write(b, nil, pcap.WriterOptions{Format: f.format}))
			b.SetBytes(int64((len(in) - start) / len(all)))
			b.ReportAllocs()
			r := pcap.NewReader(&endless{head: in[:start], body: in[start:]})
			p := pcap.Packet{Data: make([]byte, 0, 65536)}
			var layers pcap.Layers
			for b.Loop() {
				if err := r.Read(&p); err != nil {
					b.Fatal(err)
				}
				if err := layers.Decode(p.LinkType, p.Data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// endless is a capture that repeats its packets for ever.
type endless struct {
	head, body []byte
	at         int
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.head) > 0 {
		n := copy(p, e.head)
		e.head = e.head[n:]
		return n, nil
	}
	n := copy(p, e.body[e.at:])
	e.at = (e.at + n) % len(e.body)
	return n, nil
}
