package house_test

import (
	"slices"
	"testing"

	"applayer/internal/house"
)

// floors are the internal packages that protocol packages stand on. The other
// internal packages serve tests alone.
var floors = []string{
	"internal/ascii", "internal/line", "internal/dot", "internal/reply", "internal/sasl",
	"internal/fsm", "internal/boundary", "internal/utf7", "internal/dialogue", "internal/session",
	"internal/lockfile", "internal/guess", "internal/durable",
}

// above is the floors and what else a row adds.
func above(more ...string) []string { return slices.Concat(more, floors) }

// Reasons that several rows share.
const (
	floorWhy    = "a floor is the standard library only, so that who imports it gets nothing else"
	dataWhy     = "it is data, read without a connection: internal floors only"
	protocolWhy = "who imports one protocol gets no other: sockets and the floors (not testkit, peers, golden or house, which serve tests), and the edges named"
)

// layers is the table of ARCHITECTURE: who may import whom within the module.
// Tests may import everything.
var layers = []house.Layer{
	{Who: "internal/ascii", Why: floorWhy},
	{Who: "internal/fsm", Why: floorWhy},
	{Who: "internal/sasl", Why: floorWhy},
	{Who: "internal/boundary", Why: floorWhy},
	{Who: "internal/utf7", Why: floorWhy},
	{Who: "internal/dialogue", Why: floorWhy},
	{Who: "internal/session", Why: floorWhy},
	{Who: "internal/lockfile", Why: floorWhy},
	{Who: "internal/guess", Why: floorWhy},
	{Who: "internal/durable", Why: floorWhy},
	{Who: "internal/testkit", Why: floorWhy},
	{Who: "internal/house", Why: floorWhy},
	{Who: "internal/house/...", May: []string{"internal/house"}, Why: "the house's programs are thin over the house"},
	{Who: "internal/line", May: []string{"internal/ascii"}, Why: "lines know classes of octets and nothing above"},
	{Who: "internal/dot", May: []string{"internal/line"}, Why: "dot-stuffing is about lines"},
	{Who: "internal/reply", May: []string{"internal/line"}, Why: "three-digit replies are lines"},
	{Who: "internal/sasl/sasltest", May: []string{"internal/sasl"}, Why: "it plays a protocol's mechanisms for tests, and nothing above"},
	{Who: "internal/peers", May: []string{"internal/testkit"}, Why: "it starts programs for tests, and nothing above"},
	{Who: "internal/golden", May: []string{"sockets/pcap", "internal/dialogue"}, Why: "it reads the two kinds of capture, and nothing above"},

	{Who: "sockets", May: floors, Why: "sockets is the ground floor: it stands on the internal floors, not on its own sub-packages"},
	{Who: "sockets/pcap", Why: "the golden tests of everything read captures with it: standard library only"},
	{Who: "sockets/...", May: above("sockets"), Why: "a sub-package of sockets stands on the floors and its parent"},

	{Who: "http1", May: above("sockets"), Why: protocolWhy},
	{Who: "http1/...", May: above("sockets", "http1"), Why: protocolWhy},
	{Who: "dns", May: above("sockets"), Why: protocolWhy},
	{Who: "dns/...", May: above("sockets", "dns"), Why: protocolWhy},
	{Who: "smtp", May: above("sockets"), Why: protocolWhy},
	{Who: "smtp/...", May: above("sockets", "smtp"), Why: protocolWhy},
	{Who: "pop3", May: above("sockets"), Why: protocolWhy},
	{Who: "imap", May: above("sockets"), Why: protocolWhy},
	{Who: "imap/...", May: above("sockets", "imap"), Why: protocolWhy},
	{Who: "ftp", May: above("sockets"), Why: protocolWhy},
	{Who: "mime", May: floors, Why: dataWhy},
	{Who: "mime/maildir", May: floors, Why: dataWhy},
	{Who: "mime/...", May: above("mime"), Why: "signatures and encryption are about MIME entities, read without a connection"},
	{Who: "bittorrent", May: above("sockets"), Why: protocolWhy},
	{Who: "bittorrent/bencode", May: floors, Why: dataWhy},
	{Who: "bittorrent/metainfo", May: floors, Why: dataWhy},
	{Who: "bittorrent/...", May: above("sockets", "bittorrent"), Why: protocolWhy},
	{Who: "dht", May: above("sockets"), Why: protocolWhy},
	{Who: "chord", May: above("sockets"), Why: protocolWhy},
	{Who: "dash", May: above("sockets"), Why: protocolWhy},

	{Who: "examples/...", May: []string{"sockets", "sockets/...", "http1", "http1/...", "dns", "dns/...", "smtp", "smtp/...", "pop3", "imap", "imap/...", "ftp", "mime", "mime/...", "bittorrent", "bittorrent/...", "dht", "chord", "dash", "internal/...", "examples/..."}, Why: "programs join everything"},
}

// edges are the named edges between siblings, each with its reason.
var edges = []house.Edge{
	{From: "imap", To: "mime", Why: "FETCH answers BODYSTRUCTURE and ENVELOPE, which are MIME's structure (RFC 9051 §7.5.2)"},
	{From: "ftp", To: "sockets/telnet", Why: "the control connection is a Telnet connection (RFC 959 §2.3)"},
	{From: "bittorrent", To: "http1", Why: "HTTP trackers and web seeds"},
	{From: "dht", To: "bittorrent/bencode", Why: "KRPC messages are bencoded dictionaries"},
	{From: "dash", To: "http1", Why: "segments are fetched over HTTP"},
	{From: "smtp/queue", To: "mime", Why: "a bounce is a multipart/report (RFC 3464 §2)"},
}

