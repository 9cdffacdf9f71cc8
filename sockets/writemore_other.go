//go:build !linux

package sockets

const canWriteMore = false

func sendMore(uintptr, []byte) (int, bool, error) { return 0, false, nil }
