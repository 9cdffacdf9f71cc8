package main

import (
	"errors"
	"fmt"
	"testing"
)

// The subjects of FTP. Each server is a process of its own, as vsftpd is, and
// all have the same load from this one.
//
// Files lie in memory (/dev/shm) where the system has it: what is measured is
// the server, not the disk. Ours syncs every upload nevertheless, as it does
// by default.
var ftpSubjects = []subject{
	ftpSubject("ftp-retr", func(c *ftpConn) error { return c.retrieve("large", ftpLarge) }, ftpKept),
	ftpSubject("ftp-stor", func(c *ftpConn) error { return c.store("upload", ftpLarge) }, ftpKept),
	ftpSubject("ftp-small", func(c *ftpConn) error { return c.retrieve("small", ftpSmall) }, ftpKept,
		ftpServer{"kept-port", startFTPChild("kept-port")}),
	ftpSubject("ftp-session", func(c *ftpConn) error { return c.retrieve("small", ftpSmall) }, ftpShort),
	{name: "ftp-client", programs: []string{"vsftpd"}, implementations: ftpClients},
	{name: "ftp-idle", implementations: []implementation{{name: "applayer", bench: idleFTP}}, unit: "B/conn"},
}

// The sizes of the files.
const (
	ftpLarge = 64 << 20
	ftpSmall = 2 << 10
)

// ftpSessions says how long a session is.
type ftpSessions bool

const (
	ftpKept  ftpSessions = true  // one for all operations
	ftpShort ftpSessions = false // one for each, log-in and QUIT included
)

// ftpServer is a server to compare.
type ftpServer struct {
	name  string
	start func() (*server, error)
}

// ftpSubject compares servers by one operation.
func ftpSubject(name string, op func(*ftpConn) error, sessions ftpSessions, more ...ftpServer) subject {
	s := subject{name: name, programs: []string{"vsftpd"}}
	for _, impl := range append([]ftpServer{
		{"applayer", startFTPChild("applayer")},
		{"vsftpd", startVsftpd},
		{"ftpserverlib", startFTPChild("ftpserverlib")},
		{"goftp", startFTPChild("goftp")},
	}, more...) {
		s.implementations = append(s.implementations, implementation{name: impl.name, bench: func(b *testing.B) error {
			return driveFTP(b, impl.start, op, sessions)
		}})
	}
	return s
}

// driveFTP does an operation b.N times, one after another.
func driveFTP(b *testing.B, start func() (*server, error), op func(*ftpConn) error, sessions ftpSessions) (err error) {
	srv, err := start()
	if err != nil {
		return err
	}
	defer func() {
		b.StopTimer()
		err = errors.Join(err, srv.stop())
	}()
	c, err := dialFTP(srv.addr)
	if err != nil {
		return err
	}
	if err := op(c); err != nil { // the first takes what is made once
		return fmt.Errorf("first: %w", err)
	}
	b.ResetTimer()
	for range b.N {
		if sessions == ftpShort {
			err := c.quit()
			if err == nil {
				c, err = dialFTP(srv.addr)
			}
			if err != nil {
				return err
			}
		}
		if err := op(c); err != nil {
			return err
		}
	}
	b.StopTimer()
	return c.quit()
}

// idleFTP reports what a session costs that has logged in and waits.
func idleFTP(b *testing.B) (err error) {
	srv, err := startFTPOurs()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, srv.stop()) }()
	return reportIdle(b, srv.addr, loginBare)
}
