package zone_test

// rareZones are zones with what few have.
var rareZones = map[string]string{
	".": `
. 3600 IN SOA a.root. admin.root. 1 7200 900 1209600 300
. 3600 IN NS a.root.
. 3600 IN NS b.servers.net.
a.root. 3600 IN A 192.0.2.1
net. 3600 IN NS ns.net.
net. 3600 IN NS a.root.
ns.net. 3600 IN A 192.0.2.2
org. 3600 IN NS ns.dns.org.
org. 3600 IN NS ns.b.org.
org. 3600 IN NS a.root.
ns.dns.org. 3600 IN A 192.0.2.3
ns.b.org. 3600 IN AAAA 2001:db8::3
*. 60 IN TXT "wild root"
arpa. 3600 IN NS a.root.
b.b.deleg. 3600 IN NS a.root.
x.y.z.b.b.deleg. 3600 IN A 192.0.2.9
`,
	"dn.": `
dn. 3600 IN SOA a.root. admin.root. 1 7200 900 1209600 300
dn. 3600 IN NS a.root.
dn. 60 IN DNAME net2.
dn. 60 IN TXT "apex of a DNAME"
`,
	"net2.": `
net2. 3600 IN SOA a.root. admin.root. 1 7200 900 1209600 300
net2. 3600 IN NS a.root.
*.net2. 60 IN A 192.0.2.70
www.net2. 60 IN A 192.0.2.71
`,
	"nasty.": `
nasty. 3600 IN SOA ns.nasty. admin.nasty. 1 7200 900 1209600 300
nasty. 3600 IN NS ns.nasty.
ns.nasty. 3600 IN A 192.0.2.1
*.nasty. 60 IN MX 10 ns.nasty.
cut.nasty. 60 IN NS ns.cut.nasty.
cut.nasty. 60 IN NS ns.sub.cut.nasty.
ns.cut.nasty. 60 IN A 192.0.2.4
*.cut.nasty. 60 IN A 192.0.2.5
sub.cut.nasty. 60 IN NS ns.sub.cut.nasty.
ns.sub.cut.nasty. 60 IN A 192.0.2.6
wcut.nasty. 60 IN NS ns.wild.wcut.nasty.
*.wild.wcut.nasty. 60 IN A 192.0.2.4
a\.b.nasty. 60 IN A 192.0.2.10
a.b.nasty. 60 IN A 192.0.2.11
\000.nasty. 60 IN A 192.0.2.12
\001.nasty. 60 IN A 192.0.2.13
a\000b.nasty. 60 IN A 192.0.2.14
\255.nasty. 60 IN A 192.0.2.15
x.\000.nasty. 60 IN A 192.0.2.16
\@.nasty. 60 IN A 192.0.2.17
\*.esc.nasty. 60 IN TXT "an asterisk by escape"
\*x.esc2.nasty. 60 IN TXT "no wildcard"
**.esc3.nasty. 60 IN TXT "no wildcard"
wc.nasty. 60 IN CNAME wc2.w.nasty.
*.w.nasty. 60 IN CNAME x.w.nasty.
*.v.nasty. 60 IN CNAME a.v2.nasty.
*.v2.nasty. 60 IN CNAME b.v3.nasty.
b.v3.nasty. 60 IN TXT "end of wild chain"
d1.nasty. 60 IN DNAME d2.nasty.
d2.nasty. 60 IN DNAME d3.nasty.
x.d3.nasty. 60 IN TXT "two DNAMEs"
cn.d3.nasty. 60 IN CNAME y.d1.nasty.
y.d3.nasty. 60 IN TXT "round again"
dcut.nasty. 60 IN DNAME cut.nasty.
toent.nasty. 60 IN CNAME ent.nasty.
a.ent.nasty. 60 IN TXT "below"
c1.nasty. 60 IN CNAME c2.nasty.
c2.nasty. 60 IN CNAME c3.nasty.
c3.nasty. 60 IN CNAME c4.nasty.
c4.nasty. 60 IN CNAME c5.nasty.
c5.nasty. 60 IN CNAME c6.nasty.
c6.nasty. 60 IN TXT "six links"
tocutname.nasty. 60 IN CNAME cut.nasty.
towildcut.nasty. 60 IN CNAME x.cut.nasty.
mx.nasty. 60 IN MX 1 ns.cut.nasty.
mx.nasty. 60 IN MX 2 \001.nasty.
mx.nasty. 60 IN MX 3 anything.nasty.
aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc.dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd.123.nasty. 60 IN A 192.0.2.20
1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.nasty. 60 IN A 192.0.2.21
soam.nasty. 60 IN MINFO MiXed.NaSty. ns.nasty.
wds.nasty. 60 IN NS ns.nasty.
wds.nasty. 60 IN DS \# 36 30390D02000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F
TYPE.nasty. 60 IN TYPE65280 \# 3 010203
`,
}

// rareNames are what is asked for there.
const rareNames = `
. x. a.b.c. net. ns.net. x.net. org. ns.dns.org. x.org. a.root. root. b.root. arpa. x.arpa. deleg. b.deleg. b.b.deleg. x.b.deleg. x.y.z.b.b.deleg. y.z.b.b.deleg. *. x.*. 
dn. www.dn. x.dn. a.b.dn. *.dn. net2. x.net2. www.net2. *.net2. a.www.net2.
nasty. x.nasty. x.y.nasty. *.nasty. x.*.nasty. ns.nasty. x.ns.nasty. cut.nasty. ns.cut.nasty. x.cut.nasty. *.cut.nasty. sub.cut.nasty. x.sub.cut.nasty. ns.sub.cut.nasty. wcut.nasty. x.wild.wcut.nasty.
a\.b.nasty. a.b.nasty. b.nasty. x.b.nasty. \000.nasty. \001.nasty. x.\000.nasty. y.\000.nasty. x.\001.nasty. a\000b.nasty. \255.nasty. \@.nasty. \000\000.nasty. a\000.nasty. \254.nasty.
esc.nasty. x.esc.nasty. *.esc.nasty. esc2.nasty. x.esc2.nasty. xx.esc2.nasty. *x.esc2.nasty. x.esc3.nasty. **.esc3.nasty.
wc.nasty. x.w.nasty. y.w.nasty. w.nasty. x.y.w.nasty. x.v.nasty. x.v2.nasty. c.v3.nasty. v3.nasty.
d1.nasty. x.d1.nasty. y.d1.nasty. z.d1.nasty. cn.d1.nasty. x.d2.nasty. cn.d3.nasty. d3.nasty. x.dcut.nasty. dcut.nasty. sub.dcut.nasty. x.sub.dcut.nasty.
toent.nasty. ent.nasty. a.ent.nasty. b.ent.nasty. c1.nasty. tocutname.nasty. towildcut.nasty. mx.nasty. soam.nasty. wds.nasty. x.wds.nasty. type.nasty. TyPe.NaStY.
aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc.dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd.123.nasty.
xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc.dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd.123.nasty.
1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.nasty.
2.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.nasty.
`
