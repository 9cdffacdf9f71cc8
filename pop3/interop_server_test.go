package pop3_test

import (
	"context"
	"crypto"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/peers"
	"applayer/internal/testkit"
	"applayer/pop3"
)

// office is our server on loopback, in the clear with STLS and within TLS.
type office struct {
	mail             *mail
	plain, secure    string // host and port
	port, securePort string
	ca               string // a file
}

// letterFor is a message as mail programs want to see one.
func letterFor(n int) string {
	return fmt.Sprintf("From: alice@crepes.fr\r\nTo: bob@hamburger.edu\r\nDate: Fri, 15 Nov 2002 13:58:49 +0000\r\nMessage-ID: <%d@crepes.fr>\r\nSubject: letter %[1]d\r\n\r\nHello %[1]d.\r\n.a dot\r\n..\r\n.\r\nthe end\r\n", n)
}

func openOffice(t *testing.T, count int) *office {
	m := letters()
	for n := range count {
		m.add(letterFor(n + 1))
	}
	server, _ := testkit.Certificate(t, "localhost", "127.0.0.1")
	salt := []byte("a salt of 16 oct")
	srv := &pop3.Server{Backend: secretMail{m}, TLSConfig: server, Hostname: "localhost", Auth: func(c *pop3.Conn) []pop3.SASLServer {
		login := func(ctx context.Context, _, user, password string) (string, error) {
			return m.Login(ctx, user, password)
		}
		all := []pop3.SASLServer{
			pop3.ServePlain(login), pop3.ServeLogin(login),
			pop3.ServeCRAMMD5("localhost", func(ctx context.Context, user string) (string, error) {
				secret, _, err := secretMail{m}.Secret(ctx, user)
				return secret, err
			}),
		}
		for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256} {
			all = append(all, pop3.ServeSCRAM(c, hash, func(ctx context.Context, _, user string) (pop3.SCRAMVerifier, error) {
				secret, _, err := secretMail{m}.Secret(ctx, user)
				if err != nil {
					return pop3.SCRAMVerifier{}, err
				}
				return pop3.NewSCRAMVerifier(hash, secret, salt, 4096)
			})...)
		}
		return all
	}}
	o := &office{mail: m, ca: filepath.Join(t.TempDir(), "ca.pem")}
	o.plain = listenAndServe(t, srv, srv.Serve)
	o.secure = listenAndServe(t, srv, srv.ServeTLS)
	_, o.port, _ = net.SplitHostPort(o.plain)
	_, o.securePort, _ = net.SplitHostPort(o.secure)
	chain := server.Certificates[0].Certificate
	require.NoError(t, os.WriteFile(o.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: chain[len(chain)-1]}), 0o600))
	return o
}

func listenAndServe(t *testing.T, srv *pop3.Server, serve func(net.Listener) error) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- serve(l) }()
	t.Cleanup(func() {
		srv.Close()
		<-done
	})
	return l.Addr().String()
}

func TestInteropServerCurl(t *testing.T) {
	o := openOffice(t, 2)
	list := fmt.Sprintf("1 %d\r\n2 %d\r\n", len(letterFor(1)), len(letterFor(2)))
	for _, tt := range []struct {
		name string
		args []string
		want string
		exit int
	}{
		{"LIST", []string{"pop3://" + o.plain + "/"}, list, 0},
		{"RETR", []string{"pop3://" + o.plain + "/2"}, letterFor(2), 0},
		{"STLS", []string{"--ssl-reqd", "-k", "pop3://" + o.plain + "/1"}, letterFor(1), 0},
		{"within TLS", []string{"-k", "pop3s://" + o.secure + "/1"}, letterFor(1), 0},
		{"UIDL", []string{"pop3://" + o.plain + "/", "-X", "UIDL"}, "1 7.1\r\n2 7.2\r\n", 0},
		{"TOP", []string{"pop3://" + o.plain + "/", "-X", "TOP 1 1"}, letterFor(1)[:strings.Index(letterFor(1), ".a dot")], 0},
		{"APOP", []string{"--login-options", "AUTH=+APOP", "pop3://" + o.plain + "/1"}, letterFor(1), 0},
		{"AUTH PLAIN", []string{"--login-options", "AUTH=PLAIN", "--sasl-ir", "pop3://" + o.plain + "/1"}, letterFor(1), 0},
		{"AUTH LOGIN", []string{"--login-options", "AUTH=LOGIN", "pop3://" + o.plain + "/1"}, letterFor(1), 0},
		{"AUTH CRAM-MD5", []string{"--login-options", "AUTH=CRAM-MD5", "pop3://" + o.plain + "/1"}, letterFor(1), 0},
		{"several over one connection", []string{"pop3://" + o.plain + "/1", "pop3://" + o.plain + "/2"}, letterFor(1) + letterFor(2), 0},
		{"none", []string{"pop3://" + o.plain + "/3"}, "", 8},
		{"DELE", []string{"pop3://" + o.plain + "/1", "-X", "DELE", "-l"}, "", 0},
	} {
		out := peers.Run(t, "curl", append([]string{"-s", "-u", "bob:hungry"}, tt.args...)...)
		assert.Equal(t, tt.exit, out.Exit, "%s: %s", tt.name, out.Stderr)
		assert.Equal(t, tt.want, out.Stdout, tt.name)
	}
	assert.Equal(t, []string{"7.2"}, o.mail.left())
	out := peers.Run(t, "curl", "-s", "-u", "bob:thirsty", "pop3://"+o.plain+"/")
	assert.Equal(t, 67, out.Exit, "a wrong password")
}

