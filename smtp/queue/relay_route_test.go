package queue_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
	"applayer/smtp/queue"
)

func TestRelayRoute(t *testing.T) {
	down := errors.New("server misbehaving")
	tests := []struct {
		name  string
		names names
		to    string
		relay queue.Relay
		want  []string
		code  int // of the refusal, -1 for an error that is none
		enh   smtp.EnhancedCode
	}{
		{name: "5321-5.1 by preference", names: names{"mx a.example": []*net.MX{{Host: "c.", Pref: 30}, {Host: "a.", Pref: 10}, {Host: "b.", Pref: 20}}}, to: "a.example", want: []string{"a", "b", "c"}},
		{name: "5321-5.1 no MX: the domain itself", to: "a.example", want: []string{"a.example"}},
		{name: "an empty list is none", names: names{"mx a.example": []*net.MX{}}, to: "a.example", want: []string{"a.example"}},
		{name: "5321-5.1 the resolver is down", names: names{"mx a.example": down}, to: "a.example", code: -1},
		{name: "a temporary DNS error", names: names{"mx a.example": &net.DNSError{Err: "SERVFAIL", IsTemporary: true}}, to: "a.example", code: -1},
		{name: "7505-3 null MX", names: names{"mx a.example": []*net.MX{{Host: "."}}}, to: "a.example", code: 556, enh: smtp.EnhancedCode{5, 1, 10}},
		{name: "a null MX among others is left out", names: names{"mx a.example": []*net.MX{{Host: "."}, {Host: "b.", Pref: 1}}}, to: "a.example", want: []string{"b"}},
		{name: "null MXs alone", names: names{"mx a.example": []*net.MX{{Host: "."}, {Host: "."}}}, to: "a.example", code: 550, enh: smtp.EnhancedCode{5, 4, 4}},
		{name: "5321-5.1 CNAME", names: names{"cname a.example": "b.example", "mx b.example": mx("c")}, to: "a.example", want: []string{"c"}},
		{name: "5321-5.1 who stands there himself cuts the list", names: names{"mx a.example": mx("a", "relay.example", "c")}, to: "a.example", want: []string{"a"}},
		{name: "in any case of letters", names: names{"mx a.example": mx("a", "Relay.Example", "c")}, to: "a.example", want: []string{"a"}},
		{name: "with those of equal preference", names: names{"mx a.example": []*net.MX{{Host: "a.", Pref: 1}, {Host: "b.", Pref: 2}, {Host: "relay.example.", Pref: 2}}}, to: "a.example", want: []string{"a"}},
		{name: "by another name", names: names{"mx a.example": mx("a", "mx2.example")}, relay: queue.Relay{Self: []string{"mx2.example."}}, to: "a.example", want: []string{"a"}},
		{name: "5321-5.1 who stands first", names: names{"mx a.example": mx("relay.example", "c")}, to: "a.example", code: 554, enh: smtp.EnhancedCode{5, 4, 6}},
		{name: "the domain is this host", to: "relay.example", code: 554, enh: smtp.EnhancedCode{5, 4, 6}},
		{name: "a dot at the end", names: names{"mx a.example": mx("c")}, to: "a.example.", want: []string{"c"}},
		{name: "U-labels are asked for as A-labels", names: names{"mx xn--bcher-kva.example": mx("c")}, to: "bücher.example", want: []string{"c"}},
		{name: "no domain", to: "a..example", code: 553, enh: smtp.EnhancedCode{5, 1, 2}},
		{name: "5321-4.1.3 a literal", to: "[192.0.2.1]", want: []string{"192.0.2.1"}},
		{name: "5321-4.1.3 of IPv6", to: "[IPv6:2001:db8::1]", want: []string{"2001:db8::1"}},
		{name: "5321-4.1.3 our own", relay: queue.Relay{Self: []string{"192.0.2.1"}}, to: "[192.0.2.1]", code: 554, enh: smtp.EnhancedCode{5, 4, 6}},
		{name: "5321-4.1.3 our own, written in another way", relay: queue.Relay{Self: []string{"2001:DB8::1"}}, to: "[IPv6:2001:0db8:0:0::1]", code: 554, enh: smtp.EnhancedCode{5, 4, 6}},
		{name: "our own name as U-labels", names: names{"mx a.example": mx("a", "xn--bcher-kva.example", "c")}, relay: queue.Relay{Self: []string{"bücher.example"}}, to: "a.example", want: []string{"a"}},
		{name: "our own name with an underscore", names: names{"mx a.example": mx("a", "MX_2.example", "c")}, relay: queue.Relay{Self: []string{"mx_2.Example."}}, to: "a.example", want: []string{"a"}},
		{name: "an empty name is nobody's", names: names{"mx a.example": mx("a", "b")}, relay: queue.Relay{Self: []string{""}}, to: "a.example", want: []string{"a", "b"}},
		{name: "5321-4.1.3 with a zone", to: "[IPv6:fe80::1%eth0]", code: 550, enh: smtp.EnhancedCode{5, 1, 2}},
		{name: "5321-4.1.3 of another kind", to: "[x400:c=us]", code: 550, enh: smtp.EnhancedCode{5, 1, 2}},
		{name: "Postmaster without a domain", to: "", code: 550, enh: smtp.EnhancedCode{5, 1, 3}},
		{name: "a smart host", names: names{"mx a.example": mx("c")}, relay: queue.Relay{SmartHost: "smart.example"}, to: "a.example", want: []string{"smart.example"}},
		{name: "a smart host with a port", relay: queue.Relay{SmartHost: "[::1]:2525"}, to: "a.example", want: []string{"::1"}},
		{name: "a smart host with a bad port", relay: queue.Relay{SmartHost: "smart:smtp"}, to: "a.example", code: -1},
	}
	for i := range tests {
		tt := &tests[i]
		t.Run(tt.name, func(t *testing.T) {
			r := &tt.relay
			r.Hostname, r.Resolver = "relay.example", tt.names
			to := smtp.Path{Local: "bob", Domain: tt.to}
			if len(tt.to) > 0 && tt.to[0] == '[' {
				to.Domain, to.Literal = tt.to[1:len(tt.to)-1], true
			}
			hosts, err := r.Route(t.Context(), to)
			if tt.code == 0 {
				require.NoError(t, err)
				var got []string
				for _, h := range hosts {
					got = append(got, h.Name)
				}
				assert.Equal(t, tt.want, got)
				return
			}
			require.Error(t, err)
			e, refused := errors.AsType[*smtp.ReplyError](err)
			assert.Equal(t, tt.code > 0, refused)
			if refused {
				assert.Equal(t, tt.code, e.Code)
				assert.Equal(t, tt.enh, e.Enhanced)
			}
		})
	}
}

