//go:build !linux || (!amd64 && !arm64)

package sockets

// newPacketReader reads one by one: this system has no call for many, or its
// number is not in package syscall.
func newPacketReader(k *packetSocket, n int, queue bool) packetReader {
	return oneByOne{k}
}
