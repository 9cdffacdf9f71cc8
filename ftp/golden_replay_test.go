package ftp_test

import (
	"bufio"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/golden"
	"applayer/sockets/telnet"
)

// exchange is a command with all that it was answered, and with what went over
// its data connection.
type exchange struct {
	saidCommand
	offset   string // what REST said before it
	replies  []saidReply
	transfer *transfer
}

// final is the code of the last reply, 0 without any.
func (x *exchange) final() int {
	if len(x.replies) == 0 {
		return 0
	}
	return x.replies[len(x.replies)-1].Code
}

// exchanges gives commands and replies in pairs: replies come in the order of
// the commands, and each command has one that is not 1yz.
func (c *capture) exchanges() []*exchange {
	var all []*exchange
	replies := c.replies[1:] // behind the greeting
	offset := ""
	for _, said := range c.commands {
		x := &exchange{saidCommand: said, offset: offset, transfer: c.used[len(all)]}
		if offset = ""; said.verb == ftp.VerbREST {
			offset = string(said.arg)
		}
		for len(replies) > 0 {
			x.replies = append(x.replies, replies[0])
			replies = replies[1:]
			if x.final() >= 200 {
				break
			}
		}
		all = append(all, x)
	}
	return all
}

// lectureFolder makes the folder that the captures were made of.
func lectureFolder(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	block, err := aes.NewCipher(make([]byte, 16))
	require.NoError(t, err)
	octets := make([]byte, 3000)
	cipher.NewCTR(block, make([]byte, 16)).XORKeyStream(octets, octets)
	var numbers strings.Builder
	for i := range 400 {
		fmt.Fprintln(&numbers, i+1)
	}
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	for name, text := range map[string]string{
		"readme.txt": "Files for the lecture.\nTwo lines.\n", "numbers.txt": numbers.String(),
		"mixed.txt": "one\r\ntwo\nthree\r\n", "octets.bin": string(octets),
		"music/la.txt": "la la la\n", "music/two words.txt": "nested\n", "übung/aufgabe-ä.txt": "Aufgabe 1\n",
		"part.txt": numbers.String()[:100], "up.txt": "", "long.txt": "",
	} {
		path := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		require.NoError(t, os.Chtimes(path, at, at))
	}
	// More than all buffers hold.
	require.NoError(t, os.Truncate(filepath.Join(root, "long.txt"), 64<<20))
	require.NoError(t, os.Symlink("readme.txt", filepath.Join(root, "link")))
	old := time.Date(2025, 2, 3, 4, 5, 6, 0, time.UTC)
	require.NoError(t, os.Chtimes(filepath.Join(root, "numbers.txt"), old, old))
	return root
}

// answeredOtherwise are the commands that our server answers by another code
// than the one recorded, and why.
var answeredOtherwise = map[string]string{
	"ALLO 10: 202, ours 200":             "we look whether there is space (RFC 959 §4.1.3)",
	"AUTH TLS: 500, ours 534":            "Pure-FTPd was started without TLS",
	"EPSV 9: 229, ours 522":              "there is no protocol 9 (RFC 2428 §3)",
	"EPSV ALL: 220, ours 200":            "220 is a greeting",
	"ESTP: 520, ours 500":                "Pure-FTPd's own",
	"LANG: 500, ours 200":                "ProFTPD knows it before the login alone",
	"MDTM .: 550, ours 213":              timeOfFolder,
	"MDTM music: 550, ours 213":          timeOfFolder,
	"MDTM übung: 550, ours 213":          timeOfFolder,
	"MLST /readme.txt: 500, ours 250":    "vsftpd has no MLST",
	"OPTS UTF8 ON: 504, ours 200":        "Pure-FTPd was built without",
	"PORT 127,0,0,1,0,80: 500, ours 504": "the parameter is refused, not the syntax (RFC 2577 §3)",
	"RETR readme.txt: 554, ours 226":     "REST counts for the command behind it (RFC 959 §4.1.3)",
	"REST abc: 350, ours 501":            "it is no number",
	"SITE IDLE: 200, ours 501":           "we tell none without a number",
	"SITE UTIME x: 500, ours 504":        "SITE is known, its parameter is not",
	"STAT music: 213, ours 212":          "212 is for directories (RFC 959 §4.2.1)",
	"STAT readme.txt: 211, ours 213":     "213 is for files (RFC 959 §4.2.1)",
	"TYPE E: 500, ours 504":              "a parameter that is not served",
	"TYPE L 7: 200, ours 504":            "Pure-FTPd does not look at the size",
}

