package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
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
