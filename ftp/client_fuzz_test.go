package ftp_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"applayer/ftp"
	"applayer/internal/testkit"
)

// Whatever a server says, each call returns, nothing is left running, and what
// is sent are whole commands.
func FuzzClient(f *testing.F) {
	const login = "220 hi\r\n331 pass\r\n230 in\r\n"
	const mlst = "211-Features:\r\n MLST type*;size*;\r\n REST STREAM\r\n SIZE\r\n UTF8\r\n211 End\r\n200 utf8\r\n"
	f.Add([]byte(login+mlst+"229 (|||4000|)\r\n150 go\r\n226 ok\r\n200 type\r\n213 5\r\n229 (|||4000|)\r\n150 Opening (5 bytes)\r\n226 ok\r\n"), []byte("type=file;size=5; a\r\n"), true)
	f.Add([]byte(login+"502 no\r\n200 type\r\n500 no\r\n227 (1,2,3,4,5,6)\r\n125 go\r\n226 ok\r\n200 type\r\n227 1,2,3,4,5,6\r\n150 go\r\n"), []byte("total 1\r\n-rw-r--r-- 1 a b 5 May 17 2024 a\r\n"), false)
	f.Add([]byte(login+"211 no\r\n421 bye\r\n"), []byte{}, true)
	f.Add([]byte(login+"211 no\r\n200 a\r\n229 (|||1|)\r\n150 go\r\n426 no\r\n226 aborted\r\n257 \"/\"\r\n257 \"/a\"\"b\"\r\n"), []byte("x"), true)
	f.Fuzz(func(t *testing.T, control, data []byte, closes bool) {
		synctest.Test(t, func(t *testing.T) {
			s := &babbler{control: control, data: data, closes: closes}
			s.play(t)
			s.close()
			s.all.Wait()
			for line := range bytes.Lines(withoutTelnet(s.sent.Bytes())) {
				body, ok := bytes.CutSuffix(line, []byte("\r\n"))
				assert.True(t, ok, "%q", line)
				cmd, err := ftp.ParseCommand(body)
				assert.NoError(t, err, "%q", line)
				assert.NotEqual(t, ftp.VerbUnknown, cmd.Verb, "%q", line)
			}
		})
	})
}

// withoutTelnet leaves out what refuses options: IAC, WONT or DONT, the option.
func withoutTelnet(b []byte) (kept []byte) {
	for i := 0; i < len(b); i++ {
		if b[i] == 255 && i+2 < len(b) && b[i+1] >= 251 && b[i+1] <= 254 {
			i += 2
			continue
		}
		kept = append(kept, b[i])
	}
	return kept
}

// babbler is a server that says what it has to say, whatever it is asked.
type babbler struct {
	control, data []byte
	closes        bool
	all           sync.WaitGroup
	ends          []net.Conn
	sent          bytes.Buffer
}

func (s *babbler) close() {
	for _, nc := range s.ends {
		nc.Close()
	}
}

// connect makes a connection on which say is said.
func (s *babbler) connect(say []byte, heard io.Writer) net.Conn {
	near, far := testkit.PipeBuffer(1 << 20)
	s.ends = append(s.ends, near, far)
	s.all.Go(func() {
		far.Write(say)
		if s.closes {
			far.(interface{ CloseWrite() error }).CloseWrite()
		}
		io.Copy(heard, far)
	})
	return near
}

// play goes through the calls of a client.
func (s *babbler) play(t *testing.T) {
	ctx := t.Context()
	opts := &ftp.Options{DialData: func(context.Context, string, string) (net.Conn, error) {
		return s.connect(s.data, io.Discard), nil
	}}
	c, err := ftp.NewClient(ctx, s.connect(s.control, &s.sent), opts)
	if err != nil {
		return
	}
	defer c.Close()
	c.List(ctx, "")
	if r, err := c.Retrieve(ctx, "a", 1); err == nil {
		io.CopyN(io.Discard, r, 3)
		r.Close()
	}
	c.Store(ctx, "b", bytes.NewReader([]byte("octets")))
	c.Stat(ctx, "d/e")
	c.WorkingDir(ctx)
	c.ModTime(ctx, "a")
}
