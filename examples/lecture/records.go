package main

import (
	"context"
	"fmt"

	"applayer/dns"
	"applayer/dns/zone"
)

var recordsScene = Scene{
	Name:  "records",
	Title: "resource records: A, NS, CNAME and MX, aliases and load distribution",
	Run:   playRecords,
}

const (
	ibmZone = `$ORIGIN ibm.com.
$TTL 3600
@                  SOA   ns hostmaster 1 7200 1800 1209600 300
                   NS    ns
ns                 A     192.0.2.10
www                CNAME servereast.backup2
servereast.backup2 A     192.0.2.20
@                  MX    10 relay1.backup2
                   MX    20 relay2.backup2
relay1.backup2     A     192.0.2.25
relay2.backup2     A     192.0.2.26
`
	googleZone = `$ORIGIN google.com.
$TTL 300
@  SOA ns1 hostmaster 1 7200 1800 1209600 60
   NS  ns1
   A   74.125.226.104
   A   74.125.226.105
ns1 A  192.0.2.11
`
)

func playRecords(ctx context.Context, n *Net) error {
	store, err := loadZones(ibmZone, googleZone)
	if err != nil {
		return err
	}
	srv, stop, err := serveNames(ctx, n, "ns.ibm.com", "192.0.2.10:53", &zone.Handler{Store: store, Rotate: zone.RotateRoundRobin})
	if err != nil {
		return err
	}
	defer stop()
	w := &wire{n: n}
	client := &dns.Client{Transport: w.transport("host"), NoCookies: true}
	defer client.Close()

	rows := [][]string{{"name", "value", "type", "TTL", "what it says"}}
	for _, tt := range []struct {
		name  string
		typ   dns.Type
		want  []string
		means string
	}{
		{"servereast.backup2.ibm.com", dns.TypeA, []string{"192.0.2.20"}, "the host's address"},
		{"ibm.com", dns.TypeNS, []string{"ns.ibm.com."}, "the domain's name server"},
		{"www.ibm.com", dns.TypeCNAME, []string{"servereast.backup2.ibm.com."}, "host aliasing: the canonical name"},
		{"ibm.com", dns.TypeMX, []string{"10 relay1.backup2.ibm.com.", "20 relay2.backup2.ibm.com."}, "mail server aliasing: who takes its mail"},
		{"www.ibm.com", dns.TypeA, []string{"servereast.backup2.ibm.com.", "192.0.2.20"}, "the alias is followed"},
	} {
		m, _, err := client.Exchange(ctx, srv.addr, question(tt.name, tt.typ))
		if err != nil {
			return err
		}
		var got []string
		for _, rr := range m.Answer {
			value, err := dns.AppendRDataText(nil, rr.Data)
			if err != nil {
				return err
			}
			got = append(got, string(value))
			rows = append(rows, []string{rr.Name.String(), string(value), rr.Type().String(), fmt.Sprint(rr.TTL), tt.means})
		}
		n.Expect(tt.name+" "+tt.typ.String(), tt.want, got)
	}
	n.Table(rows...)
	return loadDistribution(ctx, n, srv, client)
}

// loadDistribution asks a name with two addresses over and over: who takes the
// first of each answer goes to both in turn.
func loadDistribution(ctx context.Context, n *Net, srv *nameServer, client *dns.Client) error {
	var first []string
	for range 4 {
		m, _, err := client.Exchange(ctx, srv.addr, question("google.com", dns.TypeA))
		if err != nil {
			return err
		}
		if !n.Expect("addresses of google.com", 2, len(m.Answer)) {
			return nil
		}
		value, err := dns.AppendRDataText(nil, m.Answer[0].Data)
		if err != nil {
			return err
		}
		first = append(first, string(value))
	}
	n.Expect("each answer begins with the next address", true, first[0] != first[1] && first[0] == first[2] && first[1] == first[3])
	return nil
}
