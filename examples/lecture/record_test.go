package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/cli"
	"applayer/internal/testkit"
	"applayer/sockets/pcap"
)

// recorded plays a scene with -pcap.
func recorded(t *testing.T, scene string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), scene+".pcap")
	var stdout, stderr bytes.Buffer
	status := cli.Run(t.Context(), program(), []string{"-pcap", file, scene}, strings.NewReader(""), &stdout, &stderr)
	require.Zero(t, status, stdout.String()+stderr.String())
	return file
}

func TestPcapHoldsTheScene(t *testing.T) {
	f, err := os.Open(recorded(t, "upper"))
	require.NoError(t, err)
	defer f.Close()
	said := map[string]bool{}
	for c, err := range pcap.Conversations(f) {
		require.NoError(t, err)
		assert.NotEmpty(t, c.Client.Data)
		// Where the server closes after one reply, the last request has none.
		assert.NotEmpty(t, c.Server.Data)
		assert.True(t, strings.HasPrefix(strings.ToUpper(string(c.Client.Data)), string(c.Server.Data)), "%q", c.Server.Data)
		assert.Zero(t, c.Client.Missing+c.Server.Missing)
		assert.Equal(t, c.Network == "tcp", c.Closed)
		first, _, _ := strings.Cut(string(c.Client.Data), "\n")
		said[c.Network+" "+first] = true
	}
	assert.True(t, said["tcp do you like ketchup?"], "%v", said)
}

// The sockets of the Berkeley calls are recorded as those of package net are.
func TestPcapHoldsTheCalls(t *testing.T) {
	testkit.Linux(t, "the Berkeley calls")
	f, err := os.Open(recorded(t, "calls"))
	require.NoError(t, err)
	defer f.Close()
	var got []string
	for c, err := range pcap.Conversations(f) {
		require.NoError(t, err)
		assert.NotZero(t, c.Client.Addr.Port(), "the kernel has named the client")
		got = append(got, c.Network+" "+string(c.Client.Data)+" "+string(c.Server.Data))
	}
	assert.ElementsMatch(t, []string{"tcp hello HELLO", "udp hello HELLO"}, got)
}

func TestPcapOpensInTshark(t *testing.T) {
	tshark := testkit.Program(t, "tshark")
	file := recorded(t, "upper")
	show := func(args ...string) string {
		args = append([]string{"-r", file, "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"}, args...)
		out, err := exec.CommandContext(t.Context(), tshark, args...).Output()
		require.NoError(t, err)
		return string(out)
	}
	// 0 is a bad checksum, 0x600000 a warning.
	assert.Empty(t, show("-Y", "tcp.checksum.status == 0 || udp.checksum.status == 0 || _ws.malformed || _ws.expert.severity >= 0x600000"))
	followed := show("-q", "-z", "follow,tcp,ascii,0") + show("-q", "-z", "follow,tcp,ascii,1")
	assert.Contains(t, followed, "do you like ketchup?")
	assert.Contains(t, followed, "DO YOU LIKE KETCHUP?")
}

// TestRecordIsWholeWhenASceneFails: the capture is what one looks at then.
func TestRecordIsWholeWhenASceneFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "failed.pcap")
	err := record(file, func(opts NetOptions) error {
		client, server := testkit.Pipe()
		defer server.Close()
		nc := opts.Tap(client)
		_, err := nc.Write([]byte("last words"))
		require.NoError(t, err)
		return net.ErrClosed
	})
	require.ErrorIs(t, err, net.ErrClosed)
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	found := 0
	for c, err := range pcap.Conversations(f) {
		require.NoError(t, err)
		assert.Equal(t, "last words", string(c.Client.Data))
		found++
	}
	assert.Equal(t, 1, found)
	assert.Error(t, record(filepath.Join(file, "below"), nil))
}
