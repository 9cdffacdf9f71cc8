//go:build !unix

package testkit

import "os/exec"

func ownGroup(*exec.Cmd) {}

// killGroup kills the program alone.
func killGroup(cmd *exec.Cmd) {
	cmd.Process.Kill() // fails when it has ended already
}
