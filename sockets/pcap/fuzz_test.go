package pcap_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"applayer/sockets/pcap"
)

// captures gives the files of testdata and of the parent's, by ending.
func captures(tb testing.TB, ending string) map[string][]byte {
	tb.Helper()
	files := make(map[string][]byte)
	for _, dir := range []string{"testdata/golden", "../testdata/golden"} {
		entries, err := os.ReadDir(dir)
		require.NoError(tb, err)
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ending) {
				b, err := os.ReadFile(filepath.Join(dir, e.Name()))
				require.NoError(tb, err)
				files[e.Name()] = b
			}
		}
	}
	require.NotEmpty(tb, files)
	return files
}

// packets reads a whole capture.
func packets(b []byte) (all []pcap.Packet, err error) {
	r := pcap.NewReader(bytes.NewReader(b))
	for {
		var p pcap.Packet
		if err := r.Read(&p); err == io.EOF {
			return all, nil
		} else if err != nil {
			return all, err
		}
		all = append(all, p)
	}
}

// write writes packets in one format.
func write(tb testing.TB, all []pcap.Packet, options pcap.WriterOptions) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := pcap.NewWriter(&out, &options)
	for i := range all {
		require.NoError(tb, w.WritePacket(&all[i]))
	}
	require.NoError(tb, w.Flush())
	return out.Bytes()
}

// fuzzFile: whatever can be read, written and read again is the same, one
// octet at a time gives the same, and no packet is longer than the file.
func fuzzFile(t *testing.T, b []byte, format pcap.Format) {
	all, err := packets(b)
	slow := pcap.NewReader(&oneByte{b: b})
	total := 0
	for i := range all {
		var p pcap.Packet
		require.NoError(t, slow.Read(&p))
		require.Equal(t, all[i], p)
		total += len(p.Data)
	}
	require.LessOrEqual(t, total, len(b))
	var p pcap.Packet
	if slowErr := slow.Read(&p); err == nil {
		require.Equal(t, io.EOF, slowErr)
	} else {
		require.Equal(t, err, slowErr)
	}
	var kept []pcap.Packet
	for _, p := range all {
		if s := p.Time.Unix(); s < 0 || s >= 1<<32 || p.Length < len(p.Data) {
			continue
		}
		p.LinkType, p.Interface = pcap.LinkTypeEthernet, 0
		kept = append(kept, p)
	}
	again, err := packets(write(t, kept, pcap.WriterOptions{Format: format, LinkType: pcap.LinkTypeEthernet}))
	require.NoError(t, err)
	require.Equal(t, kept, again)
}

// oneByte gives one octet a Read.
type oneByte struct{ b []byte }

func (r *oneByte) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(1, len(p))], r.b)
	r.b = r.b[n:]
	return n, nil
}

func FuzzPcap(f *testing.F) {
	for _, b := range captures(f, ".pcap") {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { fuzzFile(t, b, pcap.FormatClassic) })
}

func FuzzPcapng(f *testing.F) {
	for _, b := range captures(f, ".pcapng") {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { fuzzFile(t, b, pcap.FormatNG) })
}

// FuzzHeaders: a header that parses is appended as the same header.
func FuzzHeaders(f *testing.F) {
	for _, b := range captures(f, "") {
		all, _ := packets(b)
		for _, p := range all {
			f.Add(p.Data)
			f.Add(p.Data[min(14, len(p.Data)):])
			f.Add(p.Data[min(34, len(p.Data)):])
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, n, err := pcap.ParseEthernet(b); err == nil {
			require.LessOrEqual(t, n, len(b))
			if again, err := pcap.AppendEthernet(nil, h); err == nil {
				require.Equal(t, b[:n], again)
			}
		}
		if h, n, err := pcap.ParseIPv4(b); err == nil {
			require.LessOrEqual(t, n, len(b))
			again, err := pcap.AppendIPv4(nil, h)
			require.NoError(t, err)
			back, m, err := pcap.ParseIPv4(again)
			require.NoError(t, err)
			require.Equal(t, n, m)
			back.Checksum = h.Checksum
			require.Equal(t, h, back)
		}
		if h, n, err := pcap.ParseIPv6(b); err == nil {
			require.LessOrEqual(t, n, len(b))
			again, err := pcap.AppendIPv6(nil, h)
			require.NoError(t, err)
			require.Equal(t, b[:n], again)
		}
		address := netip.IPv6Loopback()
		if h, n, err := pcap.ParseUDP(b); err == nil && len(b) <= 0xffff {
			again, err := pcap.AppendUDP(nil, h, address, address, b[n:])
			require.NoError(t, err)
			back, _, err := pcap.ParseUDP(again)
			require.NoError(t, err)
			require.Equal(t, len(b), int(back.Length))
			back.Length, back.Checksum = h.Length, h.Checksum
			require.Equal(t, h, back)
		}
		if h, n, err := pcap.ParseTCP(b); err == nil {
			again, err := pcap.AppendTCP(nil, h, address, address, b[n:])
			require.NoError(t, err)
			back, m, err := pcap.ParseTCP(again)
			require.NoError(t, err)
			require.Equal(t, b[n:], again[m:])
			back.Checksum = h.Checksum
			require.Equal(t, h, back)
		}
	})
}

