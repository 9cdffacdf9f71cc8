//go:build !linux

package sockets

import "net"

// packetInfo is absent here: replies leave from the address that the system
// chooses.
type packetInfo struct{}

const controlSize = 0

func askPacketInfo(*net.UDPConn) packetInfo { return packetInfo{} }

func (packetInfo) on() bool { return false }

func (packetInfo) take(*Packet, []byte) {}

func (packetInfo) appendTo(dst []byte, _ localAddr) []byte { return dst }
