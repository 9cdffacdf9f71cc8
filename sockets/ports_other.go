//go:build !linux

package sockets

import (
	"errors"
	"fmt"
)

func ephemeralRange() (lo, hi uint16, err error) {
	return 0, 0, fmt.Errorf("sockets: ephemeral range: %w", errors.ErrUnsupported)
}
