//go:build !race

package zone_test

import (
	"bytes"
	"context"
	"net/netip"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/zone"
)

// Nothing is allocated for an answer, whether it was kept or is made, beyond what
// AppendResponse does without one.
func TestAnswerAllocates(t *testing.T) {
	store := served(t, "example.", interopZones["example."])
	from := dns.Origin{Peer: netip.MustParseAddrPort("192.0.2.9:5353")}
	allocations := func(h dns.Handler, name string, typ dns.Type) float64 {
		s := &dns.Server{Handler: h}
		in := request(t, name, typ, &dns.EDNS{UDPSize: 1232})
		out := make([]byte, 0, 4096)
		return testing.AllocsPerRun(200, func() { out = s.AppendResponse(context.Background(), out[:0], in, from) })
	}
	nothing := allocations(dns.HandlerFunc(func(context.Context, *dns.Responder, *dns.Query) {}), "www.example.", dns.TypeA)
	for _, prepared := range []int{0, -1} {
		h := &zone.Handler{Store: store, Prepared: prepared, Rotate: zone.RotateRoundRobin}
		for _, q := range hotQuestions {
			assert.Equal(t, nothing, allocations(h, q.qname, q.qtype), "%s, %d kept", q.name, prepared)
		}
	}
}

// A zone of a million records takes less than 250 octets for each, whatever the
// order of its file.
func TestMillion(t *testing.T) {
	for _, sorted := range []bool{true, false} {
		n := 1_000_000
		if sorted || testing.Short() {
			n = 100_000
		}
		text := million(n, sorted)
		before := heap()
		z, _, err := zone.Load(bytes.NewReader(text), &zone.ReaderOptions{Origin: dns.MustName("example.org")})
		require.NoError(t, err)
		each := float64(heap()-before) / float64(z.Len())
		t.Logf("in order %t: %.0f octets a record", sorted, each)
		assert.Less(t, each, 250.0)
		assert.Equal(t, n+3, z.Len())
		runtime.KeepAlive(text)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
