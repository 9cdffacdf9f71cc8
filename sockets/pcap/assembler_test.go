package pcap_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/sockets/pcap"
)

// seg is one TCP segment of a test: from the client unless server.
type seg struct {
	server bool
	flags  pcap.TCPFlags
	seq    uint32
	text   string
	cut    int // octets that the snap length took
}

const (
	syn    = pcap.SYN
	synAck = pcap.SYN | pcap.ACK
	ack    = pcap.ACK
	fin    = pcap.FIN | pcap.ACK
	rst    = pcap.RST
)

// packet makes a raw IPv4 packet of it.
func (s seg) packet(t *testing.T, at int) pcap.Packet {
	t.Helper()
	from, to := clientAddr, serverAddr
	if s.server {
		from, to = to, from
	}
	b, err := pcap.AppendIPv4(nil, pcap.IPv4{Length: uint16(40 + len(s.text)), TTL: 64, Protocol: pcap.ProtocolTCP, Source: from.Addr(), Destination: to.Addr()})
	require.NoError(t, err)
	h := pcap.TCP{SourcePort: from.Port(), DestinationPort: to.Port(), Sequence: s.seq, Flags: s.flags}
	b, err = pcap.AppendTCP(b, h, from.Addr(), to.Addr(), []byte(s.text))
	require.NoError(t, err)
	return pcap.Packet{Time: time.Unix(int64(at), 0), LinkType: pcap.LinkTypeRaw, Length: len(b), Data: b[:len(b)-s.cut]}
}

// assemble plays segments through an Assembler and tells what it says, one
// word an event: c:text, s:text, c+3 for a gap of 3, and how a flow ends.
func assemble(t *testing.T, limits pcap.Limits, segs []seg) string {
	t.Helper()
	var said []string
	a := pcap.Assembler{Limits: limits}
	a.Segment = func(_ *pcap.Flow, s pcap.Segment) {
		side := map[bool]string{true: "c", false: "s"}[s.FromClient]
		if s.Gap > 0 {
			said = append(said, fmt.Sprintf("%s+%d", side, s.Gap))
		} else {
			said = append(said, side+":"+string(s.Data))
		}
	}
	a.Closed = func(f *pcap.Flow) {
		word := "open"
		switch {
		case f.Reset:
			word = "reset"
		case f.Closed:
			word = "closed"
		}
		if f.MidStream {
			word = "mid-" + word
		}
		said = append(said, word)
	}
	for i, s := range segs {
		p := s.packet(t, i)
		require.NoError(t, a.Add(&p))
	}
	a.Flush()
	return strings.Join(said, " ")
}

