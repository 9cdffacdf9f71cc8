package sockets

import (
	"fmt"
	"os"
)

// portRangeFile holds the kernel's range for IPv4 and, despite its name, IPv6.
const portRangeFile = "/proc/sys/net/ipv4/ip_local_port_range"

func ephemeralRange() (lo, hi uint16, err error) {
	b, err := os.ReadFile(portRangeFile)
	if err != nil {
		return 0, 0, fmt.Errorf("sockets: ephemeral range: %w", err)
	}
	if lo, hi, err = parseEphemeralRange(b); err != nil {
		return 0, 0, fmt.Errorf("%s: %w", portRangeFile, err)
	}
	return lo, hi, nil
}
