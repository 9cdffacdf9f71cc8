//go:build !race

package telnet_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"applayer/sockets"
	"applayer/sockets/telnet"
)

// TestServerSilentPeers: a thousand who say nothing are sent away. The race
// detector gives up on so many whose time runs out at once.
func TestServerSilentPeers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &telnet.Server{Handler: shell, Authenticator: alice, Limits: sockets.Limits{MaxConnsPerPeer: -1}}
		start := time.Now()
		var all []<-chan struct{}
		for range 1000 {
			_, ended := serve(t, srv)
			all = append(all, ended)
		}
		time.Sleep(30 * time.Second)
		assert.Equal(t, 1000, srv.Stats().Active)
		for _, ended := range all {
			<-ended
		}
		assert.Less(t, time.Since(start), 65*time.Second)
	})
}