func TestAssembler(t *testing.T) {
	c := func(seq uint32, text string) seg { return seg{seq: seq, flags: ack, text: text} }
	s := func(seq uint32, text string) seg { return seg{server: true, seq: seq, flags: ack, text: text} }
	open := []seg{{flags: syn, seq: 99}, {server: true, flags: synAck, seq: 499}}
	end := []seg{{flags: fin, seq: 106}, {server: true, flags: fin, seq: 500}}
	with := func(parts ...any) (all []seg) {
		for _, p := range parts {
			switch p := p.(type) {
			case seg:
				all = append(all, p)
			case []seg:
				all = append(all, p...)
			}
		}
		return all
	}
	tests := []struct {
		name   string
		in     []seg
		limits pcap.Limits
		want   string
	}{
		{"in order", with(open, c(100, "abc"), c(103, "def"), end), pcap.Limits{}, "c:abc c:def closed"},
		{"out of order keeps the borders", with(open, c(103, "def"), c(100, "abc"), end), pcap.Limits{}, "c:abc c:def closed"},
		{"retransmission", with(open, c(100, "abc"), c(100, "abc"), c(103, "def"), c(100, "abcdef"), end), pcap.Limits{}, "c:abc c:def closed"},
		{"retransmission with new octets", with(open, c(100, "abc"), c(100, "XYZdef"), end), pcap.Limits{}, "c:abc c:def closed"},
		{"overlap while waiting: the first win", with(open, c(101, "bc"), c(102, "XXe"), c(105, "f"), c(100, "YYYYY"), end), pcap.Limits{}, "c:Y c:bc c:Xe c:f closed"},
		{"overlap around a piece", with(open, c(102, "c"), c(101, "uvw"), c(100, "a"), c(105, "f"), c(104, "e"), end), pcap.Limits{}, "c:a c:u c:c c:w c:e c:f closed"},
		{"keep-alive octet before the next", with(open, c(100, "abc"), c(102, "?"), c(103, "def"), end), pcap.Limits{}, "c:abc c:def closed"},
		{"sequence numbers wrap", []seg{{flags: syn, seq: 0xfffffffd}, {server: true, flags: synAck, seq: 499}, c(0, "cd"), c(0xfffffffe, "ab"), {flags: fin, seq: 2}, {server: true, flags: fin, seq: 500}}, pcap.Limits{}, "c:ab c:cd closed"},
		{"octets in the SYN", with(seg{flags: syn, seq: 99, text: "abc"}, open[1], c(103, "def"), end), pcap.Limits{}, "c:abc c:def closed"},
		{"octets in the FIN", with(open, c(100, "abc"), seg{flags: fin, seq: 103, text: "def"}, end[1]), pcap.Limits{}, "c:abc c:def closed"},
		{"FIN before the octets", with(open, end, c(103, "def"), c(100, "abc")), pcap.Limits{}, "c:abc c:def closed"},
		{"half-close", with(open, c(100, "abcdef"), end[0], s(500, "reply"), seg{server: true, flags: fin, seq: 505}), pcap.Limits{}, "c:abcdef s:reply closed"},
		{"a gap is told at the end", with(open, c(103, "def"), end), pcap.Limits{}, "c+3 c:def closed"},
		{"a gap before the FIN", with(open, c(100, "abc"), end), pcap.Limits{}, "c:abc c+3 closed"},
		{"a gap when too much waits", with(open, c(101, "b"), c(103, "d"), c(105, "f"), c(100, "!"), end), pcap.Limits{MaxPending: 129}, "c+1 c:b c+1 c:d c+1 c:f closed"},
		{"no end", with(open, c(100, "abc")), pcap.Limits{}, "c:abc open"},
		{"RST", with(open, c(100, "abc"), seg{server: true, flags: rst, seq: 500}, c(103, "late")), pcap.Limits{}, "c:abc reset"},
		{"RST numbered below the next octet", with(open, c(100, "abc"), seg{flags: rst, seq: 101}), pcap.Limits{}, "c:abc reset"},
		{"RST before the octets that it follows", with(open, seg{flags: rst, seq: 103}, c(100, "abc")), pcap.Limits{}, "c:abc reset"},
		{"refused", []seg{{flags: syn, seq: 99}, {server: true, flags: rst | ack}}, pcap.Limits{}, "reset"},
		{"from the middle: the lower port serves", []seg{s(500, "reply"), c(103, "def"), c(100, "abc")}, pcap.Limits{}, "s:reply c:abc c:def mid-open"},
		{"no gap when what was missing comes to the last room", with(open, c(101, "b"), c(103, "d"), c(100, "a"), c(102, "c"), end[0], end[1]), pcap.Limits{MaxPending: 130}, "c:a c:b c:c c:d c+2 closed"},
		{"from the middle, when too much waits", []seg{c(103, "def"), c(100, "abc"), c(106, "ghi"), c(109, "jkl")}, pcap.Limits{MaxPending: 130}, "c:abc c:def c:ghi c:jkl mid-open"},
		{"the SYN comes late", with(c(103, "def"), c(100, "abc"), c(98, "??"), open, end), pcap.Limits{}, "c:abc c:def closed"},
		{"last words of an earlier connection", []seg{c(100, "")}, pcap.Limits{}, ""},
		{"the ports come again", with(open, end, seg{flags: ack, seq: 107}, seg{flags: syn, seq: 9999}, seg{server: true, flags: synAck, seq: 1}, c(10000, "again")), pcap.Limits{}, "c+6 closed c:again open"},
		{"the ports come again without an end", with(open, c(100, "abc"), seg{flags: syn, seq: 9999}, c(10000, "again")), pcap.Limits{}, "c:abc open c:again open"},
		{"the SYN twice", with(open, open, c(100, "abcdef"), end), pcap.Limits{}, "c:abcdef closed"},
		{"octets beyond any window", with(open, c(100+1<<30, "far"), c(100+1<<31, "farther"), c(100, "abcdef"), end), pcap.Limits{}, "c:abcdef closed"},
		{"FIN beyond any window", with(open, seg{flags: fin, seq: 100 + 1<<30}, c(100, "abcdef"), end), pcap.Limits{}, "c:abcdef closed"},
		{"cut by the snap length", with(open, seg{flags: ack, seq: 100, text: "abc", cut: 2}, c(103, "def"), end), pcap.Limits{}, "c:a c+2 c:def closed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, assemble(t, tt.limits, tt.in))
		})
	}
}

