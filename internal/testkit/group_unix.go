//go:build unix

package testkit

import (
	"os/exec"
	"syscall"
)

// ownGroup puts a program into a process group of its own, so that what it
// starts can be ended with it: socat's children outlive socat.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills the program and all that it started.
func killGroup(cmd *exec.Cmd) {
	syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // fails when all have ended
}
