//go:build !linux && !darwin

package main

import (
	"os"

	"applayer/sockets/telnet"
)

// tty is the terminal that the user sits at; on this system it is left as it
// is, and read as any other input.
type tty struct{}

type mode int

const (
	modeCooked mode = iota
	modeLine
	modeCharacter
)

func openTTY(*os.File) *tty { return nil }

func (*tty) set(mode) {}

func (*tty) size() telnet.Window { return telnet.Window{} }

func (*tty) onResize(func()) (stop func()) { return func() {} }
