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

// shown writes a dialogue and gives each packet as flags, sequence and
// acknowledgement numbers, and length.
func shown(t *testing.T, options *pcap.DialogueOptions, play func(d *pcap.Dialogue)) (lines []string) {
	t.Helper()
	var out bytes.Buffer
	d, err := pcap.NewDialogue(pcap.NewWriter(&out, nil), "tcp", clientAddr, serverAddr, options)
	require.NoError(t, err)
	play(d)
	all, err := packets(out.Bytes())
	require.NoError(t, err)
	for _, p := range all {
		var l pcap.Layers
		require.NoError(t, l.Decode(p.LinkType, p.Data))
		side := "C"
		if l.Source == serverAddr {
			side = "S"
		}
		assert.LessOrEqual(t, len(p.Data), 1500)
		lines = append(lines, fmt.Sprint(side, " ", l.TCP.Flags, " ", l.TCP.Sequence, " ", l.TCP.Acknowledgment, " ", l.Length))
	}
	return lines
}

func TestDialogueTCP(t *testing.T) {
	now := time.Unix(1, 0)
	tests := []struct {
		name string
		play func(d *pcap.Dialogue)
		want []string
	}{
		{"handshake, octets, ends", func(d *pcap.Dialogue) {
			assert.NoError(t, d.Write(now, true, []byte("hello")))
			assert.NoError(t, d.Write(now, false, []byte("HI")))
			assert.NoError(t, d.Close(now))
			assert.NoError(t, d.Close(now), "once")
		}, []string{"C S 1000 0 0", "S S. 5000 1001 0", "C . 1001 5001 0",
			"C P. 1001 5001 5", "S . 5001 1006 0", "S P. 5001 1006 2", "C . 1006 5003 0",
			"C F. 1006 5003 0", "S . 5003 1007 0", "S F. 5003 1007 0", "C . 1007 5004 0"}},
		{"nothing said", func(d *pcap.Dialogue) {
			assert.NoError(t, d.Write(now, true, nil))
			assert.NoError(t, d.CloseWrite(now, false))
		}, []string{"C S 1000 0 0", "S S. 5000 1001 0", "C . 1001 5001 0", "S F. 5001 1001 0", "C . 1001 5002 0"}},
		{"segments under the MTU", func(d *pcap.Dialogue) {
			assert.NoError(t, d.Write(now, true, make([]byte, 3000)))
		}, []string{"C S 1000 0 0", "S S. 5000 1001 0", "C . 1001 5001 0",
			"C . 1001 5001 1460", "C . 2461 5001 1460", "C P. 3921 5001 80", "S . 5001 4001 0"}},
		{"reset", func(d *pcap.Dialogue) {
			assert.NoError(t, d.Reset(now, false))
			assert.NoError(t, d.Reset(now, false), "once")
			assert.NoError(t, d.CloseWrite(now, true))
			assert.ErrorIs(t, d.Write(now, true, []byte("late")), pcap.ErrClosed)
		}, []string{"C S 1000 0 0", "S S. 5000 1001 0", "C . 1001 5001 0", "S R. 5001 1001 0"}},
		{"half-closed", func(d *pcap.Dialogue) {
			assert.NoError(t, d.CloseWrite(now, true))
			assert.ErrorIs(t, d.Write(now, true, []byte("late")), pcap.ErrClosed)
			assert.NoError(t, d.Write(now, false, []byte("reply")))
		}, []string{"C S 1000 0 0", "S S. 5000 1001 0", "C . 1001 5001 0", "C F. 1001 5001 0", "S . 5001 1002 0", "S P. 5001 1002 5", "C . 1002 5006 0"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, shown(t, nil, tt.play))
		})
	}
}

// TestDialogueStaysInTheWindow: a peer acknowledges before a window of octets
// is under way, which is 65535 without an option.
func TestDialogueStaysInTheWindow(t *testing.T) {
	lines := shown(t, nil, func(d *pcap.Dialogue) {
		assert.NoError(t, d.Write(time.Unix(1, 0), true, make([]byte, 200000)))
	})
	acks := 0
	for _, l := range lines {
		if strings.HasPrefix(l, "S .") {
			acks++
		}
	}
	assert.Equal(t, 4, acks)
}

func TestDialogueRefuses(t *testing.T) {
	now := time.Unix(1, 0)
	six := netip.MustParseAddrPort("[::1]:1")
	for name, try := range map[string]func() error{
		"network":        func() error { return open("sctp", clientAddr, serverAddr, 0) },
		"two families":   func() error { return open("tcp", clientAddr, six, 0) },
		"no address":     func() error { return open("udp", netip.AddrPort{}, serverAddr, 0) },
		"link type":      func() error { return open("tcp", clientAddr, serverAddr, pcap.LinkTypeLinuxSLL) },
		"IPv6 in IPv4":   func() error { return open("udp", six, six, pcap.LinkTypeIPv4) },
		"IPv4 in IPv6":   func() error { return open("udp", clientAddr, serverAddr, pcap.LinkTypeIPv6) },
		"datagram of v4": func() error { return udp(t, clientAddr, serverAddr, 65508) },
		"datagram of v6": func() error { return udp(t, six, six, 65528) },
	} {
		assert.Error(t, try(), name)
	}
	assert.NoError(t, udp(t, clientAddr, serverAddr, 65507))
	assert.NoError(t, udp(t, six, six, 65527))
	assert.NoError(t, open("udp6", six, six, pcap.LinkTypeIPv6))
	assert.NoError(t, open("tcp4", clientAddr, serverAddr, pcap.LinkTypeIPv4))

	t.Run("an error of the writer comes back", func(t *testing.T) {
		for _, play := range []func(d *pcap.Dialogue) error{
			func(d *pcap.Dialogue) error { return d.Open(now) },
			func(d *pcap.Dialogue) error { return d.Write(now, true, []byte("a")) },
			func(d *pcap.Dialogue) error { return d.CloseWrite(now, true) },
			func(d *pcap.Dialogue) error { return d.Reset(now, true) },
		} {
			d, err := pcap.NewDialogue(pcap.NewWriter(brokenWriter{}, nil), "tcp", clientAddr, serverAddr, nil)
			require.NoError(t, err)
			assert.Error(t, play(d))
		}
	})
}

// open opens a dialogue or sends its first datagram.
func open(network string, client, server netip.AddrPort, link pcap.LinkType) error {
	d, err := pcap.NewDialogue(pcap.NewWriter(&bytes.Buffer{}, &pcap.WriterOptions{LinkType: link}), network, client, server, nil)
	if err != nil {
		return err
	}
	return d.Write(time.Unix(1, 0), true, []byte("a"))
}

// udp sends a datagram of n octets, which must come back whole.
func udp(t *testing.T, client, server netip.AddrPort, n int) error {
	t.Helper()
	var out bytes.Buffer
	d, err := pcap.NewDialogue(pcap.NewWriter(&out, nil), "udp", client, server, nil)
	require.NoError(t, err)
	require.NoError(t, d.CloseWrite(time.Unix(1, 0), true), "datagrams have no end")
	require.NoError(t, d.Reset(time.Unix(1, 0), true))
	if err := d.Write(time.Unix(1, 0), true, make([]byte, n)); err != nil {
		return err
	}
	all := recorded(t, out.Bytes())
	require.Len(t, all, 1)
	require.Len(t, all[0].Client.Data, n)
	return nil
}
