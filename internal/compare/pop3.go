package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"applayer/mime/maildir"
	"applayer/pop3"
	"applayer/sockets"
)

// pop3Subjects retrieve messages of 2 KiB, one after another, from the same
// Maildir of 5000, which lies in memory where the system has that. Each server is
// a process of its own.
var pop3Subjects = []subject{
	{name: "pop3-retr", programs: []string{"dovecot"}, implementations: []implementation{
		{name: "applayer", bench: retrievePOP3(func() (*server, error) {
			dir, err := pop3Root()
			if err != nil {
				return nil, err
			}
			return startChild("pop3-applayer", dir)
		})},
		{name: "dovecot", bench: retrievePOP3(startDovecot)},
	}},
}

// The messages.
const (
	pop3Messages = 5000
	pop3Size     = 2 << 10
)

var madePOP3 string

func removePOP3() {
	if madePOP3 != "" {
		os.RemoveAll(madePOP3)
	}
}

// pop3Root is the folder with the Maildir. It is made once, and removed by
// [removePOP3].
var pop3Root = sync.OnceValues(func() (string, error) {
	root, err := os.MkdirTemp(inMemory(), "compare")
	if err != nil {
		return "", err
	}
	madePOP3 = root
	dir, err := maildir.Create(filepath.Join(root, "Maildir"))
	if err != nil {
		return "", err
	}
	text := "From: Alice <alice@crepes.fr>\r\nSubject: ketchup\r\n\r\n"
	text += strings.Repeat("Do you like ketchup? How about pickles?\r\n", pop3Size/41)[:pop3Size-len(text)-2] + "\r\n"
	for range pop3Messages {
		if _, err := dir.Deliver(strings.NewReader(text), &maildir.DeliveryOptions{LF: true, Cur: true}); err != nil {
			return "", err
		}
	}
	// Dovecot reads it as another user, and keeps its index there.
	return root, filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
		if err == nil && os.Geteuid() == 0 {
			err = os.Chown(path, nobody, nobody)
		}
		return err
	})
})

const nobody = 65534

// servePOP3Ours serves the Maildir to everybody.
func servePOP3Ours(l net.Listener, root string) error {
	dir, err := maildir.Open(filepath.Join(root, "Maildir"))
	if err != nil {
		return err
	}
	srv := &pop3.Server{Backend: pop3Backend{dir}, Conns: sockets.Limits{MaxConnsPerPeer: -1}}
	return srv.Serve(l)
}

type pop3Backend struct{ dir *maildir.Dir }

func (p pop3Backend) Login(_ context.Context, user, _ string) (string, error) { return user, nil }

func (p pop3Backend) Open(context.Context, string) (pop3.Maildrop, error) {
	d := &pop3Maildrop{dir: p.dir}
	for m, err := range p.dir.All() {
		if err != nil {
			return nil, err
		}
		d.messages = append(d.messages, m)
	}
	return d, nil
}

type pop3Maildrop struct {
	dir      *maildir.Dir
	messages []maildir.Message
}

func (d *pop3Maildrop) Len() int                            { return len(d.messages) }
func (d *pop3Maildrop) UID(i int) string                    { return strconv.Itoa(i + 1) }
func (d *pop3Maildrop) Commit(context.Context, []int) error { return nil }
func (d *pop3Maildrop) Close() error                        { return nil }

func (d *pop3Maildrop) Stat(i int) int64 {
	n, _ := d.messages[i].WireSize()
	return n
}

func (d *pop3Maildrop) Open(_ context.Context, i int) (io.ReadCloser, error) {
	return d.dir.OpenWire(d.messages[i])
}

// startDovecot is Dovecot with as little around it as it can have.
func startDovecot() (*server, error) {
	root, err := pop3Root()
	if err != nil {
		return nil, err
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "dovecot")
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(addr)
	conf := filepath.Join(dir, "dovecot.conf")
	err = os.WriteFile(conf, fmt.Appendf(nil, `protocols = pop3
base_dir = %[1]s/run
state_dir = %[1]s/run
log_path = /dev/stderr
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:%[2]s/Maildir
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = uid=%[3]d gid=%[3]d home=%[2]s
}
service pop3-login {
  inet_listener pop3 {
    port = %[4]s
  }
  inet_listener pop3s {
    port = 0
  }
}
`, dir, root, nobody, port), 0o644)
	if err == nil {
		err = errors.Join(os.Chmod(dir, 0o755), os.Mkdir(filepath.Join(dir, "run"), 0o755))
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return daemon(addr, dir, "dovecot", "-F", "-c", conf)
}

// retrievePOP3 retrieves b.N messages.
func retrievePOP3(start func() (*server, error)) func(b *testing.B) error {
	return func(b *testing.B) (err error) {
		srv, err := start()
		if err != nil {
			return err
		}
		defer func() {
			b.StopTimer()
			err = errors.Join(err, srv.stop())
		}()
		c, err := dialPOP3(srv.addr)
		if err != nil {
			return err
		}
		defer c.nc.Close()
		if err := c.retrieve(1); err != nil { // the first takes what is made once
			return err
		}
		b.SetBytes(pop3Size)
		b.ResetTimer()
		for i := range b.N {
			if err := c.retrieve(i%pop3Messages + 1); err != nil {
				return err
			}
		}
		b.StopTimer()
		_, err = c.command("QUIT\r\n", "\r\n")
		return err
	}
}

// pop3Conn is the load: a client that does no more than it must.
type pop3Conn struct {
	nc  net.Conn
	buf []byte
	out []byte
}

func dialPOP3(addr string) (*pop3Conn, error) {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	c := &pop3Conn{nc: nc, buf: make([]byte, 64<<10)}
	for _, line := range []string{"", "USER bob\r\n", "PASS hungry\r\n"} {
		if _, err := c.command(line, "\r\n"); err != nil {
			return nil, errors.Join(err, nc.Close())
		}
	}
	return c, nil
}

// command sends a line, and reads a response up to its end.
func (c *pop3Conn) command(line, end string) (n int, err error) {
	if line != "" {
		c.out = append(c.out[:0], line...)
		if _, err := c.nc.Write(c.out); err != nil {
			return 0, err
		}
	}
	for !bytes.HasSuffix(c.buf[:n], []byte(end)) {
		m, err := c.nc.Read(c.buf[n:])
		if err != nil {
			return n, fmt.Errorf("%q: %w", line, err)
		}
		if n += m; c.buf[0] != '+' {
			return n, fmt.Errorf("%q: %q", line, c.buf[:n])
		}
	}
	return n, nil
}

func (c *pop3Conn) retrieve(i int) error {
	n, err := c.command("RETR "+strconv.Itoa(i)+"\r\n", "\r\n.\r\n")
	if err == nil && n < pop3Size {
		err = fmt.Errorf("message %d: %d octets", i, n)
	}
	return err
}