// FuzzAssembler: no packets, however broken, make streams longer than they
// are, and every octet has its place.
func FuzzAssembler(f *testing.F) {
	for _, b := range captures(f, "") {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		total := 0
		for c, err := range pcap.Conversations(bytes.NewReader(b)) {
			if err != nil {
				break
			}
			total += len(c.Client.Data) + len(c.Server.Data)
			at := map[bool]int64{}
			for _, s := range c.Segments {
				require.Equal(t, at[s.FromClient], s.Offset)
				require.False(t, s.Gap > 0 && len(s.Data) > 0)
				at[s.FromClient] += int64(len(s.Data)) + s.Gap
			}
			require.Equal(t, int64(len(c.Client.Data))+c.Client.Missing, at[true])
			require.Equal(t, int64(len(c.Server.Data))+c.Server.Missing, at[false])
		}
		require.LessOrEqual(t, total, len(b))
	})
}

// FuzzReassembly: the segments of one dialogue in any order, some twice and
// some cut anew, give the same two streams.
func FuzzReassembly(f *testing.F) {
	f.Add([]byte("hello, world"), []byte("HELLO, WORLD"), uint32(0xfffffffa), uint64(1))
	f.Add(bytes.Repeat([]byte("abc"), 1000), []byte{}, uint32(7), uint64(2))
	f.Fuzz(func(t *testing.T, up, down []byte, isn uint32, seed uint64) {
		up, down = up[:min(len(up), 1<<14)], down[:min(len(down), 1<<14)]
		all := conversationOf(t, up, down, isn, seed)
		random := rand.New(rand.NewPCG(seed, 1))
		for range len(all) / 3 {
			all = append(all, all[random.IntN(len(all))])
		}
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		found := 0
		for c, err := range pcap.Conversations(bytes.NewReader(write(t, all, pcap.WriterOptions{}))) {
			require.NoError(t, err)
			require.Equal(t, clientAddr, c.Client.Addr)
			require.Equal(t, string(up), string(c.Client.Data))
			require.Equal(t, string(down), string(c.Server.Data))
			require.Zero(t, c.Client.Missing+c.Server.Missing)
			require.False(t, c.MidStream)
			found++
		}
		require.Equal(t, 1, found)
	})
}

var (
	clientAddr = netip.MustParseAddrPort("127.0.0.1:49152")
	serverAddr = netip.MustParseAddrPort("127.0.0.1:12000")
)

// conversationOf gives the packets of a connection whose two streams are cut at
// random.
func conversationOf(tb testing.TB, up, down []byte, isn uint32, seed uint64) []pcap.Packet {
	tb.Helper()
	random := rand.New(rand.NewPCG(seed, 0))
	var out bytes.Buffer
	d, err := pcap.NewDialogue(pcap.NewWriter(&out, nil), "tcp", clientAddr, serverAddr,
		&pcap.DialogueOptions{ClientISN: isn | 1, ServerISN: ^isn | 1})
	require.NoError(tb, err)
	now := time.Unix(1, 0)
	require.NoError(tb, d.Open(now))
	for len(up) > 0 || len(down) > 0 {
		b, client := &up, true
		if len(up) == 0 || len(down) > 0 && random.IntN(2) == 0 {
			b, client = &down, false
		}
		n := min(len(*b), 1+random.IntN(700))
		require.NoError(tb, d.Write(now, client, (*b)[:n]))
		*b = (*b)[n:]
	}
	require.NoError(tb, d.Close(now))
	all, err := packets(out.Bytes())
	require.NoError(tb, err)
	return all
}