func TestInteropServerMpop(t *testing.T) {
	for _, how := range [][]string{
		{"--tls=off", "--auth=user"},
		{"--tls=off", "--auth=apop"},
		{"--tls=off", "--auth=plain", "--pipelining=on"},
		{"--tls=on", "--tls-starttls=on", "--tls-certcheck=off", "--auth=on", "--pipelining=on"},
		{"--tls=on", "--tls-starttls=off", "--tls-certcheck=off", "--auth=cram-md5"},
		{"--tls=off", "--auth=scram-sha-1"},
		{"--tls=off", "--auth=login", "--pipelining=off"},
	} {
		o := openOffice(t, 40)
		port := o.port
		if slices.Contains(how, "--tls-starttls=off") {
			port = o.securePort
		}
		dir := t.TempDir()
		for _, sub := range []string{"new", "cur", "tmp"} {
			require.NoError(t, os.Mkdir(filepath.Join(dir, sub), 0o700))
		}
		args := append([]string{"--host=127.0.0.1", "--port=" + port, "--user=bob", "--passwordeval=echo hungry", "--delivery=maildir," + dir, "--uidls-file=" + dir + "/uidls"}, how...)
		out := peers.Run(t, "mpop", append(args, "--keep=on")...)
		require.Zero(t, out.Exit, "%v: %s%s", how, out.Stdout, out.Stderr)
		assert.Len(t, o.mail.left(), 40)
		out = peers.Run(t, "mpop", append(args, "--keep=off", "--only-new=off")...)
		require.Zero(t, out.Exit, "%v: %s%s", how, out.Stdout, out.Stderr)
		assert.Empty(t, o.mail.left())
		got := delivered(t, dir)
		assert.Len(t, got, 80)
		for _, n := range []int{1, 17, 40} {
			assert.True(t, slices.ContainsFunc(got, func(text string) bool {
				return strings.HasSuffix(text, strings.ReplaceAll(letterFor(n), "\r\n", "\n"))
			}), "%v: letter %d", how, n)
		}
	}
}

// delivered are the messages of a Maildir.
func delivered(t *testing.T, dir string) (all []string) {
	paths, err := filepath.Glob(filepath.Join(dir, "new", "*"))
	require.NoError(t, err)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		all = append(all, string(b))
	}
	return all
}

func TestInteropServerFetchmail(t *testing.T) {
	for _, how := range []struct{ proto, ssl string }{
		{"pop3", "sslproto ''"}, {"apop", "sslproto ''"}, {"pop3", "sslproto 'TLS1.2+' no sslcertck"}, {"pop3", "ssl no sslcertck"},
	} {
		o := openOffice(t, 3)
		port := o.port
		if strings.HasPrefix(how.ssl, "ssl ") {
			port = o.securePort
		}
		dir := t.TempDir()
		rc := filepath.Join(dir, "fetchmailrc")
		conf := fmt.Sprintf("poll 127.0.0.1 service %s proto %s uidl user bob password hungry %s mda \"cat >>%s/box\" keep\n", port, how.proto, how.ssl, dir)
		require.NoError(t, os.WriteFile(rc, []byte(conf), 0o600))
		args := []string{"-f", rc, "--idfile", dir + "/ids", "--pidfile", dir + "/pid", "--nosyslog", "--norewrite", "--invisible", "-v"}
		out := peers.Run(t, "fetchmail", args...)
		require.Zero(t, out.Exit, "%v: %s%s", how, out.Stdout, out.Stderr)
		assert.Len(t, o.mail.left(), 3)
		box, err := os.ReadFile(dir + "/box")
		require.NoError(t, err)
		for n := range 3 {
			body := letterFor(n + 1)
			body = body[strings.Index(body, "Hello"):]
			assert.Contains(t, strings.ReplaceAll(string(box), "\r\n", "\n"), strings.ReplaceAll(body, "\r\n", "\n"), how)
		}
		out = peers.Run(t, "fetchmail", args...)
		assert.Equal(t, 1, out.Exit, "%v: nothing is new: %s%s", how, out.Stdout, out.Stderr)
		out = peers.Run(t, "fetchmail", append(args, "--all", "--nokeep")...)
		require.Zero(t, out.Exit, "%v: %s%s", how, out.Stdout, out.Stderr)
		assert.Empty(t, o.mail.left())
	}
}