const timeOfFolder = "a folder has a time too"

// answeredByWord are those of any argument.
var answeredByWord = map[string]string{
	"CLNT: 500, ours 200": "Pure-FTPd and vsftpd do not know it",
	"PRET: 200, ours 500": "a wish of servers behind others, in no RFC",
}

// notReplayed are commands that the recorded servers refused, and which would
// change what follows where they are obeyed.
var notReplayed = map[string]bool{"STRU R": true, "REIN": true}

// sentOtherwise are the files that our server sends otherwise than recorded.
var sentOtherwise = map[string]string{
	"TestGoldenReplayClient/curl-vsftpd-ascii RETR mixed.txt": "vsftpd takes TYPE A for I unless told otherwise",
}

// TestGoldenReplayClient: our server answers the recorded clients as the
// recorded servers did, code by code, and sends them the same files.
func TestGoldenReplayClient(t *testing.T) {
	for _, path := range golden.Files(t, captures) {
		t.Run(captureName(path), func(t *testing.T) {
			o := serveOurs(t, func(s *ftp.Server) {
				s.Timeouts.LoginDelay = time.Millisecond
				dir, err := ftp.Dir(lectureFolder(t), &ftp.DirOptions{NoSync: true})
				require.NoError(t, err)
				t.Cleanup(func() { dir.Close() })
				s.Auth = ftp.AuthenticatorFunc(func(_ context.Context, login ftp.Login) (*ftp.Account, error) {
					if login.Password == "wrong" {
						return nil, ftp.ErrRefused
					}
					return &ftp.Account{FS: dir}, nil
				})
			})
			r := dialReplay(t, o.addr)
			for _, x := range viewCapture(t, path, 0).exchanges() {
				r.replay(x)
				if x.final() == 234 {
					break
				}
			}
		})
	}
}

// replayed is a recorded client that speaks to our server.
type replayed struct {
	t  *testing.T
	nc net.Conn
	in *bufio.Reader
	// passive is where the server waits, active where we do.
	passive string
	active  net.Listener
	// stuck is a data connection that was not read to its end.
	stuck net.Conn
}

func dialReplay(t *testing.T, addr string) *replayed {
	nc, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	r := &replayed{t: t, nc: nc, in: bufio.NewReader(nc)}
	assert.Equal(t, 220, r.reply().Code)
	return r
}

// reply reads a reply.
func (r *replayed) reply() ftp.Reply {
	var b []byte
	for {
		line, err := r.in.ReadBytes('\n')
		require.NoError(r.t, err)
		b = append(b, line...)
		reply, _, err := ftp.ParseReply(b, nil)
		if !errors.Is(err, ftp.ErrIncomplete) {
			require.NoError(r.t, err)
			return reply
		}
	}
}

