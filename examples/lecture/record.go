package main

import (
	"errors"
	"net"
	"os"

	"applayer/sockets/pcap"
)

// record has the scenes played with a tap that writes what they exchange to a
// capture file, which is whole also when a scene fails.
func record(file string, play func(NetOptions) error) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	r := pcap.NewRecorder(f, nil)
	tap := func(nc net.Conn) net.Conn { return r.Conn(nc, false) }
	err = play(NetOptions{Tap: tap})
	return errors.Join(err, r.Close(), f.Close())
}