// datagram makes the packets of one UDP datagram from this port.
func datagram(t *testing.T, port uint16, text string, options *pcap.DialogueOptions) []pcap.Packet {
	t.Helper()
	var out bytes.Buffer
	d, err := pcap.NewDialogue(pcap.NewWriter(&out, nil), "udp", netip.AddrPortFrom(clientAddr.Addr(), port), serverAddr, options)
	require.NoError(t, err)
	require.NoError(t, d.Write(time.Unix(1, 0), true, []byte(text)))
	all, err := packets(out.Bytes())
	require.NoError(t, err)
	return all
}

func TestAssemblerEndsTheMostSilentFlow(t *testing.T) {
	var closed []uint16
	a := pcap.Assembler{Limits: pcap.Limits{MaxFlows: 2}, Closed: func(f *pcap.Flow) { closed = append(closed, f.Client.Port()) }}
	for _, port := range []uint16{50001, 50002, 50001, 50003} {
		p := datagram(t, port, "x", nil)[0]
		require.NoError(t, a.Add(&p))
	}
	assert.Equal(t, []uint16{50002}, closed)
	a.Flush()
	assert.Equal(t, []uint16{50002, 50001, 50003}, closed)
}

func TestAssemblerCutDatagram(t *testing.T) {
	p := datagram(t, 50001, "hello", nil)[0]
	p.Data = p.Data[:len(p.Data)-2]
	var got []pcap.Segment
	a := pcap.Assembler{Segment: func(_ *pcap.Flow, s pcap.Segment) {
		s.Data = bytes.Clone(s.Data)
		got = append(got, s)
	}}
	require.NoError(t, a.Add(&p))
	require.Len(t, got, 2)
	assert.Equal(t, "hel", string(got[0].Data))
	assert.Equal(t, int64(2), got[1].Gap)
	assert.Equal(t, int64(3), got[1].Offset)
}

// udpFragments cuts one datagram to an MTU of 576 or 1280.
func udpFragments(t *testing.T, ip6 bool, id uint32, text string) []pcap.Packet {
	t.Helper()
	client, server := clientAddr, serverAddr
	if ip6 {
		client, server = netip.MustParseAddrPort("[::1]:49152"), netip.MustParseAddrPort("[::1]:12000")
	}
	var out bytes.Buffer
	d, err := pcap.NewDialogue(pcap.NewWriter(&out, nil), "udp", client, server, &pcap.DialogueOptions{MTU: 1})
	require.NoError(t, err)
	for range id { // Each datagram has the next identification.
		out.Reset()
		require.NoError(t, d.Write(time.Unix(1, 0), true, []byte(text)))
	}
	// The file's header went with the first.
	var file bytes.Buffer
	require.NoError(t, pcap.NewWriter(&file, nil).Flush())
	if id > 1 {
		file.Write(out.Bytes())
	} else {
		file = out
	}
	all, err := packets(file.Bytes())
	require.NoError(t, err)
	return all
}

func TestFragments(t *testing.T) {
	text := strings.Repeat("0123456789", 300)
	for _, ip6 := range []bool{false, true} {
		t.Run(fmt.Sprintf("IPv6 %v", ip6), func(t *testing.T) {
			var got []string
			a := pcap.Assembler{Segment: func(_ *pcap.Flow, s pcap.Segment) { got = append(got, string(s.Data)) }}
			add := func(all ...pcap.Packet) (err error) {
				for i := range all {
					if err = a.Add(&all[i]); err != nil {
						return err
					}
				}
				return nil
			}
			whole := udpFragments(t, ip6, 1, text)
			require.Greater(t, len(whole), 2)
			reversed := append([]pcap.Packet(nil), whole...)
			for i := range reversed {
				reversed[i] = whole[len(whole)-1-i]
			}
			require.NoError(t, add(reversed...))
			assert.Equal(t, []string{text}, got, "the last first")
			got = nil

			require.NoError(t, add(whole[0], whole[0], whole[1], whole[1]), "twice")
			require.NoError(t, add(whole[2:]...))
			assert.Equal(t, []string{text}, got)
			got = nil

			cut := whole[1]
			cut.Data = cut.Data[:len(cut.Data)-1]
			require.NoError(t, add(whole[0], cut))
			require.NoError(t, add(whole[2:]...))
			assert.Empty(t, got, "a fragment cut by the snap length is none")
			require.NoError(t, add(whole[1]))
			assert.Equal(t, []string{text}, got)
		})
	}
}

