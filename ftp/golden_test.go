package ftp_test

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/dialogue"
	"applayer/internal/golden"
	"applayer/sockets/telnet"
)

const captures = "testdata/golden"

// recordedAt is when the captures were made, for dates without a year.
var recordedAt = time.Date(2026, 11, 21, 23, 0, 0, 0, time.UTC)

// TestGolden prints what we read in what third-party programs said: commands,
// replies, where their data connections went, and what these carried.
func TestGolden(t *testing.T) {
	for _, path := range golden.Files(t, captures) {
		t.Run(captureName(path), func(t *testing.T) {
			golden.Equal(t, strings.TrimSuffix(path, ".pcap")+".golden", viewCapture(t, path, 0).out)
		})
	}
}

// TestGoldenBytewise: octet by octet they are understood as they are whole.
func TestGoldenBytewise(t *testing.T) {
	for _, path := range golden.Files(t, captures) {
		assert.Equal(t, string(viewCapture(t, path, 0).out), string(viewCapture(t, path, 1).out), path)
	}
}

// TestGoldenWrittenBack: what we write of what we read are the same octets, but
// that lines within a reply, which some servers begin with the code and a
// hyphen, stand without them.
func TestGoldenWrittenBack(t *testing.T) {
	commands, replies := 0, 0
	for _, path := range golden.Files(t, captures) {
		c := viewCapture(t, path, 0)
		for _, r := range c.replies {
			got, err := ftp.AppendReply(nil, r.Reply)
			require.NoError(t, err)
			lines := strings.SplitAfter(r.raw, "\n")
			for i := 1; i < len(lines)-2; i++ {
				lines[i] = strings.TrimPrefix(lines[i], fmt.Sprintf("%d-", r.Code))
			}
			assert.Equal(t, strings.Join(lines, ""), string(got), path)
			replies++
		}
		for _, said := range c.commands {
			if said.verb == ftp.VerbUnknown {
				continue
			}
			got, err := ftp.AppendCommand(nil, ftp.Command{Verb: said.verb, Arg: said.arg})
			require.NoError(t, err)
			// XPWD is the same verb as PWD (RFC 775).
			assert.Equal(t, strings.TrimPrefix(said.line, "X")+"\r\n", string(got), path)
			commands++
		}
	}
	assert.Greater(t, replies, 500)
	assert.Greater(t, commands, 500)
}

func captureName(path string) string { return strings.TrimSuffix(filepath.Base(path), ".pcap") }

// capture is a capture as it was understood.
type capture struct {
	t   *testing.T
	out []byte
	// commands and replies are in the order in which they were said.
	commands []saidCommand
	replies  []saidReply
	// said is the line that was said last.
	said string
	// transfers are by the port that their data connection went to.
	transfers map[uint16]*transfer
	// used are those of commands, by their places.
	used map[int]*transfer
}

type saidCommand struct {
	verb ftp.Verb
	arg  []byte // nil without
	line string // as it came, without its end
}

type saidReply struct {
	ftp.Reply
	raw string
	// to is the command before it, the zero value for a greeting.
	to saidCommand
}

// transfer is what went over a data connection.
type transfer struct {
	verb     ftp.Verb
	contents []byte
}

// viewCapture reads a capture, in pieces of at most size octets; 0 is as it was
// sent.
func viewCapture(t *testing.T, path string, size int) *capture {
	t.Helper()
	c := &capture{t: t, transfers: make(map[uint16]*transfer), used: make(map[int]*transfer)}
	for _, v := range golden.Load(t, path) {
		_, server, ok := strings.Cut(v.Name, " > ")
		require.True(t, ok, v.Name)
		to := netip.MustParseAddrPort(server)
		c.out = fmt.Appendf(c.out, "# %s, %s\n", v.Name, v.End)
		if to.Port() == 21 {
			c.control(&v, size)
		} else {
			c.data(&v, to.Port())
		}
	}
	return c
}

// played is a connection whose octets come when the test says so. Until then a
// Read runs out of time, which is no error that a Conn keeps.
type played struct {
	net.Conn
	in []byte
}

