package peers

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"applayer/internal/testkit"
)

// patience is how long a server may take until it accepts connections. It
// bounds a hang; no test's outcome depends on its value.
const patience = 20 * time.Second

// attempts is how many ports are tried: between the choice of a port and the
// server's bind somebody else may take it.
const attempts = 4

// Config is what a server serves, and how. Its zero value serves an empty
// folder.
type Config struct {
	// Root is the folder served; empty is a new one, which [Server] names. As
	// root the way to it below the system's temporary folder is opened to all
	// users, since some servers change to another one.
	Root string
	// Lines are added to the server's configuration, where each function says.
	Lines []string
	// TLS has the certificate that the server shows, such as
	// [testkit.Certificate] makes; nil is a server without TLS. A name server
	// takes DNS over TLS beside UDP and TCP, on a port of its own.
	TLS *tls.Config

	// Users are the passwords of those who may log in at an FTP, Telnet or mail
	// server, by their names.
	Users map[string]string
	// Next is where a mail server sends what is not for its users, host and
	// port.
	Next string

	// What follows is for name servers alone.

	// Addr is host and port to listen on, within [testkit.Namespace] or so;
	// empty is a free port of 127.0.0.1.
	Addr string
	// Zones are the zones that an authoritative server serves: master files by
	// the zones' names, in which "." is the root.
	Zones map[string]string
	// Hints are the root servers that a resolver begins with, as a master file.
	Hints string
	// Forward says which server, host and port, a resolver asks for the names
	// at and below each name.
	Forward map[string]string
}

// Server is a server that runs.
type Server struct {
	*testkit.Process
	// Addr is host and port that it listens on.
	Addr string
	// TLSAddr is host and port where a name server takes DNS over TLS, or where
	// a mail server has TLS from the beginning.
	TLSAddr string
	// Root is the folder that it serves.
	Root string

	scheme string
}

// URL returns the address of a path on a web or FTP server, which starts with a
// slash.
func (s *Server) URL(path string) string { return s.scheme + "://" + s.Addr + path }

// place is what a configuration is written for.
type place struct {
	// dir is the server's own folder, root the one it serves.
	dir, root  string
	host, port string
	// tlsPort is where a name server takes DNS over TLS.
	tlsPort string
	// lines are those of Config.
	lines string
	// cert and key are the files of the certificate, "" without TLS.
	cert, key string
}

// start starts a web server: command writes its configuration for a place and
// returns path and arguments.
func start(tb testing.TB, c *Config, command func(at *place) []string) *Server {
	tb.Helper()
	return startUntil(tb, c, command, accepts)
}

// startUntil starts a server and waits until ready, which is false when it
// ends before.
func startUntil(tb testing.TB, c *Config, command func(at *place) []string, ready func(testing.TB, *Server) bool) *Server {
	tb.Helper()
	if c == nil {
		c = &Config{}
	}
	at := &place{dir: tb.TempDir(), root: c.Root, host: "127.0.0.1", lines: strings.Join(c.Lines, "\n")}
	if at.root == "" {
		at.root = tb.TempDir()
	}
	openWay(tb, at.root)
	openWay(tb, at.dir)
	s := &Server{Root: at.root, scheme: "http"}
	if c.TLS != nil {
		s.scheme = "https"
		at.cert, at.key = writeCertificate(tb, at.dir, c.TLS)
	}
	var argv []string
	for range attempts {
		at.address(tb, c.Addr)
		argv = command(at)
		s.Process = testkit.Start(tb, argv[0], argv[1:]...)
		s.Addr = net.JoinHostPort(at.host, at.port)
		s.TLSAddr = net.JoinHostPort(at.host, at.tlsPort)
		if ready(tb, s) {
			// A server that is killed leaves semaphores and shared memory.
			tb.Cleanup(func() { s.Stop() })
			return s
		}
	}
	tb.Fatalf("peers: %s ends before it can be asked:\n%s%s", filepath.Base(argv[0]), s.Stdout(), s.Stderr())
	return nil
}

// unpacked names the variable of the environment that says where programs lie
// that no package manager may install beside others, such as a second FTP
// server: a folder with usr/sbin and usr/bin. Empty is defaultUnpacked.
const (
	unpacked        = "APPLAYER_PROGRAMS"
	defaultUnpacked = "/usr/local/lib/applayer/programs"
)

