package maildomain_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"applayer/examples/internal/maildomain"
	"applayer/internal/testkit"
	"applayer/smtp"
)

// Mail that goes round in circles ends for good, wherever the limit is met: at
// the door, or behind it where our own field is one more (RFC 5321 §6.3).
func TestMailLoopEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, testkit.NewNetwork(), "hamburger.edu", "bob:hungry\n", func(o *maildomain.Options) {
			o.RelayFrom = append(o.RelayFrom, netip.MustParsePrefix("127.0.0.0/8"))
		})
		c := s.dial("25", smtp.Options{})
		for hops, want := range map[int]string{99: "", 100: "554 5.4.6", 101: "554 5.4.6"} {
			m := strings.Repeat("Received: from a by b; Fri, 15 Nov 2002 13:58:49 +0000\r\n", hops) + text
			_, err := c.Send(t.Context(), envelope(t, "x@crepes.fr", "alice@crepes.fr"), strings.NewReader(m))
			if want == "" {
				assert.NoError(t, err, hops)
				continue
			}
			assert.Equal(t, want, code(t, err), fmt.Sprint(hops))
		}
	})
}