func TestInteropServerGetmail(t *testing.T) {
	for _, kind := range []string{"SimplePOP3Retriever", "SimplePOP3SSLRetriever"} {
		o := openOffice(t, 3)
		port := o.port
		if strings.Contains(kind, "SSL") {
			port = o.securePort
		}
		dir := t.TempDir()
		rc := filepath.Join(dir, "getmailrc")
		conf := fmt.Sprintf("[retriever]\ntype = %s\nserver = 127.0.0.1\nport = %s\nusername = bob\npassword = hungry\n[destination]\ntype = MDA_external\npath = %s\narguments = ('-a', '%s/box')\nallow_root_commands = true\n[options]\ndelete = true\ndelivered_to = false\nreceived = false\n", kind, port, testkit.Program(t, "tee"), dir)
		require.NoError(t, os.WriteFile(rc, []byte(conf), 0o600))
		out := peers.Run(t, "getmail", "--getmaildir", dir, "--rcfile", rc)
		require.Zero(t, out.Exit, "%s: %s%s", kind, out.Stdout, out.Stderr)
		box, err := os.ReadFile(dir + "/box")
		require.NoError(t, err)
		for n := range 3 {
			body := letterFor(n + 1)
			assert.Contains(t, string(box), strings.ReplaceAll(body[strings.Index(body, "Hello"):], "\r\n", "\n"), kind)
		}
		assert.Empty(t, o.mail.left())
	}
}

// Python's poplib goes through all its verbs.
const poplibProgram = `
import poplib, ssl, sys
plain, secure = int(sys.argv[1]), int(sys.argv[2])
context = ssl._create_unverified_context()
def say(*what): print(*what, flush=True)
p = poplib.POP3("127.0.0.1", plain)
say(sorted(p.capa()))
p.user("bob"); p.pass_("hungry")
say(p.stat(), p.list()[1], p.list(2))
say(p.uidl()[1], p.uidl(2))
say(b"\n".join(p.retr(1)[1]).decode())
say(p.top(2, 1)[1][-1])
p.dele(1); say(p.stat()); p.rset(); p.noop(); say(p.stat()); p.quit()
p = poplib.POP3("127.0.0.1", plain); p.apop("bob", "hungry"); say(p.quit())
p = poplib.POP3("127.0.0.1", plain); p.utf8(); p.user("bob"); p.pass_("hungry"); p.dele(2); say(p.quit())
p = poplib.POP3("127.0.0.1", plain); p.stls(context); p.user("bob"); p.pass_("hungry"); say(p.stat()); p.quit()
p = poplib.POP3_SSL("127.0.0.1", secure, context=context)
try: p.user("bob"); p.pass_("thirsty")
except poplib.error_proto as e: say(e)
p.user("bob"); p.pass_("hungry"); say(p.stat()); p.close()
`

func TestInteropServerPoplib(t *testing.T) {
	o := openOffice(t, 2)
	size := len(letterFor(1))
	out := peers.RunInput(t, poplibProgram, "python3", "-", o.port, o.securePort)
	require.Zero(t, out.Exit, "%s%s", out.Stdout, out.Stderr)
	assert.Equal(t, fmt.Sprintf(`['AUTH-RESP-CODE', 'LANG', 'PIPELINING', 'RESP-CODES', 'SASL', 'STLS', 'TOP', 'UIDL', 'USER', 'UTF8']
(2, %[2]d) [b'1 %[1]d', b'2 %[1]d'] b'+OK 2 %[1]d'
[b'1 7.1', b'2 7.2'] b'+OK 2 7.2'
%[3]sb'Hello 2.'
(1, %[1]d)
(2, %[2]d)
b'+OK Goodbye, 2 messages left.'
b'+OK Goodbye, 1 messages left.'
(1, %[1]d)
b'-ERR [AUTH] Name or password is not right.'
(1, %[1]d)
`, size, 2*size, strings.ReplaceAll(letterFor(1), "\r\n", "\n")), out.Stdout)
}
