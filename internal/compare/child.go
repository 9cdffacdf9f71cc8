package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
)

// childEnv tells a process that it is a server: its value is the server's name
// and, behind a colon, the folder to serve.
const childEnv = "APPLAYER_COMPARE_SERVE"

// childServers are those that run in a child.
var childServers = map[string]func(l net.Listener, root string) error{
	"applayer":     serveFTPOurs(false),
	"kept-port":    serveFTPOurs(true),
	"ftpserverlib": serveFTPServerLib,
	"goftp":        serveGoFTP,

	"smtp-applayer":    serveSMTPOurs,
	"smtp-go-smtp":     serveGoSMTP,
	"maildir-applayer": serveMaildirOurs,
	"maildir-go-smtp":  serveMaildirGoSMTP,
	"pop3-applayer":    servePOP3Ours,
}

// serveChild serves until it is killed, if this process was started for that.
// It prints its address first.
func serveChild() {
	name, root, ok := strings.Cut(os.Getenv(childEnv), ":")
	if !ok {
		return
	}
	l, err := net.Listen("tcp", loopback)
	if err == nil {
		fmt.Println(l.Addr())
		err = childServers[name](l, root)
	}
	fmt.Fprintln(os.Stderr, name, err)
	os.Exit(1)
}

// startFTPChild starts this program again as the FTP server of that name.
func startFTPChild(name string) func() (*server, error) {
	return func() (*server, error) {
		root, err := ftpRoot()
		if err != nil {
			return nil, err
		}
		return startChild(name, root)
	}
}

// startChild starts this program again as the server of that name.
func startChild(name, root string) (*server, error) { return anywhere.startChild(name, root) }

// processors are those that a program may run on, as taskset has them: "1-3".
type processors string

// anywhere is all of them.
const anywhere processors = ""

func (p processors) command(name string, args ...string) *exec.Cmd {
	if p == anywhere {
		return exec.Command(name, args...)
	}
	return exec.Command("taskset", append([]string{"-c", string(p), name}, args...)...)
}

func (p processors) startChild(name, root string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := p.command(self)
	cmd.Env = append(os.Environ(), childEnv+"="+name+":"+root)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop := func() error {
		err := cmd.Process.Kill()
		_ = cmd.Wait() // it says that it was killed
		return err
	}
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), stop())
	}
	go io.Copy(io.Discard, out) // ends with the process
	return &server{strings.TrimSpace(addr), stop}, nil
}
