package resolver_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/dns"
	"applayer/dns/resolver"
)

// What a forwarder gives with CD set is kept for those who set it, each kind of
// it, and says nothing to others (RFC 6840 §5.9).
func TestUnchecked(t *testing.T) {
	records := map[string][]string{
		"www.example.com. A":     {"www.example.com. 60 A 198.51.100.1"},
		"alias.example.com. A":   {"alias.example.com. 60 CNAME www.example.com.", "www.example.com. 60 A 198.51.100.1"},
		"a.d.example.com. A":     {"d.example.com. 60 DNAME example.org.", "a.d.example.com. 60 CNAME a.example.org.", "a.example.org. 60 A 198.51.100.2"},
		"short.example.com. A":   {"short.example.com. 0 A 198.51.100.3"},
		"www.example.com. TYPE0": nil,
	}
	for _, row := range []struct {
		name   string
		typ    dns.Type
		rcode  dns.RCode
		answer int
		again  int // messages for the same question
	}{
		{"www.example.com.", dns.TypeA, dns.RCodeNoError, 1, 0},
		{"alias.example.com.", dns.TypeA, dns.RCodeNoError, 2, 0},
		{"a.d.example.com.", dns.TypeA, dns.RCodeNoError, 3, 1}, // only the DNAME can be checked
		{"short.example.com.", dns.TypeA, dns.RCodeNoError, 1, 1},
		{"www.example.com.", dns.Type(0), dns.RCodeNoError, 0, 0},
		{"none.example.com.", dns.TypeA, dns.RCodeNXDomain, 0, 0},
	} {
		t.Run(row.name+" "+row.typ.String(), func(t *testing.T) {
			w := newWorld(t, &resolver.EngineOptions{Forward: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.53:53")}})
			w.serve("192.0.2.53", func(_ string, q *dns.Message) []any {
				m := reply(q)
				m.RecursionAvailable = true
				name := q.Question[0].Name.Canonical().String()
				switch found, ok := records[name+" "+q.Question[0].Type.String()]; {
				case !q.CheckingDisabled:
					m.RCode = dns.RCodeServFail
				case len(found) > 0:
					m.Answer = rrs(t, found...)
				default:
					m.Authority = rrs(t, "example.com. 60 SOA ns.example.com. admin.example.com. 1 2 3 4 60")
					if !ok {
						m.RCode = dns.RCodeNXDomain
					}
				}
				return []any{m}
			})
			ask := func(cd bool, typ dns.Type) *resolver.Result {
				w.log = nil
				return w.wait(w.engine.AskFor(w.now, asked(row.name, typ), resolver.Client{CheckingDisabled: cd}))
			}
			for i := range 3 {
				r := ask(true, row.typ)
				assert.Equal(t, row.rcode, r.RCode)
				assert.Len(t, r.Answer, row.answer)
				if i > 0 {
					assert.Len(t, w.log, row.again)
				}
			}
			assert.Equal(t, dns.RCodeServFail, ask(false, row.typ).RCode)
			assert.NotEmpty(t, w.log)
			if row.rcode == dns.RCodeNXDomain {
				assert.Equal(t, dns.RCodeNXDomain, ask(true, dns.TypeMX).RCode)
				assert.Empty(t, w.log, "it has nothing of any type")
			} else {
				ask(true, dns.TypeMX)
				assert.NotEmpty(t, w.log, "one type says nothing of another")
			}
		})
	}
}