func TestFragmentFaults(t *testing.T) {
	whole := udpFragments(t, true, 1, strings.Repeat("a", 3000))
	// The Fragment header stands at 40: its offset field at 42.
	shifted := whole[1]
	shifted.Data = bytes.Clone(shifted.Data)
	shifted.Data[43] -= 8 // overlaps the one before by 8 octets
	var a pcap.Assembler
	require.NoError(t, a.Add(&whole[0]))
	assert.EqualError(t, a.Add(&shifted), "pcap: overlapping fragments at byte 0 (RFC 5722 §4)")

	odd := whole[0]
	odd.Data = bytes.Clone(odd.Data[:len(odd.Data)-1])
	odd.Data[5]-- // payload length
	assert.EqualError(t, a.Add(&odd), "pcap: fragment length: impossible length at byte 0 (RFC 8200 §4.5)")

	far := whole[2]
	far.Data = bytes.Clone(far.Data)
	far.Data[42], far.Data[43] = 0xff, 0xf8
	assert.EqualError(t, a.Add(&far), "pcap: fragment length: impossible length at byte 0 (RFC 8200 §4.5)")

	t.Run("IPv4 overlap: the first octets win", func(t *testing.T) {
		first := udpFragments(t, false, 1, strings.Repeat("a", 1000))
		second := udpFragments(t, false, 1, strings.Repeat("b", 1000))
		require.Len(t, first, 2)
		var got string
		a := pcap.Assembler{Segment: func(_ *pcap.Flow, s pcap.Segment) { got += string(s.Data) }}
		for _, p := range []pcap.Packet{first[0], second[0], second[1]} {
			require.NoError(t, a.Add(&p))
		}
		n := 552 - 8 // of MTU 576, less the UDP header
		assert.Equal(t, strings.Repeat("a", n)+strings.Repeat("b", 1000-n), got)
	})
	t.Run("a datagram whose header is cut", func(t *testing.T) {
		first := udpFragments(t, false, 1, strings.Repeat("\x00", 1000))
		for i := range first {
			first[i].Data[9] = byte(pcap.ProtocolTCP)
		}
		var a pcap.Assembler
		require.NoError(t, a.Add(&first[0]))
		assert.Error(t, a.Add(&first[1]), "its data offset is no length")
	})
}

// TestFragmentMemoryIsBounded: of datagrams that never become whole the oldest
// is given up.
func TestFragmentMemoryIsBounded(t *testing.T) {
	text := strings.Repeat("a", 1000)
	var got int
	a := pcap.Assembler{Limits: pcap.Limits{MaxFragments: 3000}, Segment: func(*pcap.Flow, pcap.Segment) { got++ }}
	var all [][]pcap.Packet
	for id := range uint32(10) {
		all = append(all, udpFragments(t, false, id+1, text))
		require.NoError(t, a.Add(&all[id][0]))
	}
	for id := range all {
		require.NoError(t, a.Add(&all[id][1]))
	}
	// 3000 octets hold four first fragments; each last one pushes an old one
	// out again, so that no more than those become whole.
	assert.LessOrEqual(t, got, 4)
}

// TestFragmentsGiveUpTheOldest: the newest datagrams are those that can still
// become whole.
func TestFragmentsGiveUpTheOldest(t *testing.T) {
	var got []string
	a := pcap.Assembler{Limits: pcap.Limits{MaxFragments: 3000}, Segment: func(_ *pcap.Flow, s pcap.Segment) { got = append(got, string(s.Data[:1])) }}
	const texts = "abcdefghij"
	for i, c := range texts {
		first := udpFragments(t, false, uint32(i+1), strings.Repeat(string(c), 1000))[0]
		require.NoError(t, a.Add(&first))
	}
	for i := len(texts) - 1; i >= 0; i-- {
		last := udpFragments(t, false, uint32(i+1), strings.Repeat(texts[i:i+1], 1000))[1]
		require.NoError(t, a.Add(&last))
	}
	assert.Equal(t, []string{"j", "i", "h", "g"}, got)
}

