package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"syscall"
	"testing"

	"applayer/sockets/berkeley"
)

// ftpConn is the load: a client that does no more than it must.
type ftpConn struct {
	nc   net.Conn
	raw  syscall.RawConn
	host string
	buf  []byte // of replies
	read int    // octets in buf
	data []byte // what uploads send and downloads are read into
}

// ftpUser logs in everywhere.
const ftpUser = "anonymous"

func dialFTP(addr string) (*ftpConn, error) {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	raw, err := nc.(*net.TCPConn).SyscallConn()
	if err != nil {
		return nil, errors.Join(err, nc.Close())
	}
	host, _, _ := net.SplitHostPort(addr)
	c := &ftpConn{nc: nc, raw: raw, host: host, buf: make([]byte, 4096), data: make([]byte, 256<<10)}
	_, err = c.reply(220)
	for _, step := range []struct {
		command string
		code    int
	}{{"USER " + ftpUser, 331}, {"PASS x", 230}, {"TYPE I", 200}} {
		if err == nil {
			_, err = c.command(step.command, step.code)
		}
	}
	if err != nil {
		return nil, errors.Join(err, nc.Close())
	}
	return c, nil
}

// command sends a command, and wants a reply of that code.
func (c *ftpConn) command(line string, code int) (text []byte, err error) {
	if _, err := io.WriteString(c.nc, line+"\r\n"); err != nil {
		return nil, err
	}
	return c.reply(code)
}

// reply reads one reply and returns its last line, valid until the next.
func (c *ftpConn) reply(code int) ([]byte, error) {
	want := strconv.Itoa(code) + " "
	for {
		for {
			line, rest, ok := bytes.Cut(c.buf[:c.read], []byte("\r\n"))
			if !ok {
				break
			}
			last := len(line) > 3 && line[3] == ' ' && line[0] >= '1' && line[0] <= '5'
			text := string(line)
			c.read = copy(c.buf, rest)
			if last && text[:4] != want {
				return nil, fmt.Errorf("wanted %sgot %q", want, text)
			}
			if last {
				return []byte(text), nil
			}
		}
		n, err := c.nc.Read(c.buf[c.read:])
		c.read += n
		c.ack()
		if err != nil {
			return nil, fmt.Errorf("reply %s: %w", want, err)
		}
	}
}

// ack has the kernel acknowledge what was read at once. A server that leaves
// Nagle's algorithm on (vsftpd) sends 226 only when 150 is acknowledged, which
// would else take 40 ms: that is not what is measured.
func (c *ftpConn) ack() {
	_ = c.raw.Control(func(fd uintptr) { quickAck(fd) }) // a mere acceleration
}

// open asks for a data connection and dials it.
func (c *ftpConn) open() (net.Conn, error) {
	text, err := c.command("EPSV", 229)
	if err != nil {
		return nil, err
	}
	_, port, ok := bytes.Cut(text, []byte("(|||"))
	if !ok {
		return nil, fmt.Errorf("no port in %q", text)
	}
	port, _, _ = bytes.Cut(port, []byte("|"))
	return net.Dial("tcp", net.JoinHostPort(c.host, string(port)))
}

// retrieve downloads a file of that size.
func (c *ftpConn) retrieve(name string, size int) error {
	data, err := c.open()
	if err != nil {
		return err
	}
	defer data.Close()
	if err := c.begun("RETR " + name); err != nil {
		return err
	}
	got := 0
	for {
		n, err := data.Read(c.data)
		got += n
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	// A real client closes its side before it reads on.
	if err := data.Close(); err != nil {
		return err
	}
	if got != size {
		return fmt.Errorf("%s: %d octets of %d", name, got, size)
	}
	return c.done()
}

// store uploads a file of that size.
func (c *ftpConn) store(name string, size int) error {
	data, err := c.open()
	if err != nil {
		return err
	}
	defer data.Close()
	if err := c.begun("STOR " + name); err != nil {
		return err
	}
	for size > 0 {
		n, err := data.Write(c.data[:min(size, len(c.data))])
		if err != nil {
			return err
		}
		size -= n
	}
	if err := data.Close(); err != nil {
		return err
	}
	return c.done()
}

// begun sends a command whose transfer begins with 150, or with 125 where the
// server has seen the data connection already.
func (c *ftpConn) begun(command string) error {
	_, err := c.command(command, 150)
	if err != nil && bytes.Contains([]byte(err.Error()), []byte("got \"125 ")) {
		return nil
	}
	return err
}

func (c *ftpConn) done() error {
	_, err := c.reply(226)
	return err
}

func (c *ftpConn) quit() error {
	_, err := c.command("QUIT", 221)
	return errors.Join(err, c.nc.Close())
}

// loginBare logs in over a descriptor, which costs no memory of its own.
func loginBare(fd berkeley.FD) error {
	c := bare{fd: fd}
	var buf [512]byte
	for _, send := range []string{"", "USER " + ftpUser + "\r\n", "PASS x\r\n", "TYPE I\r\n"} {
		if _, err := c.Write([]byte(send)); err != nil {
			return err
		}
		for n := 0; !bytes.HasSuffix(buf[:n], []byte("\r\n")); {
			m, err := c.Read(buf[n:])
			if err != nil {
				return err
			}
			n += m
		}
	}
	return nil
}

// readSmall reads the small file to its end.
func readSmall(r io.Reader, buf []byte) error {
	n, err := io.ReadFull(r, buf)
	if err != io.ErrUnexpectedEOF || n != ftpSmall {
		return fmt.Errorf("%d octets: %w", n, err)
	}
	return nil
}

// clientOfVsftpd runs a client against vsftpd.
func clientOfVsftpd(run func(b *testing.B, addr string) error) func(b *testing.B) error {
	return func(b *testing.B) (err error) {
		srv, err := startVsftpd()
		if err != nil {
			return err
		}
		defer func() {
			b.StopTimer()
			err = errors.Join(err, srv.stop())
		}()
		b.ResetTimer()
		return run(b, srv.addr)
	}
}
