//go:build !unix

package sockets

const canReadReady = false

func readOnce(uintptr, []byte) (n int, again bool, err error) { return 0, false, nil }
