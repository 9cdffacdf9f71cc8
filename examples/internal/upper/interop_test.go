package upper_test

import (
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
)

// transport is one of the networks that the pair speaks over.
type transport struct {
	network        string
	server, client string // our programs
}

var transports = []transport{
	{"tcp", "tcpserver", "tcpclient"},
	{"unix", "tcpserver", "tcpclient"},
	{"udp", "udpserver", "udpclient"},
	{"unixgram", "udpserver", "udpclient"},
}

// place is an address to listen on: a free port, or a path.
func (tr transport) place(t *testing.T) string {
	if strings.HasPrefix(tr.network, "unix") {
		return filepath.Join(t.TempDir(), "s")
	}
	return "127.0.0.1:0"
}

// build builds our programs, each once.
func build(t *testing.T) map[string]string {
	t.Helper()
	built := map[string]string{}
	for _, name := range []string{"tcpserver", "tcpclient", "udpserver", "udpclient"} {
		built[name] = testkit.Build(t, "applayer/examples/upper/"+name)
	}
	return built
}

// words splits an address into the arguments that the Python scripts and nc
// take: host and port, or a path.
func words(addr string) []string {
	if host, port, err := net.SplitHostPort(addr); err == nil {
		return []string{host, port}
	}
	return []string{addr}
}

// converse has a client convert lines, each when the reply to the last is in.
func converse(t *testing.T, client *testkit.Process, lines ...string) {
	t.Helper()
	for _, line := range lines {
		_, err := io.WriteString(client.Stdin, line+"\n")
		require.NoError(t, err)
		client.WaitLine(strings.ToUpper(line))
	}
}

// ready waits for a line with one of the marks and gives what stands behind it:
// the address of a server.
func ready(wait func(string) string, marks ...string) string {
	for {
		line := wait("")
		for _, mark := range marks {
			if _, addr, ok := strings.Cut(line, mark); ok {
				return strings.Trim(addr, `"`)
			}
		}
	}
}

// theirClients start a client that somebody else wrote.
var theirClients = []struct {
	name  string
	start func(t *testing.T, tr transport, addr string) *testkit.Process
}{
	{"python", func(t *testing.T, tr transport, addr string) *testkit.Process {
		args := append([]string{"testdata/" + tr.client + ".py"}, words(addr)...)
		if tr.network == "unixgram" {
			args = append(args, filepath.Join(t.TempDir(), "c"))
		}
		return testkit.StartEnv(t, []string{"PYTHONUTF8=1"}, testkit.Program(t, "python3"), args...)
	}},
	{"nc", func(t *testing.T, tr transport, addr string) *testkit.Process {
		flags := map[string][]string{"tcp": nil, "unix": {"-U"}, "udp": {"-u"}, "unixgram": {"-u", "-U"}}
		return testkit.Start(t, testkit.Program(t, "nc"), append(flags[tr.network], words(addr)...)...)
	}},
	{"socat", func(t *testing.T, tr transport, addr string) *testkit.Process {
		peer := map[string]string{
			"tcp":      "TCP:" + addr,
			"unix":     "UNIX-CONNECT:" + addr,
			"udp":      "UDP:" + addr,
			"unixgram": "UNIX-SENDTO:" + addr + ",bind=" + filepath.Join(t.TempDir(), "c"),
		}
		return testkit.Start(t, testkit.Program(t, "socat"), "STDIO", peer[tr.network])
	}},
}

func TestTheirClientsAtOurServers(t *testing.T) {
	testkit.Linux(t, "nc, socat and Unix-domain datagrams")
	ours := build(t)
	for _, tr := range transports {
		for _, calls := range []bool{false, true} {
			for _, client := range theirClients {
				t.Run(name(tr, calls, client.name), func(t *testing.T) {
					server := testkit.Start(t, ours[tr.server], args(tr, calls, tr.place(t))...)
					addr := ready(server.WaitLine, "listening on "+tr.network+" ")
					p := client.start(t, tr, addr)
					converse(t, p, "hello", "größe in ångström", "again")
					// The client is still there: an idle one does not keep a server from
					// ending.
					assert.Equal(t, 0, server.Stop(), server.Stderr())
				})
			}
		}
	}
}

