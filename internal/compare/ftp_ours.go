package main

import (
	"context"
	"errors"
	"net"
	"testing"

	jlaffaye "github.com/jlaffaye/ftp"

	"applayer/ftp"
	"applayer/sockets"
)

// ftpOurs serves root to everybody.
func ftpOurs(root string) (*ftp.Server, error) {
	dir, err := ftp.Dir(root, nil)
	if err != nil {
		return nil, err
	}
	return &ftp.Server{Conns: sockets.Limits{MaxConnsPerPeer: -1}, Auth: ftp.AuthenticatorFunc(func(context.Context, ftp.Login) (*ftp.Account, error) {
		return &ftp.Account{FS: dir}, nil
	})}, nil
}

// serveFTPOurs serves on l. keep leaves the data port open between transfers.
func serveFTPOurs(keep bool) func(l net.Listener, root string) error {
	return func(l net.Listener, root string) error {
		srv, err := ftpOurs(root)
		if err != nil {
			return err
		}
		srv.KeepDataPort = keep
		return srv.Serve(l)
	}
}

// startFTPOurs serves in this process.
func startFTPOurs() (*server, error) {
	root, err := ftpRoot()
	if err != nil {
		return nil, err
	}
	srv, err := ftpOurs(root)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", loopback)
	if err != nil {
		return nil, err
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	return &server{l.Addr().String(), func() error {
		err := srv.Close()
		if serveErr := <-served; !errors.Is(serveErr, ftp.ErrServerClosed) {
			err = errors.Join(err, serveErr)
		}
		return err
	}}, nil
}

// ftpClients fetch a small file from vsftpd over and over.
var ftpClients = []implementation{
	{name: "applayer", bench: clientOfVsftpd(func(b *testing.B, addr string) error {
		c, err := ftp.Dial(b.Context(), "tcp", addr, nil)
		if err != nil {
			return err
		}
		defer c.Close()
		buf := make([]byte, ftpSmall+1)
		for range b.N {
			r, err := c.Retrieve(b.Context(), "small", 0)
			if err != nil {
				return err
			}
			if err := errors.Join(readSmall(r, buf), r.Close()); err != nil {
				return err
			}
		}
		return nil
	})},
	{name: "jlaffaye", bench: clientOfVsftpd(func(b *testing.B, addr string) error {
		c, err := jlaffaye.Dial(addr)
		if err != nil {
			return err
		}
		defer c.Quit()
		if err := c.Login(ftpUser, "x"); err != nil {
			return err
		}
		buf := make([]byte, ftpSmall+1)
		for range b.N {
			r, err := c.Retr("small")
			if err != nil {
				return err
			}
			if err := errors.Join(readSmall(r, buf), r.Close()); err != nil {
				return err
			}
		}
		return nil
	})},
}
