package smtp_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"applayer/internal/testkit"
	"applayer/smtp"
)

// Whatever a server says, each call returns, nothing is left running, what is
// sent outside the messages are whole commands, and nobody is told that a message
// was taken but by a reply of 2yz to its end.
func FuzzClientConversation(f *testing.F) {
	const ok = "250 ok\r\n"
	f.Add([]byte("220 hi\r\n250 hi\r\n"+ok+ok+ok+"354 go\r\n"+ok+ok+ok+ok+"354 go\r\n"+ok+"221 bye\r\n"), true, false, false)
	f.Add([]byte("220 hi\r\n250-hi\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250 8BITMIME\r\n"+ok+"550 who\r\n550 who\r\n354 no\r\n"+ok+ok+ok+"251 f\r\n"+ok+"354 go\r\n"), true, false, false)
	f.Add([]byte("220 hi\r\n250-hi\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-SMTPUTF8\r\n250 DSN\r\n"+ok+ok+ok+ok+"452 full\r\n"+ok+ok+ok+ok+ok+ok+ok), false, false, false)
	f.Add([]byte("220 hi\r\n250 hi\r\n"+ok+ok+ok+"354 go\r\n250 a\r\n452 b\r\n"+ok+ok+ok+"354 go\r\n250 a\r\n250 b\r\n"), true, true, false)
	f.Add([]byte("220 hi\r\n250-hi\r\n250 CHUNKING\r\n"+ok+ok+"550 b\r\n"+ok+ok+ok), true, true, false)
	f.Add([]byte("220 hi\r\n502 no\r\n250 hi\r\n421 bye\r\n"), true, false, false)
	f.Add([]byte("220 hi\r\n250-hi\r\n250 AUTH LOGIN PLAIN\r\n550 a\r\n550 b\r\n235 in\r\n252 x\r\n221 y\r\n"), true, false, false)
	f.Add([]byte("220-a\r\n220-b\r\n220 c\r\n250-hi\r\n250 AUTH LOGIN CRAM-MD5\r\n550 a\r\n550 b\r\n334 VXNlcm5hbWU6\r\n334 UGFzc3dvcmQ6\r\n235 in\r\n"), true, false, false)
	f.Add([]byte("220 hi\r\n250 hi\r\n"+ok+ok+ok+"354 go\r\n"+ok), true, false, true)
	f.Fuzz(func(t *testing.T, says []byte, closes, lmtp, atOnce bool) {
		synctest.Test(t, func(t *testing.T) {
			near, far := testkit.PipeBuffer(1 << 20)
			s := &repeater{nc: far, in: bufio.NewReader(far), rest: says, lmtp: lmtp}
			var all sync.WaitGroup
			all.Go(func() {
				defer far.Close()
				if atOnce {
					far.Write(says)
					s.rest = nil
				}
				s.run()
				if closes {
					far.(interface{ CloseWrite() error }).CloseWrite()
				}
				io.Copy(io.Discard, s.in)
			})
			taken := clientCalls(t, near, lmtp)
			near.Close()
			all.Wait()
			if !atOnce {
				assert.LessOrEqual(t, taken, s.granted)
			}
			for _, line := range s.heard {
				assert.False(t, strings.ContainsAny(line, "\r\n\x00"), "%q", line)
			}
		})
	})
}

// repeater is a server that says its replies one by one, each when it has heard a
// command or a message, whatever they are.
type repeater struct {
	nc      net.Conn
	in      *bufio.Reader
	rest    []byte
	heard   []string // command lines
	lmtp    bool     // it says one reply to a message for each recipient granted
	rcpts   int      // those
	granted int      // replies of 2yz behind the end of a message
}

func (s *repeater) run() {
	code := s.reply()
	for len(s.rest) > 0 {
		line, err := s.in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSuffix(line, "\r\n")
		ended := false
		switch {
		case code == "354":
			ended = line == "."
			if !ended {
				continue
			}
		case strings.HasPrefix(line, "BDAT "):
			n, last, err := smtp.ParseBDAT([]byte(line[len("BDAT "):]))
			if err != nil {
				return
			}
			io.CopyN(io.Discard, s.in, n)
			ended = last
			s.heard = append(s.heard, line)
		default:
			s.heard = append(s.heard, line)
		}
		replies := 1
		if ended && s.lmtp {
			replies = s.rcpts
		}
		for range replies {
			if code = s.reply(); ended && strings.HasPrefix(code, "2") {
				s.granted++
			}
		}
		switch {
		case strings.HasPrefix(line, "MAIL"):
			s.rcpts = 0
		case strings.HasPrefix(line, "RCPT") && strings.HasPrefix(code, "2"):
			s.rcpts++
		}
	}
}

// reply says the lines of the next reply, and returns its code.
func (s *repeater) reply() (code string) {
	for more := true; more && len(s.rest) > 0; {
		end := bytes.IndexByte(s.rest, '\n') + 1
		if end == 0 {
			end = len(s.rest)
		}
		line := s.rest[:end]
		s.rest = s.rest[end:]
		s.nc.Write(line)
		more = len(line) > 3 && line[3] == '-'
		code = string(line[:min(len(line), 3)])
	}
	return code
}

// clientCalls goes through the calls of a client, and counts the recipients for
// whom a message was taken.
func clientCalls(t *testing.T, nc net.Conn, lmtp bool) (taken int) {
	ctx := t.Context()
	c, err := smtp.NewClient(ctx, nc, &smtp.Options{Hello: "crepes.fr", LMTP: lmtp, ChunkSize: 16, TLS: smtp.TLSOff, AllowInsecureAuth: true})
	if err != nil {
		return 0
	}
	defer c.Close()
	for _, to := range [][]smtp.Path{{bob, carol}, {bob}} {
		r, err := c.Send(ctx, envelope(to...), strings.NewReader(".a\r\nbc\nd\r\nefgh\r\n"))
		refused, first := 0, true
		for _, result := range r.Results {
			if result.Err != nil {
				refused++
				continue
			}
			if lmtp || first {
				taken++ // one reply is for all, but over LMTP
			}
			first = false
			assert.Equal(t, 2, result.Reply.Code/100)
		}
		assert.Equal(t, refused > 0, err != nil)
	}
	c.Login(ctx, "bob", "hungry")
	c.Verify(ctx, "bob")
	c.Quit(ctx)
	return taken
}
