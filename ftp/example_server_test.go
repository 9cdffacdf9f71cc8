package ftp_test

import (
	"context"
	"crypto/subtle"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"testing/fstest"
	"time"

	"applayer/ftp"
)

// A server for one user, and a client that fetches a file from it.
func ExampleServer() {
	files := ftp.ReadOnly(fstest.MapFS{"pub/hello.txt": {Data: []byte("Hello.\n")}})
	server := &ftp.Server{Auth: ftp.AuthenticatorFunc(func(_ context.Context, l ftp.Login) (*ftp.Account, error) {
		if l.User != "bob" || subtle.ConstantTimeCompare([]byte(l.Password), []byte("swordfish")) == 0 {
			return nil, ftp.ErrRefused
		}
		return &ftp.Account{FS: files, Home: "/pub"}, nil
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go server.Serve(l)
	defer server.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := ftp.Dial(ctx, "tcp", l.Addr().String(), &ftp.Options{User: "bob", Password: "swordfish"})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	r, err := c.Retrieve(ctx, "hello.txt", 0)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	if _, err := io.Copy(os.Stdout, r); err != nil {
		log.Fatal(err)
	}
	// Output: Hello.
}

// A session without sockets: each command gives what is to be done. A server
// does it, and tells what became of it.
func ExampleSession() {
	s := ftp.NewSession(nil)
	say := func(line string) {
		cmd, err := ftp.ParseCommand([]byte(line))
		if err != nil {
			log.Fatal(err)
		}
		actions := s.Handle(cmd)
		if actions[0].Kind == ftp.ActionAuthenticate {
			actions = s.Authenticated(&ftp.Account{FS: ftp.ReadOnly(fstest.MapFS{})}, nil)
		}
		fmt.Printf("%s -> %v\n", line, actions[0].Reply)
	}
	say("PWD")
	say("USER bob")
	say("PASS swordfish")
	say("PWD")
	say("LIST")
	// Output:
	// PWD -> 530 Please log in with USER and PASS.
	// USER bob -> 331 Password required.
	// PASS swordfish -> 230 Logged in.
	// PWD -> 257 "/" is the current directory.
	// LIST -> 425 Use PORT, PASV, EPRT or EPSV first.
}

// Client and server may hold themselves to the same order.
func ExampleMachine() {
	var m ftp.Machine
	for _, e := range []ftp.Event{ftp.EventUser, ftp.EventPass, ftp.EventLogin, ftp.EventRenameFrom, ftp.EventCommand, ftp.EventRenameTo} {
		if err := m.Do(e); err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(e, m.State())
	}
	// Output:
	// User UserGiven
	// Pass Authenticating
	// Login Ready
	// RenameFrom Renaming
	// Command Ready
	// ftp: peer: no RenameTo in state Ready (RFC 959 §5.4)
}

// A control connection by itself, both ends.
func ExampleConn() {
	here, there := net.Pipe()
	server, client := ftp.NewConn(here, nil), ftp.NewConn(there, &ftp.ConnOptions{Client: true})
	defer server.Close()
	defer client.Close()
	go func() {
		cmd, err := server.ReadCommand()
		if err != nil {
			log.Fatal(err)
		}
		text := fmt.Sprintf("%v is not implemented.", cmd.Verb)
		server.WriteReply(ftp.Reply{Code: 502, Lines: []string{text}})
	}()
	if err := client.WriteCommand(ftp.Command{Verb: ftp.VerbSMNT, Arg: []byte("/mnt")}); err != nil {
		log.Fatal(err)
	}
	r, err := client.ReadReply()
	fmt.Println(r, err)
	// Output: 502 SMNT is not implemented. <nil>
}
