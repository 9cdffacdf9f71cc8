package pcap_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets/pcap"
)

// run runs a program and gives what it prints.
func run(t *testing.T, path string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	require.NoError(t, cmd.Run(), "%s %v: %s", path, args, errs.String())
	return out.String()
}

// madeUp is a dialogue written by us in one of the ways a Writer knows.
type madeUp struct {
	name, network  string
	client, server string
	options        pcap.WriterOptions
	mtu            int
	packets        int // that carry a TCP or UDP header
}

var madeUps = []madeUp{
	{"tcp4 classic raw", "tcp", "127.0.0.1:49152", "127.0.0.1:12000", pcap.WriterOptions{}, 0, 12},
	{"tcp6 pcapng Ethernet", "tcp", "[::1]:49152", "[::1]:12000", pcap.WriterOptions{Format: pcap.FormatNG, LinkType: pcap.LinkTypeEthernet}, 0, 12},
	{"tcp4 classic big-endian microseconds", "tcp", "127.0.0.1:49152", "127.0.0.1:12000", pcap.WriterOptions{ByteOrder: binary.BigEndian, Micro: true}, 576, 16},
	{"udp4 pcapng big-endian, fragmented", "udp", "127.0.0.1:49152", "127.0.0.1:12000", pcap.WriterOptions{Format: pcap.FormatNG, ByteOrder: binary.BigEndian}, 1500, 2},
	{"udp6 classic Ethernet, fragmented", "udp", "[::1]:49152", "[::1]:12000", pcap.WriterOptions{LinkType: pcap.LinkTypeEthernet}, 1280, 2},
}

var (
	request = bytes.Repeat([]byte("hello, world\r\n"), 200) // 2800 octets
	reply   = []byte("HELLO\x00\xff, odd")
)

// write puts the dialogue in a file.
func (m *madeUp) write(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "dialogue.pcap")
	f, err := os.Create(path)
	require.NoError(t, err)
	d, err := pcap.NewDialogue(pcap.NewWriter(f, &m.options), m.network,
		netip.MustParseAddrPort(m.client), netip.MustParseAddrPort(m.server), &pcap.DialogueOptions{MTU: m.mtu})
	require.NoError(t, err)
	now := time.Date(2026, 11, 21, 12, 0, 0, 123456789, time.UTC)
	require.NoError(t, d.Write(now, true, request))
	require.NoError(t, d.Write(now.Add(time.Second), false, reply))
	require.NoError(t, d.Close(now.Add(2*time.Second)))
	require.NoError(t, f.Close())
	return path
}

// TestTsharkReadsWhatWeWrite has Wireshark's engine verify every checksum,
// find nothing to warn of, and follow the stream to the same octets.
func TestTsharkReadsWhatWeWrite(t *testing.T) {
	tshark := testkit.Program(t, "tshark")
	for _, m := range madeUps {
		t.Run(m.name, func(t *testing.T) {
			path := m.write(t)
			args := []string{"-r", path, "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"}
			show := func(filter string) string { return run(t, tshark, append(args, "-Y", filter)...) }
			// 0 is a bad checksum, 1 a good one; 0x600000 a warning.
			assert.Empty(t, show("ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0 || _ws.malformed || _ws.expert.severity >= 0x600000"))
			good := show(m.network + ".checksum.status == 1")
			assert.Equal(t, m.packets, strings.Count(good, "\n"), good)
			up, down := follow(t, run(t, tshark, "-r", path, "-q", "-z", "follow,"+m.network+",raw,0"))
			assert.Equal(t, string(request), up)
			assert.Equal(t, string(reply), down)
		})
	}
}

// follow reads tshark's "follow" in raw form: hexadecimal lines, those of the
// second side after a tab.
func follow(t *testing.T, text string) (up, down string) {
	t.Helper()
	for line := range strings.Lines(text) {
		digits := strings.TrimSpace(line)
		b, err := hex.DecodeString(digits)
		if err != nil || digits == "" {
			continue
		}
		if strings.HasPrefix(line, "\t") {
			down += string(b)
		} else {
			up += string(b)
		}
	}
	return up, down
}

// TestTcpdumpReadsWhatWeWrite has libpcap read the file and tcpdump verify the
// checksums that it knows.
func TestTcpdumpReadsWhatWeWrite(t *testing.T) {
	tcpdump := testkit.Program(t, "tcpdump")
	for _, m := range madeUps {
		t.Run(m.name, func(t *testing.T) {
			out := run(t, tcpdump, "-nn", "-vv", "-r", m.write(t))
			assert.NotContains(t, out, "incorrect")
			assert.NotContains(t, out, "bad")
			assert.Contains(t, out, ".12000")
			if m.network == "tcp" {
				assert.Equal(t, m.packets, strings.Count(out, "(correct)"), out)
			}
		})
	}
}

// TestTsharkAgreesOnCaptures has tshark follow the recorded connections: our
// streams are the same octets.
func TestTsharkAgreesOnCaptures(t *testing.T) {
	tshark := testkit.Program(t, "tshark")
	for _, name := range []string{"testdata/golden/nc-python-long-tcp4.pcap", "../testdata/golden/nc-python-upper-tcp6.pcap"} {
		t.Run(filepath.Base(name), func(t *testing.T) {
			up, down := follow(t, run(t, tshark, "-r", name, "-q", "-z", "follow,tcp,raw,0"))
			f, err := os.Open(name)
			require.NoError(t, err)
			defer f.Close()
			for c, err := range pcap.Conversations(f) {
				require.NoError(t, err)
				assert.Equal(t, up, string(c.Client.Data))
				assert.Equal(t, down, string(c.Server.Data))
			}
			assert.NotEmpty(t, up)
		})
	}
}