// Hosts of equal preference are tried in any order (RFC 5321 §5.1).
func TestRelayRouteShuffles(t *testing.T) {
	n := names{"mx a.example": []*net.MX{{Host: "z.", Pref: 9}, {Host: "a.", Pref: 5}, {Host: "b.", Pref: 5}, {Host: "c.", Pref: 5}}}
	r := &queue.Relay{Resolver: n}
	seen := map[string]bool{}
	for range 500 {
		hosts, err := r.Route(context.Background(), smtp.Path{Local: "bob", Domain: "a.example"})
		require.NoError(t, err)
		require.Len(t, hosts, 4)
		assert.Equal(t, "z", hosts[3].Name)
		seen[hosts[0].Name+hosts[1].Name+hosts[2].Name] = true
	}
	assert.Len(t, seen, 6)
}

// net.Resolver leaves out bad records and returns an error beside the others.
func TestRelayRoutePartialAnswer(t *testing.T) {
	r := &queue.Relay{Resolver: partial{}}
	hosts, err := r.Route(t.Context(), smtp.Path{Local: "bob", Domain: "a.example"})
	require.NoError(t, err)
	assert.Equal(t, []queue.Host{{Name: "good", Preference: 1}}, hosts)
}

type partial struct{ names }

func (partial) LookupMX(context.Context, string) ([]*net.MX, error) {
	return []*net.MX{{Host: "good.", Pref: 1}}, errors.New("DNS response contained records which contain invalid names")
}

// The many MX records of a domain are not all looked up, and none is when the
// message is taken.
func TestRelayFloodOfHosts(t *testing.T) {
	n := counting{names: names{"a z0": "192.0.2.1"}, asked: new(int)}
	var hosts []string
	for i := range 1000 {
		hosts = append(hosts, fmt.Sprint("z", i))
	}
	n.names["mx a.example"] = mx(hosts...)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		r := w.relay()
		r.Resolver = n
		assert.Equal(t, []string{"later"}, outcomes(r.Deliver(t.Context(), outgoing(), rcpts("a.example", "bob"))))
		assert.Equal(t, 10, *n.asked)
		*n.asked = 0
		w.host("192.0.2.1", "z0", nil)
		assert.Equal(t, []string{"taken by z0"}, outcomes(r.Deliver(t.Context(), outgoing(), rcpts("a.example", "bob"))))
		assert.Equal(t, 1, *n.asked)
	})
}

// counting counts the hosts that are looked up.
type counting struct {
	names
	asked *int
}

func (c counting) LookupHost(ctx context.Context, host string) ([]string, error) {
	*c.asked++
	return c.names.LookupHost(ctx, host)
}

// A domain of digits is no address: it has no brackets (RFC 5321 §4.1.3).
func TestRelayDomainOfDigits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.host("192.0.2.1", "mx", nil)
		results := w.relay().Deliver(t.Context(), outgoing(), rcpts("192.0.2.1", "bob"))
		assert.Equal(t, []string{"550"}, outcomes(results))
		assert.ErrorContains(t, results[0].Err, "550 5.1.2")
		assert.Empty(t, w.dialled())
	})
}
