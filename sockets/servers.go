package sockets

import (
	"context"
	"errors"
	"sync"
)

// Servers are servers that end together, as those of a protocol that is spoken
// in the clear and over TLS.
type Servers []*Server

// Shutdown is [Server.Shutdown] of all at once. The error joins theirs.
func (s Servers) Shutdown(ctx context.Context) error {
	errs := make([]error, len(s))
	var wg sync.WaitGroup
	for i := range s {
		wg.Go(func() { errs[i] = s[i].Shutdown(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Close is [Server.Close] of all. The error joins theirs.
func (s Servers) Close() error {
	var errs []error
	for i := range s {
		errs = append(errs, s[i].Close())
	}
	return errors.Join(errs...)
}
