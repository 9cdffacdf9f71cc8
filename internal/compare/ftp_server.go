package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// ftpRoot is the folder that is served. It is made once, and removed by
// [removeFTP].
var ftpRoot = sync.OnceValues(func() (dir string, err error) {
	if dir, err = os.MkdirTemp(inMemory(), "compare"); err != nil {
		return "", err
	}
	madeFTP = dir
	root := filepath.Join(dir, "root")
	err = errors.Join(
		os.Mkdir(root, 0o777), os.Mkdir(filepath.Join(dir, "empty"), 0o755),
		os.Chmod(dir, 0o755), os.Chmod(root, 0o777), // vsftpd serves as another user
		os.WriteFile(filepath.Join(root, "large"), make([]byte, ftpLarge), 0o644),
		os.WriteFile(filepath.Join(root, "small"), make([]byte, ftpSmall), 0o644))
	return root, err
})

var madeFTP string

func removeFTP() {
	if madeFTP != "" {
		os.RemoveAll(madeFTP)
	}
}

// inMemory is where files cost no disk, or "" for the usual folder.
func inMemory() string {
	const shm = "/dev/shm"
	if fi, err := os.Stat(shm); err == nil && fi.IsDir() {
		return shm
	}
	return ""
}

// childEnv tells a process that it is a server: its value is the server's name
// and, behind a colon, the folder to serve.
const childEnv = "APPLAYER_COMPARE_SERVE"

// ftpServers are those that run in a child.
var ftpServers = map[string]func(l net.Listener, root string) error{
	"applayer":     serveFTPOurs(false),
	"kept-port":    serveFTPOurs(true),
	"ftpserverlib": serveFTPServerLib,
	"goftp":        serveGoFTP,
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
		err = ftpServers[name](l, root)
	}
	fmt.Fprintln(os.Stderr, name, err)
	os.Exit(1)
}

// startFTPChild starts this program again as the server of that name.
func startFTPChild(name string) func() (*server, error) {
	return func() (*server, error) {
		root, err := ftpRoot()
		if err != nil {
			return nil, err
		}
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		cmd := exec.Command(self)
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
}

// startVsftpd is vsftpd as its manual has it for speed: no log, no sandbox.
func startVsftpd() (*server, error) {
	root, err := ftpRoot()
	if err != nil {
		return nil, err
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "vsftpd")
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(addr)
	conf := filepath.Join(dir, "vsftpd.conf")
	err = os.WriteFile(conf, fmt.Appendf(nil, `listen=YES
listen_address=127.0.0.1
listen_port=%s
background=NO
anonymous_enable=YES
anon_root=%s
allow_writeable_chroot=YES
write_enable=YES
anon_upload_enable=YES
anon_other_write_enable=YES
anon_umask=022
run_as_launching_user=YES
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
secure_chroot_dir=%s
xferlog_enable=NO
use_sendfile=YES
`, port, root, filepath.Join(madeFTP, "empty")), 0o600)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return daemon(addr, dir, "vsftpd", conf)
}