func (p *played) Read(b []byte) (int, error) {
	if len(p.in) == 0 {
		return 0, os.ErrDeadlineExceeded
	}
	n := copy(b, p.in)
	p.in = p.in[n:]
	return n, nil
}

// Write takes the refusals of Telnet options.
func (p *played) Write(b []byte) (int, error)      { return len(b), nil }
func (p *played) SetReadDeadline(time.Time) error  { return nil }
func (p *played) SetWriteDeadline(time.Time) error { return nil }
func (p *played) SetDeadline(time.Time) error      { return nil }
func (p *played) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (p *played) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (p *played) Close() error                     { return nil }

// control shows a control connection: both ends receive what the other said.
func (c *capture) control(v *golden.Conversation, size int) {
	var client, server played
	atServer := ftp.NewConn(&client, &ftp.ConnOptions{
		Trace:  &ftp.Trace{Line: c.line(false), Secrets: true},
		Signal: func(command telnet.Command) { c.remark("client: IAC %v", command) },
	})
	atClient := ftp.NewConn(&server, &ftp.ConnOptions{Client: true, Trace: &ftp.Trace{Line: c.line(true), Secrets: true}})
	var raw []byte // of the reply that is not whole
	var last saidCommand
	for i, s := range v.Segments {
		require.Zero(c.t, s.Gap)
		if n := len(c.replies); n > 0 && c.replies[n-1].Code == 234 {
			c.secret(v.Segments[i:])
			return
		}
		for piece := range slices.Chunk(s.Data, cmp.Or(size, len(s.Data))) {
			if s.FromClient {
				client.in = piece
				last = c.command(atServer, last)
				continue
			}
			server.in = piece
			raw = append(raw, piece...)
			for c.reply(atClient, &raw, last) {
			}
		}
	}
	assert.Empty(c.t, raw, "a reply without end")
}

// line shows a line of either side.
func (c *capture) line(server bool) func(server bool, line []byte) {
	return func(said bool, line []byte) {
		assert.Equal(c.t, server, said)
		c.said = string(line)
		c.out = dialogue.AppendLine(c.out, dialogue.Line{Server: said, Text: string(line)})
		c.out = append(c.out, '\n')
	}
}

func (c *capture) remark(format string, args ...any) {
	c.out = fmt.Appendf(append(c.out, "# "...), format+"\n", args...)
}

// command takes the commands that are whole, and returns the last.
func (c *capture) command(conn *ftp.Conn, last saidCommand) saidCommand {
	for {
		cmd, err := conn.ReadCommand()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return last
		}
		last = saidCommand{cmd.Verb, slices.Clone(cmd.Arg), c.said}
		c.commands = append(c.commands, last)
		if parse, ok := errors.AsType[*ftp.ParseError](err); ok {
			c.remark("%d, %s", parse.Reply, parse.Ref)
			continue
		}
		require.NoError(c.t, err)
		switch cmd.Verb {
		case ftp.VerbPORT:
			ap, err := ftp.ParsePORT(cmd.Arg)
			c.dataAt(ap, err)
		case ftp.VerbEPRT:
			ap, err := ftp.ParseEPRT(cmd.Arg)
			c.dataAt(ap, err)
		default:
			c.begins(cmd.Verb)
		}
	}
}

// dataAt notes where the next data connection goes to.
func (c *capture) dataAt(ap netip.AddrPort, err error) {
	require.NoError(c.t, err)
	c.remark("data connection to %v", ap)
	c.transfers[ap.Port()] = &transfer{}
	c.transfers[0] = c.transfers[ap.Port()] // the next
}

// begins notes what the data connection is for.
func (c *capture) begins(verb ftp.Verb) {
	if next := c.transfers[0]; next != nil && slices.Contains([]ftp.Verb{
		ftp.VerbRETR, ftp.VerbSTOR, ftp.VerbAPPE, ftp.VerbSTOU, ftp.VerbLIST, ftp.VerbNLST, ftp.VerbMLSD,
	}, verb) {
		next.verb = verb
		c.used[len(c.commands)-1] = next
		c.transfers[0] = nil
	}
}