// replay says what the client said and compares what it hears.
func (r *replayed) replay(x *exchange) {
	r.t.Helper()
	line := x.line
	if x.verb == ftp.VerbPORT || x.verb == ftp.VerbEPRT {
		line = r.listen(x)
	}
	if notReplayed[x.line] || x.verb == ftp.VerbABOR {
		return // ABOR was said within the transfer
	}
	_, err := io.WriteString(r.nc, line+"\r\n")
	require.NoError(r.t, err)
	var carried chan string
	if x.transfer != nil {
		carried = make(chan string, 1)
		passive, active := r.passive, r.active
		go func() { carried <- r.carry(x, passive, active) }()
	}
	got := r.reply()
	for ; got.Code < 200; got = r.reply() {
		if x.final() == 426 {
			r.abort(<-carried)
			carried = nil
		}
	}
	if got.Code == 227 || got.Code == 229 {
		r.announced(got)
	}
	want := x.final()
	if want == 426 {
		want = 226 // to ABOR
	}
	if want != got.Code {
		codes := fmt.Sprintf(": %d, ours %d", want, got.Code)
		word, _, _ := strings.Cut(x.line, " ")
		assert.NotEmpty(r.t, answeredOtherwise[strings.TrimSpace(x.line)+codes]+answeredByWord[word+codes], "%q%s: %v", x.line, codes, got)
	}
	if carried != nil && got.Code < 400 {
		content := <-carried
		if x.verb == ftp.VerbRETR && x.final() < 400 && sentOtherwise[r.t.Name()+" "+x.line] == "" {
			assert.Equal(r.t, string(x.transfer.contents), content, x.line)
		}
	}
}

// abort says ABOR behind the Telnet commands of the captures, of which the
// first three octets are urgent, while the server waits for a client that reads
// no more; and closes the data connection behind the reply.
func (r *replayed) abort(read string) {
	assert.NotEmpty(r.t, read)
	_, err := telnet.SendUrgent(r.nc, []byte{telnet.IAC, byte(telnet.CommandIP), telnet.IAC})
	require.NoError(r.t, err)
	_, err = r.nc.Write([]byte("\xf2ABOR\r\n"))
	require.NoError(r.t, err)
	assert.Equal(r.t, 426, r.reply().Code)
	require.NoError(r.t, r.stuck.Close())
}

// listen waits for the server's connection, and returns the command that tells
// it where. What the capture was refused is sent as it was.
func (r *replayed) listen(x *exchange) string {
	if x.final() != 200 {
		return x.line
	}
	if r.active != nil {
		r.active.Close()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(r.t, err)
	r.t.Cleanup(func() { l.Close() })
	r.active, r.passive = l, ""
	at := l.Addr().(*net.TCPAddr).AddrPort()
	append := ftp.AppendPORT
	if x.verb == ftp.VerbEPRT {
		append = ftp.AppendEPRT
	}
	arg, err := append(nil, at)
	require.NoError(r.t, err)
	return x.verb.String() + " " + string(arg)
}

// announced notes where the server waits.
func (r *replayed) announced(reply ftp.Reply) {
	host, port := "127.0.0.1", uint16(0)
	if reply.Code == 227 {
		ap, err := ftp.Parse227(reply.Text())
		require.NoError(r.t, err)
		port = ap.Port()
	} else {
		p, err := ftp.Parse229(reply.Text())
		require.NoError(r.t, err)
		port = p
	}
	r.passive = netip.AddrPortFrom(netip.MustParseAddr(host), port).String()
}

// carry does what the recorded data connection did, and returns what came. Where
// the transfer is refused nobody waits for it.
func (r *replayed) carry(x *exchange, passive string, active net.Listener) string {
	var nc net.Conn
	var err error
	if passive != "" {
		nc, err = net.Dial("tcp", passive)
	} else {
		nc, err = active.Accept()
	}
	if err != nil {
		return err.Error()
	}
	if x.final() == 426 {
		r.stuck = nc
		nc.(*net.TCPConn).SetReadBuffer(4096)
		b := make([]byte, len(x.transfer.contents))
		n, _ := io.ReadFull(nc, b)
		return string(b[:n])
	}
	defer nc.Close()
	switch x.verb {
	case ftp.VerbSTOR, ftp.VerbAPPE, ftp.VerbSTOU:
		nc.Write(x.transfer.contents)
		return ""
	}
	b, err := io.ReadAll(nc)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
