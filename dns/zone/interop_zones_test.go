package zone_test

// The zones that other servers and ours are asked the same questions about: a
// parent, its child, and a zone that aliases lead to.
var interopZones = map[string]string{
	"example.": `
example. 3600 IN SOA ns1.example. admin.example. 1 7200 900 1209600 300
example. 3600 IN NS ns1.example.
example. 3600 IN NS ns2.other.test.
example. 3600 IN MX 10 mail.example.
example. 3600 IN TXT "the apex"
ns1.example. 3600 IN A 192.0.2.1
ns1.example. 3600 IN AAAA 2001:db8::1
mail.example. 600 IN A 192.0.2.25
www.example. 300 IN A 192.0.2.80
www.example. 300 IN A 192.0.2.81
www.example. 300 IN AAAA 2001:db8::80
Mixed.Example. 300 IN A 192.0.2.99
a.b.c.deep.example. 60 IN TXT "deep"
x.c.deep.example. 60 IN TXT "beside"
alias.example. 120 IN CNAME www.example.
alias2.example. 120 IN CNAME alias.example.
dangling.example. 120 IN CNAME nowhere.example.
empty.example. 120 IN CNAME deep.example.
outside.example. 120 IN CNAME www.elsewhere.invalid.
tother.example. 120 IN CNAME host.other.test.
tocut.example. 120 IN CNAME host.cut.example.
tochild.example. 120 IN CNAME www.child.example.
towild.example. 120 IN CNAME anything.wild.example.
loop1.example. 120 IN CNAME loop2.example.
loop2.example. 120 IN CNAME loop1.example.
self.example. 120 IN CNAME self.example.
*.wild.example. 240 IN TXT "wild"
*.wild.example. 240 IN A 192.0.2.42
named.wild.example. 240 IN TXT "named"
below.ent.wild.example. 240 IN TXT "below"
*.walias.example. 240 IN CNAME www.example.
*.wdangling.example. 240 IN CNAME nowhere.example.
sub.*.wsub.example. 240 IN TXT "below an asterisk"
*.wsrv.example. 240 IN SRV 0 0 5060 mail.example.
cut.example. 900 IN NS ns.cut.example.
cut.example. 900 IN NS ns.sibling.example.
cut.example. 900 IN NS ns1.example.
cut.example. 900 IN NS ns.elsewhere.invalid.
ns.cut.example. 900 IN A 192.0.2.100
ns.cut.example. 900 IN AAAA 2001:db8::100
sibling.example. 900 IN NS ns.sibling.example.
ns.sibling.example. 900 IN A 192.0.2.101
secure.example. 900 IN NS ns1.example.
secure.example. 900 IN DS \# 36 30390D02000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F
child.example. 900 IN NS ns1.example.
child.example. 900 IN DS \# 36 D4310D02101112131415161718191A1B1C1D1E1F000102030405060708090A0B0C0D0E0F
dname.example. 180 IN DNAME other.test.
dname.example. 180 IN TXT "at a DNAME"
toself.example. 180 IN DNAME up.toself.example.
long.example. 180 IN DNAME aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc.other.test.
srv.example. 60 IN SRV 1 2 443 www.example.
many.example. 60 IN TXT "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
`,
	"child.example.": `
child.example. 3600 IN SOA ns1.example. admin.example. 2 7200 900 1209600 30
child.example. 3600 IN NS ns1.example.
www.child.example. 60 IN A 192.0.2.7
back.child.example. 60 IN CNAME www.example.
`,
	"other.test.": `
other.test. 3600 IN SOA ns2.other.test. admin.other.test. 3 7200 900 1209600 7200
other.test. 3600 IN NS ns2.other.test.
ns2.other.test. 3600 IN A 192.0.2.2
host.other.test. 60 IN A 192.0.2.3
back.other.test. 60 IN CNAME alias2.example.
`,
}

// interopNames are what is asked for: names that exist, names below and beside
// them, and some of no zone.
const interopNames = `
example. nowhere.example. a.nowhere.example. *.example. test. www.test. .
ns1.example. x.ns1.example. mail.example. www.example. WWW.Example. mixed.example. x.www.example.
deep.example. c.deep.example. b.c.deep.example. a.b.c.deep.example. d.c.deep.example. z.a.b.c.deep.example. x.c.deep.example.
alias.example. x.alias.example. alias2.example. dangling.example. empty.example. outside.example. tother.example.
tocut.example. tochild.example. towild.example. loop1.example. loop2.example. self.example.
wild.example. *.wild.example. a.wild.example. a.b.wild.example. named.wild.example. a.named.wild.example.
ent.wild.example. x.ent.wild.example. below.ent.wild.example. a.*.wild.example.
x.walias.example. *.walias.example. walias.example. x.wdangling.example.
wsub.example. *.wsub.example. x.wsub.example. sub.*.wsub.example. y.*.wsub.example. x.sub.*.wsub.example.
x.wsrv.example.
cut.example. ns.cut.example. host.cut.example. a.b.cut.example. sibling.example. ns.sibling.example. x.sibling.example.
secure.example. x.secure.example.
child.example. www.child.example. x.child.example. back.child.example.
dname.example. x.dname.example. host.dname.example. back.dname.example. a.b.dname.example.
toself.example. x.toself.example.
dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd.long.example. d.long.example. long.example.
srv.example. many.example.
other.test. host.other.test. x.other.test. back.other.test.
`