func name(tr transport, calls bool, peer string) string {
	if calls {
		return tr.network + " by calls with " + peer
	}
	return tr.network + " with " + peer
}

func args(tr transport, calls bool, addr string) []string {
	a := []string{"-network", tr.network, "-addr", addr}
	if calls {
		a = append(a, "-berkeley")
	}
	return a
}

// theirServers start a server that somebody else wrote and give its address.
var theirServers = []struct {
	name  string
	lines []string
	start func(t *testing.T, tr transport) string
}{
	{"python", []string{"hello", "grün", "again"}, func(t *testing.T, tr transport) string {
		args := append([]string{"testdata/" + tr.server + ".py"}, words(tr.place(t))...)
		p := testkit.StartEnv(t, []string{"PYTHONUTF8=1"}, testkit.Program(t, "python3"), args...)
		return ready(p.WaitLine, "listening on ")
	}},
	// The upper case of tr is that of ASCII alone.
	{"socat", []string{"hello", "again"}, func(t *testing.T, tr transport) string {
		addr := tr.place(t)
		listen := map[string]string{
			"tcp":      "TCP4-LISTEN:0,bind=127.0.0.1,fork",
			"unix":     "UNIX-LISTEN:" + addr + ",fork",
			"udp":      "UDP4-LISTEN:0,bind=127.0.0.1,fork",
			"unixgram": "UNIX-RECVFROM:" + addr + ",fork",
		}
		p := testkit.Start(t, testkit.Program(t, "socat"), "-dd", listen[tr.network], "SYSTEM:stdbuf -o0 tr a-z A-Z")
		return ready(p.WaitStderr, " AF=2 ", " AF=1 ")
	}},
}

func TestOurClientsAtTheirServers(t *testing.T) {
	testkit.Linux(t, "socat and Unix-domain datagrams")
	ours := build(t)
	for _, tr := range transports {
		for _, calls := range []bool{false, true} {
			for _, server := range theirServers {
				t.Run(name(tr, calls, server.name), func(t *testing.T) {
					addr := server.start(t, tr)
					client := testkit.Start(t, ours[tr.client], args(tr, calls, addr)...)
					converse(t, client, server.lines...)
					require.NoError(t, client.Stdin.Close())
					assert.Equal(t, 0, client.Wait(), client.Stderr())
				})
			}
		}
	}
}

// A person at nc answers by hand.
func TestOurClientsAtNetcat(t *testing.T) {
	testkit.Linux(t, "nc")
	ours := build(t)
	for _, tr := range transports {
		for _, calls := range []bool{false, true} {
			t.Run(name(tr, calls, "nc"), func(t *testing.T) {
				addr := tr.place(t)
				flags := map[string][]string{"tcp": {"-l"}, "unix": {"-lU"}, "udp": {"-lu"}, "unixgram": {"-luU"}}
				server := testkit.Start(t, testkit.Program(t, "nc"), append(append(flags[tr.network], "-v"), words(addr)...)...)
				// "Listening on localhost 40000", "Bound on /path"
				said := ready(server.WaitStderr, "Listening on ", "Bound on ")
				if _, port, ok := strings.Cut(said, " "); ok {
					addr = net.JoinHostPort("127.0.0.1", port)
				}
				client := testkit.Start(t, ours[tr.client], args(tr, calls, addr)...)
				lines := []string{"hello", "again"}
				if tr.server == "udpserver" {
					lines = lines[:1]
				}
				for _, line := range lines {
					_, err := io.WriteString(client.Stdin, line+"\n")
					require.NoError(t, err)
					if tr.server == "udpserver" {
						server.WaitStderr("Connection received") // a datagram has no line end
					} else {
						server.WaitLine(line)
					}
					_, err = io.WriteString(server.Stdin, "by hand: "+line+"\n")
					require.NoError(t, err)
					client.WaitLine("by hand: " + line)
				}
				require.NoError(t, client.Stdin.Close())
				assert.Equal(t, 0, client.Wait(), client.Stderr())
			})
		}
	}
}