func TestLayers(t *testing.T) {
	none(t, house.CheckLayers(module(t), layers, edges))
}

func TestBan(t *testing.T) {
	none(t, house.CheckBan(module(t)))
}

func TestThirdParty(t *testing.T) {
	none(t, house.CheckThirdParty(module(t)))
}

func TestRequires(t *testing.T) {
	none(t, house.CheckRequires(module(t)))
}

// The table's own rows, each broken once in a module that is nothing else.
func TestLayersFindPlantedFaults(t *testing.T) {
	check := func(m *house.Module) []house.Fault { return house.CheckLayers(m, layers, edges) }
	imports := func(path string) string { return "package p\nimport _ \"" + path + "\"\n" }
	tests := []struct {
		name, file, imports string
		want                string // part of the fault; "" for none
	}{
		{"a floor imports nothing of ours", "internal/ascii/a.go", "m/internal/line", "internal/ascii may not import internal/line"},
		{"line stands on ascii", "internal/line/a.go", "m/internal/ascii", ""},
		{"dot stands on line alone", "internal/dot/a.go", "m/internal/fsm", "internal/dot may not import internal/fsm"},
		{"pcap is standard library only", "sockets/pcap/a.go", "m/internal/ascii", "sockets/pcap may not import internal/ascii"},
		{"golden reads captures", "internal/golden/a.go", "m/sockets/pcap", ""},
		{"golden does not reach sockets", "internal/golden/a.go", "m/sockets", "internal/golden may not import sockets"},
		{"sockets stands on a floor", "sockets/a.go", "m/internal/dialogue", ""},
		{"sockets does not import its sub-package", "sockets/a.go", "m/sockets/link", "sockets may not import sockets/link"},
		{"a sub-package may import its parent", "sockets/link/a.go", "m/sockets", ""},
		{"testkit serves tests", "sockets/a.go", "m/internal/testkit", "sockets may not import internal/testkit"},
		{"testkit in a test", "sockets/a_test.go", "m/internal/testkit", ""},
		{"peers serve tests", "http1/a.go", "m/internal/peers", "http1 may not import internal/peers"},
		{"peers start programs", "internal/peers/a.go", "m/internal/testkit", ""},
		{"siblings are apart", "smtp/a.go", "m/dns", "smtp may not import dns"},
		{"a named edge", "ftp/a.go", "m/sockets/telnet", ""},
		{"a named edge is not reversed", "sockets/telnet/a.go", "m/ftp", "sockets/telnet may not import ftp"},
		{"the edge is the sub-package's own", "smtp/a.go", "m/mime", "smtp may not import mime"},
		{"data does not import sockets", "mime/maildir/a.go", "m/sockets", "mime/maildir may not import sockets"},
		{"its own internal floor", "dns/zone/a.go", "m/dns/internal/wire", ""},
		{"programs join all", "examples/mail/server/a.go", "m/smtp/queue", ""},
		{"a package without a row", "util/a.go", "fmt", "no row in the table"},
		{"the standard library is not the table's business", "pop3/a.go", "net", ""},
		{"build tags do not hide an import", "pop3/a_windows.go", "m/dns", "pop3 may not import dns"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			planted(t, check, tt.want, tt.file, imports(tt.imports))
		})
	}
}

func TestBanFindsPlantedFaults(t *testing.T) {
	planted(t, house.CheckBan, "sockets/a.go:2: imports net/http", "sockets/a.go", "package p\nimport \"net/http\"\n")
	planted(t, house.CheckBan, "imports mime/multipart", "sockets/a_windows.go", "package p\nimport \"mime/multipart\"\n")
	planted(t, house.CheckBan, "imports net/rpc/jsonrpc", "examples/x/main.go", "package main\nimport \"net/rpc/jsonrpc\"\n")
	planted(t, house.CheckBan, "imports expvar", "examples/x/main.go", "package main\nimport \"expvar\"\n")
	planted(t, house.CheckBan, "", "mime/a.go", "package mime\nimport \"m/mime/cms\"\n")
	planted(t, house.CheckBan, "", "sockets/a_test.go", "package p\nimport \"net/http\"\n")
}

func TestThirdPartyFindsPlantedFaults(t *testing.T) {
	const testify = "github.com/stretchr/testify/assert"
	planted(t, house.CheckThirdParty, "imports "+testify, "sockets/a.go", "package p\nimport \""+testify+"\"\n")
	planted(t, house.CheckThirdParty, "imports "+testify, "internal/testkit/a.go", "package p\nimport \""+testify+"\"\n")
	planted(t, house.CheckThirdParty, "", "sockets/a_test.go", "package p\nimport \""+testify+"\"\n")
	planted(t, house.CheckThirdParty, "imports golang.org/x/net/html", "sockets/a_test.go", "package p\nimport \"golang.org/x/net/html\"\n")
	planted(t, house.CheckThirdParty, "", "internal/compare/a_test.go", "package p\nimport \"golang.org/x/net/html\"\n",
		"internal/compare/go.mod", "module c\n")
}

func TestRequiresFindPlantedFaults(t *testing.T) {
	planted(t, house.CheckRequires, "requires golang.org/x/net", "go.mod", "module m\n\nrequire (\n\tgithub.com/stretchr/testify v1.12.1\n\tgolang.org/x/net v0.50.0\n)\n")
	planted(t, house.CheckRequires, "requires golang.org/x/net", "go.mod", "module m\nrequire golang.org/x/net v0.50.0\n")
	planted(t, house.CheckRequires, "", "go.mod", "module m\nrequire github.com/stretchr/testify v1.12.1\nrequire go.yaml.in/yaml/v3 v3.0.5 // indirect\n")
}
