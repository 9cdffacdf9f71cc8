package pop3_test

import (
	"bufio"
	"bytes"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"applayer/internal/golden"
	"applayer/internal/testkit"
	"applayer/pop3"
)

// Whatever a client says, and however it is cut: the answers are the same, each
// is a response that can be read, messages go by QUIT alone, and the maildrop is
// unlocked at the end.
func FuzzConversation(f *testing.F) {
	f.Add([]byte("USER bob\r\nPASS hungry\r\nLIST\r\nUIDL\r\nRETR 1\r\nTOP 2 1\r\nDELE 1\r\nQUIT\r\n"))
	f.Add([]byte("CAPA\r\nLANG\r\nUTF8\r\nUSER bob\r\nPASS hungry\r\nDELE 2\r\nRSET\r\nSTAT\r\nNOOP\r\n"))
	f.Add([]byte("AUTH PLAIN AGJvYgBodW5ncnk=\r\nDELE 1\r\nDELE 1\r\n"))
	f.Add([]byte("AUTH PLAIN\r\nAGJvYgBodW5ncnk=\r\nSTAT\r\nQUIT\r\n"))
	f.Add([]byte("STLS\r\nUSER x\r\n"))
	golden.Seed(f, "testdata/golden")
	f.Fuzz(func(t *testing.T, said []byte) {
		if len(said) > 4<<10 {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			whole, left := converse(t, said, false)
			if cut, again := converse(t, said, true); !bytes.Equal(whole, cut) || len(left) != len(again) {
				t.Fatalf("%q is answered\n%q, and octet by octet\n%q", said, whole, cut)
			}
			if len(left) < 2 && !bytes.Contains(bytes.ToUpper(said), []byte("QUIT")) {
				t.Fatalf("%q removes messages", said)
			}
			readable(t, said, whole)
		})
	})
}

// converse says all, and returns the answers and which messages are left.
func converse(t *testing.T, said []byte, cut bool) (answers []byte, left []string) {
	m := letters("Subject: one\r\n\r\n.\r\n", second)
	client, server := testkit.PipeBuffer(1 << 20)
	done := make(chan struct{})
	go func() {
		(&pop3.Server{Backend: m}).ServeConn(t.Context(), server)
		close(done)
	}()
	answered := make(chan []byte)
	go func() {
		b, _ := io.ReadAll(client)
		answered <- b
	}()
	var in io.Reader = bytes.NewReader(said)
	if cut {
		in = iotest.OneByteReader(in)
	}
	for b := make([]byte, len(said)+1); ; {
		n, err := in.Read(b)
		if n > 0 {
			if _, err := client.Write(b[:n]); err != nil {
				break
			}
			synctest.Wait()
		}
		if err != nil {
			break
		}
	}
	synctest.Wait()
	client.(interface{ CloseWrite() error }).CloseWrite()
	<-done
	answers = <-answered
	client.Close()
	if m.isLocked() {
		t.Fatalf("%q leaves the maildrop locked", said)
	}
	return answers, m.left()
}

// readable checks that the answers begin as responses do, up to the first that
// has several lines.
func readable(t *testing.T, said, answers []byte) {
	lines := bufio.NewScanner(bytes.NewReader(answers))
	for n := 0; lines.Scan(); n++ {
		line := lines.Text()
		if _, _, err := pop3.ParseResponse([]byte(line+"\r\n"), nil); err == nil {
			continue
		} else if n == 0 || strings.HasPrefix(line, "+") {
			t.Fatalf("%q: %q: %v", said, line, err)
		}
		return
	}
}

// Whatever a server says, and however it is cut: the client ends, and takes no
// more of a message than its limit.
func FuzzClient(f *testing.F) {
	f.Add([]byte("+OK <1@x>\r\n+OK\r\nUSER\r\nPIPELINING\r\n.\r\n+OK\r\n+OK\r\n+OK\r\n1 a\r\n2 b\r\n.\r\n+OK\r\nPIPELINING\r\n.\r\n+OK\r\nx\r\n.\r\n-ERR\r\n+OK\r\n"))
	f.Add([]byte("+OK\r\n-ERR\r\n+OK\r\n-ERR [AUTH] no\r\n"))
	golden.Seed(f, "testdata/golden")
	f.Fuzz(func(t *testing.T, said []byte) {
		if len(said) > 4<<10 {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			listen(t, said, false)
			listen(t, said, true)
		})
	})
}

// listen runs a client against what a server says.
func listen(t *testing.T, said []byte, cut bool) {
	client, server := testkit.PipeBuffer(1 << 20)
	var speaking sync.WaitGroup
	speaking.Go(func() {
		defer server.Close()
		size := max(len(said), 1)
		if cut {
			size = 1
		}
		for part := range slices.Chunk(said, size) {
			if _, err := server.Write(part); err != nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
		server.(interface{ CloseWrite() error }).CloseWrite()
		io.Copy(io.Discard, server)
	})
	lim := pop3.Limits{MaxListing: 1 << 10, MaxMessages: 10, MaxMessageBytes: 1 << 10, MaxDiscard: 1 << 10}
	c, err := pop3.NewClient(t.Context(), client, &pop3.Options{TLS: pop3.TLSOff, Limits: lim})
	if err == nil && c.Login(t.Context(), "bob", "hungry") == nil {
		messages := 0
		for m, err := range c.Sync(t.Context(), func(string) bool { return false }) {
			if err != nil {
				continue
			}
			if messages++; messages > 10 {
				t.Fatalf("%q: more messages than may be", said)
			}
			if n, _ := io.Copy(io.Discard, m); n > 1<<10 {
				t.Fatalf("%q: a message of %d octets", said, n)
			}
		}
		c.Quit(t.Context())
	}
	client.Close()
	speaking.Wait()
}