// program finds a program, also where a user's PATH does not lead.
func program(tb testing.TB, name string) string {
	tb.Helper()
	if _, err := exec.LookPath(name); err != nil {
		more := cmp.Or(os.Getenv(unpacked), defaultUnpacked)
		for _, dir := range []string{"/usr/sbin", "/usr/local/sbin", more + "/usr/sbin", more + "/usr/bin"} {
			if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
				return path
			}
		}
	}
	return testkit.Program(tb, name)
}

// address decides on what the server listens.
func (at *place) address(tb testing.TB, addr string) {
	tb.Helper()
	at.port, at.tlsPort = strconv.Itoa(freePort(tb)), strconv.Itoa(freePort(tb))
	if addr == "" {
		return
	}
	var err error
	if at.host, at.port, err = net.SplitHostPort(addr); err != nil {
		tb.Fatalf("peers: %v", err)
	}
}

// freePort finds a port that nobody listens on. It is below those that systems
// give to connections, so that none of them takes it meanwhile.
func freePort(tb testing.TB) int {
	tb.Helper()
	for range 100 {
		port := 20000 + rand.IntN(12000)
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		l, err := net.Listen("tcp", addr)
		if err != nil {
			continue
		}
		pc, err := net.ListenPacket("udp", addr)
		l.Close()
		if err == nil {
			pc.Close()
			return port
		}
	}
	tb.Fatal("peers: no free port from 20000 to 32000")
	return 0
}

// accepts waits until the server takes a connection, and is false if it ends
// before.
func accepts(tb testing.TB, s *Server) bool {
	tb.Helper()
	return until(tb, s, "nobody accepts at "+s.Addr, func() bool { return connects(s.Addr) })
}

func connects(addr string) bool {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err == nil {
		conn.Close()
	}
	return err == nil
}

// until waits until ready is true, and is false if the server ends before.
func until(tb testing.TB, s *Server, otherwise string, ready func() bool) bool {
	tb.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if ready() {
			return true
		}
		select {
		case <-s.Done():
			return false
		case <-time.After(10 * time.Millisecond):
		}
	}
	tb.Fatalf("peers: %s in %v:\n%s%s", otherwise, patience, s.Stdout(), s.Stderr())
	return false
}

// openWay lets all users into a folder and those above it, below the system's
// temporary folder. Only root has users to change to.
func openWay(tb testing.TB, dir string) {
	tb.Helper()
	if os.Geteuid() != 0 {
		return
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		tb.Fatalf("peers: %v", err)
	}
	for above := filepath.Clean(os.TempDir()) + string(filepath.Separator); strings.HasPrefix(abs, above); abs = filepath.Dir(abs) {
		info, err := os.Stat(abs)
		if err == nil {
			err = os.Chmod(abs, info.Mode().Perm()|0o555)
		}
		if err != nil {
			tb.Fatalf("peers: %v", err)
		}
	}
}

// write writes a file into the server's own folder.
func (at *place) write(tb testing.TB, name, text string, mode fs.FileMode) string {
	tb.Helper()
	path := filepath.Join(at.dir, name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		tb.Fatalf("peers: %v", err)
	}
	return path
}

// writeCertificate writes the first certificate of c and its key into dir.
func writeCertificate(tb testing.TB, dir string, c *tls.Config) (cert, key string) {
	tb.Helper()
	if len(c.Certificates) == 0 {
		tb.Fatal("peers: a TLS configuration without certificate")
	}
	der, err := x509.MarshalPKCS8PrivateKey(c.Certificates[0].PrivateKey)
	if err != nil {
		tb.Fatalf("peers: %v", err)
	}
	var chain []byte
	for _, b := range c.Certificates[0].Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: b})...)
	}
	at := &place{dir: dir}
	cert = at.write(tb, "cert.pem", string(chain), 0o644)
	key = at.write(tb, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), 0o600)
	return cert, key
}

// whenRoot is the line for root, who must name a user to be; others are who
// they are.
func whenRoot(line string) string {
	if os.Geteuid() == 0 {
		return line
	}
	return ""
}

// noTLS fails for a server that has no TLS here.
func noTLS(tb testing.TB, c *Config, name string) {
	tb.Helper()
	if c != nil && c.TLS != nil {
		tb.Fatalf("peers: %s has no TLS here", name)
	}
}
