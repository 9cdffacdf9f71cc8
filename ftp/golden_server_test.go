package ftp_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/golden"
)

// TestGoldenReplayServer: our client, asked for what the recorded client did,
// accepts the recorded server: its replies as they are, and its files.
func TestGoldenReplayServer(t *testing.T) {
	for _, path := range golden.Files(t, captures) {
		t.Run(captureName(path), func(t *testing.T) {
			c := viewCapture(t, path, 0)
			all := c.exchanges()
			if all[len(all)-1].final() == 234 {
				return // the rest is nobody's to replay
			}
			s := playCapture(t, c.replies[0].raw, all)
			opts := &ftp.Options{Active: !s.has(ftp.VerbPASV) && !s.has(ftp.VerbEPSV), Trace: trace(t)}
			refused := false
			for _, x := range all {
				switch x.verb {
				case ftp.VerbUSER:
					opts.User = string(x.arg)
				case ftp.VerbPASS:
					opts.Password, refused = string(x.arg), x.final() == 530
				}
			}
			client, err := ftp.Dial(t.Context(), "tcp", s.addr, opts)
			if refused {
				assert.ErrorIs(t, err, ftp.ErrNotLoggedIn)
				return
			}
			require.NoError(t, err)
			defer client.Close()
			for i := range all {
				s.at(i)
				assertDone(t, client, s, i)
			}
			assert.NoError(t, client.Quit(t.Context()))
		})
	}
}

// assertDone has our client do what the recorded one did.
func assertDone(t *testing.T, c *ftp.Client, s *recorded, i int) {
	t.Helper()
	x := s.all[i]
	ctx, arg := t.Context(), string(x.arg)
	var err error
	switch x.verb {
	case ftp.VerbRETR:
		var offset int64
		fmt.Sscan(x.offset, &offset)
		var r *ftp.Reader
		if r, err = c.Retrieve(ctx, arg, offset); err == nil {
			var b []byte
			if b, err = io.ReadAll(r); err == nil {
				assert.Equal(t, string(x.transfer.contents), string(b), x.line)
			}
		}
	case ftp.VerbSTOR:
		err = c.Store(ctx, arg, strings.NewReader(string(x.transfer.contents)))
	case ftp.VerbAPPE:
		err = c.Append(ctx, arg, strings.NewReader(string(x.transfer.contents)))
	case ftp.VerbLIST, ftp.VerbMLSD:
		if x.transfer == nil {
			return
		}
		var entries []ftp.Entry
		if strings.HasPrefix(arg, "-") {
			arg = ""
		}
		entries, err = c.List(ctx, arg)
		assertListed(t, s.last(), entries)
	case ftp.VerbNLST:
		var names []string
		names, err = c.Names(ctx, arg)
		assert.Equal(t, strings.Fields(strings.ReplaceAll(string(x.transfer.contents), " ", "_")), strings.Fields(strings.ReplaceAll(strings.Join(names, "\n"), " ", "_")))
	case ftp.VerbMLST:
		if _, err = c.Stat(ctx, arg); x.final() == 500 {
			return // Stat has other ways
		}
	case ftp.VerbSIZE:
		_, err = c.Size(ctx, arg)
	case ftp.VerbMDTM:
		_, err = c.ModTime(ctx, arg)
	case ftp.VerbMKD:
		err = c.MakeDir(ctx, arg)
	case ftp.VerbRMD:
		err = c.RemoveDir(ctx, arg)
	case ftp.VerbDELE:
		err = c.Remove(ctx, arg)
	case ftp.VerbRNFR:
		err = c.Rename(ctx, arg, string(s.all[i+1].arg))
		x = s.all[i+1]
	case ftp.VerbCWD:
		err = c.ChangeDir(ctx, arg)
	case ftp.VerbPWD:
		_, err = c.WorkingDir(ctx)
	case ftp.VerbSTAT, ftp.VerbHELP, ftp.VerbSYST, ftp.VerbSITE, ftp.VerbALLO:
		var r ftp.Reply
		r, err = c.Quote(ctx, x.line)
		require.NoError(t, err)
		assert.Equal(t, x.replies[len(x.replies)-1].Reply, r, x.line)
		return
	default:
		return
	}
	if x.final() < 400 {
		assert.NoError(t, err, x.line)
		return
	}
	if assert.Error(t, err, x.line) && x.verb != ftp.VerbMLST {
		var refused *ftp.ReplyError
		if assert.ErrorAs(t, err, &refused, x.line) {
			assert.Equal(t, x.final(), refused.Code, x.line)
		}
	}
}

// assertListed compares a listing with what the folder of the captures holds.
func assertListed(t *testing.T, x *exchange, entries []ftp.Entry) {
	t.Helper()
	lines := 0
	for line := range strings.Lines(string(x.transfer.contents)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "total ") && !strings.HasSuffix(line, " .") && !strings.HasSuffix(line, " ..") {
			lines++
		}
	}
	assert.Len(t, entries, lines)
	for _, e := range entries {
		want, ok := map[string]struct {
			size int64
			at   string
		}{
			"readme.txt": {34, "2026-11-02 12:00:00"}, "numbers.txt": {1492, "2025-02-03 04:05:06"},
			"octets.bin": {3000, "2026-11-02 12:00:00"}, "aufgabe-ä.txt": {10, "2026-11-02 12:00:00"}, "two words.txt": {7, "2026-11-02 12:00:00"},
		}[e.Name]
		if !ok {
			continue
		}
		assert.Equal(t, want.size, e.Size, e.Name)
		at := e.ModTime.UTC().Format(time.DateTime)
		switch e.Precision {
		case time.Second:
			assert.Equal(t, want.at, at, e.Name)
		case time.Minute: // the year is guessed from today's
			assert.Equal(t, want.at[4:16], at[4:16], e.Name)
		default:
			assert.Equal(t, want.at[:10], at[:10], e.Name)
		}
	}
}