// TestPendingOfAllFlowsIsBounded: what waits in many flows together gives way
// where nothing was heard for longest, and is told as a gap.
func TestPendingOfAllFlowsIsBounded(t *testing.T) {
	var said []string
	a := pcap.Assembler{Limits: pcap.Limits{MaxPendingAll: 3 * (64 + 10)}}
	a.Segment = func(f *pcap.Flow, s pcap.Segment) {
		said = append(said, fmt.Sprintf("%d:%s+%d", f.Client.Port(), s.Data, s.Gap))
	}
	send := func(port uint16, seq uint32, flags pcap.TCPFlags, text string) {
		p := seg{flags: flags, seq: seq, text: text}.packet(t, 1)
		p.Data[20], p.Data[21] = byte(port>>8), byte(port)
		require.NoError(t, a.Add(&p))
	}
	for port := uint16(50001); port <= 50004; port++ {
		send(port, 100, syn, "")
	}
	for port := uint16(50001); port <= 50003; port++ {
		send(port, 106, ack, "0123456789") // five octets before it are missing
	}
	assert.Empty(t, said, "three segments may wait")
	send(50001, 106, ack, "again")
	send(50004, 106, ack, "9876543210")
	assert.Equal(t, []string{"50002:+5", "50002:0123456789+0"}, said, "50001 was heard of later, 50004 last")
	said = nil
	send(50001, 101, ack, "abcde")
	send(50004, 106, ack, "9876543210")
	send(50002, 117, ack, "0123456789")
	assert.Equal(t, []string{"50001:abcde+0", "50001:0123456789+0"}, said, "what was delivered makes room")
}

// A capture can be made of nothing but first fragments: each costs what the
// one before cost, however many wait.
func BenchmarkFragmentsNeverWhole(b *testing.B) {
	h := pcap.IPv4{Length: 28, TTL: 64, MoreFragments: true, Protocol: pcap.ProtocolUDP, Source: clientAddr.Addr(), Destination: serverAddr.Addr()}
	packet, err := pcap.AppendIPv4(nil, h)
	if err != nil {
		b.Fatal(err)
	}
	p := pcap.Packet{LinkType: pcap.LinkTypeRaw, Data: append(packet, make([]byte, 8)...)}
	var a pcap.Assembler
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p.Data[4], p.Data[5], p.Data[15] = byte(i>>8), byte(i), byte(i>>16)
		if err := a.Add(&p); err != nil {
			b.Fatal(err)
		}
	}
}

func TestConversationsLimit(t *testing.T) {
	var all []pcap.Packet
	for range 10 {
		all = append(all, datagram(t, 50001, "hello", nil)...)
	}
	r := pcap.NewReader(bytes.NewReader(write(t, all, pcap.WriterOptions{})))
	r.Limits.MaxHeld = 300
	var limit *pcap.LimitError
	conversations := 0
	for c, err := range r.Conversations() {
		if err != nil {
			require.ErrorAs(t, err, &limit)
			break
		}
		assert.NotEmpty(t, c.Client.Data)
		conversations++
	}
	require.NotNil(t, limit)
	assert.Equal(t, "MaxHeld", limit.Name)
	assert.Equal(t, 1, conversations, "what was read up to there comes first")
}

func TestConversationsStop(t *testing.T) {
	all := append(datagram(t, 50001, "a", nil), datagram(t, 50002, "b", nil)...)
	file := write(t, all, pcap.WriterOptions{})
	for range pcap.Conversations(bytes.NewReader(file)) {
		break
	}
	for range pcap.Conversations(bytes.NewReader(file[:len(file)-1])) {
		break
	}
	closed := conversationOf(t, []byte("up"), nil, 1, 1)
	for c, err := range pcap.Conversations(bytes.NewReader(write(t, append(closed, all...), pcap.WriterOptions{}))) {
		require.NoError(t, err)
		assert.Equal(t, "tcp", c.Network, "a conversation comes as soon as it ends")
		break
	}
}

func BenchmarkAssembler(b *testing.B) {
	all := conversationOf(b, bytes.Repeat([]byte("up"), 5000), bytes.Repeat([]byte("down"), 5000), 1, 1)
	total := 0
	for _, p := range all {
		total += len(p.Data)
	}
	b.SetBytes(int64(total))
	b.ReportAllocs()
	for b.Loop() {
		var a pcap.Assembler
		for i := range all {
			if err := a.Add(&all[i]); err != nil {
				b.Fatal(err)
			}
		}
		a.Flush()
	}
}
