package resolver_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/resolver"
)

// internet is a tree of zones made by chance, and the truth about its names.
type internet struct {
	random *rand.Rand
	zones  []*randomZone
	data   map[string][]string // the records of a name and type, as text
	names  []string            // all names with data
}

// randomZone is a zone, with the records of its master file.
type randomZone struct {
	origin  string
	lines   []string
	servers []string // addresses
}

// makeInternet makes so many zones. The servers of a zone are named in itself,
// or in a zone made before, so that none depends on itself.
func makeInternet(random *rand.Rand, zones int) *internet {
	n := &internet{random: random, data: make(map[string][]string)}
	root := &randomZone{origin: ".", servers: []string{"192.0.2.1"}, lines: []string{". 3600 NS a.root-servers.test.", "a.root-servers.test. 3600 A 192.0.2.1"}}
	n.zones = append(n.zones, root)
	for i := 1; i < zones; i++ {
		parent := n.zones[random.IntN(min(len(n.zones), 1+i/2))]
		n.delegate(parent, i)
	}
	for i, z := range n.zones {
		for j := range 1 + random.IntN(5) {
			name := fmt.Sprintf("h%d%s", j, strings.Repeat(".x", random.IntN(3))) + "." + strings.TrimPrefix(z.origin, ".")
			if i == 0 {
				name = fmt.Sprintf("h%d.", j)
			}
			n.add(z, name)
		}
	}
	return n
}

// delegate makes the zone number i, below parent.
func (n *internet) delegate(parent *randomZone, i int) {
	z := &randomZone{origin: fmt.Sprintf("z%d.", i) + strings.TrimPrefix(parent.origin, ".")}
	for j := range 1 + n.random.IntN(3) {
		addr := fmt.Sprintf("10.%d.%d.1", i, j)
		host, within := fmt.Sprintf("ns%d.%s", j, z.origin), z
		if elsewhere := n.zones[n.random.IntN(len(n.zones))]; elsewhere.origin != "." && j > 0 {
			host, within = fmt.Sprintf("ns%d-%d.%s", i, j, elsewhere.origin), elsewhere
		}
		z.servers = append(z.servers, addr)
		ns := z.origin + " 3600 NS " + host
		glue := host + " 3600 A " + addr
		z.lines = append(z.lines, ns)
		within.lines = append(within.lines, glue)
		parent.lines = append(parent.lines, ns)
		if within == z {
			parent.lines = append(parent.lines, glue)
		}
		n.know(glue)
	}
	n.zones = append(n.zones, z)
}

// add gives a name data: addresses, or an alias of a name known already.
func (n *internet) add(z *randomZone, name string) {
	line := fmt.Sprintf("%s 300 A 198.51.%d.%d", name, n.random.IntN(256), n.random.IntN(256))
	if len(n.names) > 0 && n.random.IntN(3) == 0 {
		line = name + " 300 CNAME " + n.names[n.random.IntN(len(n.names))]
	}
	z.lines = append(z.lines, line)
	n.know(line)
}

func (n *internet) know(line string) {
	words := strings.Fields(line)
	key := words[0] + " " + words[2]
	n.data[key] = append(n.data[key], strings.Join(words[3:], " "))
	if !slices.Contains(n.names, words[0]) {
		n.names = append(n.names, words[0])
	}
}

// truth is what there is at a name: the answer as data, and whether the name
// exists.
func (n *internet) truth(name string, typ string) (answer []string, exists bool) {
	for range 20 {
		if found := n.data[name+" "+typ]; found != nil {
			return append(answer, found...), true
		}
		alias := n.data[name+" CNAME"]
		if alias == nil {
			break
		}
		answer = append(answer, alias[0])
		name = alias[0]
	}
	exists = slices.ContainsFunc(n.names, func(known string) bool { return known == name || strings.HasSuffix(known, "."+name) }) ||
		slices.ContainsFunc(n.zones, func(z *randomZone) bool { return z.origin == name })
	return answer, exists
}

// TestRandomInternets resolves names of trees made by chance, in which some
// servers do not work, and compares with what is there.
func TestRandomInternets(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 7))
			n := makeInternet(random, 12)
			w := newWorld(t, &resolver.EngineOptions{Hints: rrs(t, n.zones[0].lines[:2]...), NoMinimise: seed%4 == 3})
			for _, z := range n.zones {
				good := zone(t, z.origin, z.lines...)
				for i, addr := range z.servers {
					if i == 0 || random.IntN(3) > 0 {
						w.serve(addr, good)
						continue
					}
					w.serve(addr, broken(random.IntN(4), good))
				}
			}
			names := slices.Clone(n.names)
			for _, name := range n.names {
				_, above, _ := strings.Cut(name, ".")
				names = append(names, above, "none."+name, "none."+above)
			}
			kinds := map[string]int{}
			for range 60 {
				name := names[random.IntN(len(names))]
				if name == "" || name == "none." {
					continue
				}
				typ := []dns.Type{dns.TypeA, dns.TypeA, dns.TypeMX}[random.IntN(3)]
				want, exists := n.truth(name, typ.String())
				r := w.ask(name, typ)
				require.NoError(t, r.Err, "%s %s", name, typ)
				var got []string
				for _, rr := range r.Answer {
					text, err := dns.AppendRDataText(nil, rr.Data)
					require.NoError(t, err)
					got = append(got, string(text))
				}
				assert.Equal(t, want, got, "%s %s", name, typ)
				assert.Equal(t, exists, r.RCode == dns.RCodeNoError, "%s %s: %s", name, typ, r.RCode)
				w.now = w.now.Add(time.Duration(random.IntN(200)) * time.Second)
				kinds[fmt.Sprintf("%s with %d", r.RCode, min(len(got), 3))]++
			}
			t.Log(len(w.log), "messages;", kinds)
		})
	}
}

// broken makes a server that does not work, in one of four ways.
func broken(how int, good respond) respond {
	return func(network string, q *dns.Message) []any {
		m := reply(q)
		switch how {
		case 0:
			return nil
		case 1:
			m.RCode = dns.RCodeServFail
		case 2:
			m.RCode = dns.RCodeRefused
		default:
			if network == "udp" {
				m.Truncated = true
				return []any{m}
			}
			return good(network, q)
		}
		return []any{m}
	}
}