// recorded is a server that says what one said in a capture.
type recorded struct {
	t    *testing.T
	addr string
	all  []*exchange
	data net.Listener // of the last PASV or EPSV
	port string       // that of the client, from the last PORT or EPRT

	mu   sync.Mutex
	next int       // of all, from where a command is looked for
	said *exchange // what was found last
}

// at says where in the capture the client is.
func (s *recorded) at(i int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = i
}

// last is what was answered last.
func (s *recorded) last() *exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said
}

// playCapture starts a recorded server for one session.
func playCapture(t *testing.T, greeting string, all []*exchange) *recorded {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &recorded{t: t, addr: l.Addr().String(), all: all}
	done := make(chan struct{})
	go func() {
		defer close(done)
		nc, err := l.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		io.WriteString(nc, greeting)
		for lines := bufio.NewScanner(nc); lines.Scan(); {
			s.answer(nc, strings.TrimSuffix(lines.Text(), "\r"))
		}
		if s.data != nil {
			s.data.Close()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return s
}

// passive opens a data port, or closes the one there is if port is one of the
// client's or none.
func (s *recorded) passive(port string) (at netip.AddrPort) {
	if s.data != nil {
		s.data.Close()
	}
	s.data, s.port = nil, port
	if port != "" {
		return at
	}
	var err error
	s.data, err = net.Listen("tcp", "127.0.0.1:0")
	if !assert.NoError(s.t, err) {
		return at
	}
	return s.data.Addr().(*net.TCPAddr).AddrPort()
}

func (s *recorded) has(verb ftp.Verb) bool {
	return slices.ContainsFunc(s.all, func(x *exchange) bool { return x.verb == verb && x.final() < 400 })
}

// find finds a command, from where the client is on and then from the start.
// Where the argument may be another it is found by its verb.
func (s *recorded) find(cmd ftp.Command) *exchange {
	anyArg := slices.Contains([]ftp.Verb{ftp.VerbPASV, ftp.VerbEPSV, ftp.VerbPORT, ftp.VerbEPRT, ftp.VerbLIST, ftp.VerbMLSD}, cmd.Verb)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.all {
		at := (s.next + i) % len(s.all)
		x := s.all[at]
		if x.verb == cmd.Verb && cmd.Verb != ftp.VerbUnknown && (anyArg || string(x.arg) == string(cmd.Arg)) && len(x.replies) > 0 {
			s.said = x
			return x
		}
	}
	return nil
}

// answer says what the recorded server said to a command.
func (s *recorded) answer(nc net.Conn, line string) {
	cmd, err := ftp.ParseCommand([]byte(line))
	if err != nil {
		fmt.Fprint(nc, "500 Not recorded.\r\n")
		return
	}
	x := s.find(cmd)
	switch {
	case x == nil && (cmd.Verb == ftp.VerbTYPE || cmd.Verb == ftp.VerbQUIT || cmd.Verb == ftp.VerbREST):
		// The recorded client had no need of it.
		fmt.Fprintf(nc, "%d Not recorded.\r\n", map[ftp.Verb]int{ftp.VerbTYPE: 200, ftp.VerbQUIT: 221, ftp.VerbREST: 350}[cmd.Verb])
	case x == nil:
		fmt.Fprint(nc, "500 Not recorded.\r\n")
	case x.final() == 227:
		port := s.passive("")
		a, b, _ := strings.Cut(x.replies[0].raw, "127,0,0,1,")
		fmt.Fprintf(nc, "%s127,0,0,1,%d,%d%s", a, port.Port()>>8, port.Port()&255, strings.TrimLeft(b, "0123456789,"))
	case x.final() == 229:
		port := s.passive("")
		a, b, _ := strings.Cut(x.replies[0].raw, "|||")
		fmt.Fprintf(nc, "%s|||%d%s", a, port.Port(), strings.TrimLeft(b, "0123456789"))
	case cmd.Verb == ftp.VerbPORT:
		ap, _ := ftp.ParsePORT(cmd.Arg)
		s.passive(ap.String())
		io.WriteString(nc, x.replies[0].raw)
	case cmd.Verb == ftp.VerbEPRT:
		ap, _ := ftp.ParseEPRT(cmd.Arg)
		s.passive(ap.String())
		io.WriteString(nc, x.replies[0].raw)
	default:
		s.carry(nc, x)
	}
}

// carry says the replies to a command, and in between does what the recorded
// server did with its data connection.
func (s *recorded) carry(nc net.Conn, x *exchange) {
	for _, r := range x.replies {
		if r.Code < 200 {
			io.WriteString(nc, r.raw)
		}
	}
	if x.transfer != nil && x.replies[0].Code < 200 {
		var data net.Conn
		var err error
		if s.data == nil {
			data, err = net.Dial("tcp", s.port)
		} else {
			s.data.(*net.TCPListener).SetDeadline(time.Now().Add(10 * time.Second))
			data, err = s.data.Accept()
		}
		if !assert.NoError(s.t, err) {
			return
		}
		switch x.verb {
		case ftp.VerbSTOR, ftp.VerbAPPE, ftp.VerbSTOU:
			b, err := io.ReadAll(data)
			assert.NoError(s.t, err)
			assert.Equal(s.t, string(x.transfer.contents), string(b), x.line)
		default:
			data.Write(x.transfer.contents)
		}
		data.Close()
	}
	if last := x.replies[len(x.replies)-1]; last.Code >= 200 {
		io.WriteString(nc, last.raw)
	}
}