// reply takes a reply that is whole.
func (c *capture) reply(conn *ftp.Conn, raw *[]byte, to saidCommand) bool {
	r, err := conn.ReadReply()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	require.NoError(c.t, err)
	again, n, err := ftp.ParseReply(*raw, nil)
	require.NoError(c.t, err)
	require.Equal(c.t, r, again, "the stream's reply is that of the octets alone")
	c.replies = append(c.replies, saidReply{r, string((*raw)[:n]), to})
	*raw = (*raw)[n:]
	switch {
	case r.Code == 227:
		ap, err := ftp.Parse227(r.Text())
		c.dataAt(ap, err)
	case r.Code == 229:
		port, err := ftp.Parse229(r.Text())
		c.dataAt(netip.AddrPortFrom(netip.IPv4Unspecified(), port), err)
	case r.Code == 250 && to.verb == ftp.VerbMLST:
		e, err := ftp.ParseMLST(r)
		require.NoError(c.t, err)
		c.remark("%s", describe(e))
	}
	return true
}

// secret shows how much was said under TLS.
func (c *capture) secret(segments []golden.Segment) {
	from := map[bool]int{}
	for _, s := range segments {
		from[s.FromClient] += len(s.Data)
	}
	c.remark("TLS: %d octets of the client, %d of the server", from[true], from[false])
}

// data shows a data connection.
func (c *capture) data(v *golden.Conversation, port uint16) {
	b := append(slices.Clone(v.Client), v.Server...)
	tr := c.transfers[port]
	if tr == nil {
		c.remark("announced under TLS: %d octets", len(b))
		return
	}
	require.True(c.t, len(v.Client) == 0 || len(v.Server) == 0, "both sides speak")
	tr.contents = b
	c.remark("%v", tr.verb)
	if len(b) > 800 && tr.verb != ftp.VerbLIST && tr.verb != ftp.VerbMLSD || !utf8.Valid(b) {
		c.remark("%d octets, SHA-256 %.4x…", len(b), sha256.Sum256(b))
		return
	}
	stores := slices.Contains([]ftp.Verb{ftp.VerbSTOR, ftp.VerbAPPE, ftp.VerbSTOU}, tr.verb)
	for line := range bytes.SplitAfterSeq(b, []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		text, whole := bytes.CutSuffix(line, []byte("\r\n"))
		c.out = dialogue.AppendLine(c.out, dialogue.Line{Server: !stores, Text: string(text), Open: !whole})
		c.out = append(c.out, '\n')
		switch tr.verb {
		case ftp.VerbMLSD:
			e, err := ftp.ParseFacts(text)
			require.NoError(c.t, err, "%q", text)
			c.remark("%s", describe(e))
		case ftp.VerbLIST:
			e, err := ftp.ParseList(text, recordedAt)
			if errors.Is(err, ftp.ErrNoEntry) {
				c.remark("no entry")
				continue
			}
			require.NoError(c.t, err, "%q", text)
			c.remark("%s", describe(e))
		}
	}
}

// describe shows what was understood of a line of a listing.
func describe(e ftp.Entry) string {
	text := fmt.Sprintf("%q", e.Name)
	if e.Facts&ftp.FactType != 0 {
		text += fmt.Sprintf(" %v", e.Type)
	}
	if e.Facts&ftp.FactSize != 0 {
		text += fmt.Sprintf(", %d octets", e.Size)
	}
	if e.Facts&ftp.FactModify != 0 {
		text += fmt.Sprintf(", modified %s to %v", e.ModTime.UTC().Format(time.RFC3339Nano), e.Precision)
	}
	if e.Facts&ftp.FactUnixMode != 0 {
		text += fmt.Sprintf(", mode %v", e.Mode)
	}
	if e.Target != "" {
		text += fmt.Sprintf(", to %q", e.Target)
	}
	return text
}
