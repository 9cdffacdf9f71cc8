package resolver_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A whole file with one of each thing the format has.
const everyWord = `; a comment
server:
	query-minimization: off	# a comment of the other kind
	stub-addr: "192.0.2.1"
	forward-zone: name: "." forward-addr: 2001:db8::53
CONFIG_END
SCENARIO_BEGIN every word ; once
$ORIGIN example
$TTL 60
RANGE_BEGIN 0 30
	ADDRESS 192.0.2.1
	ADDRESS 2001:db8::1
	ENTRY_BEGIN
	MATCH opcode qtype qname
	MATCH UDP
	ADJUST copy_id sleep=2
	REPLY QR AA NOERROR
	SECTION QUESTION
	www IN A
	SECTION ANSWER
	www 5 IN TXT "a;b" ; text
	SECTION AUTHORITY
	EXTRA_PACKET
	REPLY QR SERVFAIL
	ENTRY_END
RANGE_END

STEP 1 QUERY ADDRESS 203.0.113.7 TCP
ENTRY_BEGIN
REPLY RD DO
SECTION QUESTION
www.example. IN A
HEX_EDNSDATA_BEGIN
	00 0a 00 08 ; cookie
	0102030405060708
HEX_EDNSDATA_END
ENTRY_END
STEP 2 TIME_PASSES ELAPSE 1.5
STEP 3 CHECK_TRAFFIC SINCE 1 ADDRESS 192.0.2.1 MIN 1 MAX 4
STEP 4 TIMEOUT
STEP 5 REPLY
ENTRY_BEGIN
SECTION QUESTION
. IN NS
HEX_ANSWER_BEGIN
00ff
HEX_ANSWER_END
ENTRY_END
STEP 6 TIME_PASSES EVAL ${10 + 2}
SCENARIO_END
what follows is not read
`

func TestScenarioReader(t *testing.T) {
	s, err := parseScenario(everyWord)
	require.NoError(t, err)
	assert.Equal(t, "every word", s.Title)
	assert.Equal(t, []setting{{"server", "", 2}, {"query-minimization", "off", 3}, {"stub-addr", "192.0.2.1", 4}, {"forward-zone", "", 5}, {"name", ".", 5}, {"forward-addr", "2001:db8::53", 5}}, s.Config)

	require.Len(t, s.Ranges, 1)
	g := s.Ranges[0]
	assert.Equal(t, []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}, g.Addresses)
	assert.Equal(t, []int{0, 30}, []int{g.From, g.To})
	require.Len(t, g.Entries, 1)
	e := g.Entries[0]
	assert.Equal(t, []string{"opcode", "qtype", "qname", "UDP"}, e.Match)
	require.Len(t, e.Packets, 2)
	assert.Equal(t, []string{"copy_id", "sleep=2"}, e.Packets[0].Adjust)
	assert.Equal(t, []string{"QR", "AA", "NOERROR"}, e.Packets[0].Reply)
	assert.Equal(t, [4]section{
		{true, []recordText{{"www IN A", "example.", "60", 19}}},
		{true, []recordText{{`www 5 IN TXT "a;b"`, "example.", "60", 21}}},
		{true, nil},
		{false, nil},
	}, e.Packets[0].Sections)
	assert.Equal(t, []string{"QR", "SERVFAIL"}, e.Packets[1].Reply)

	require.Len(t, s.Steps, 6)
	ask := s.Steps[0]
	assert.Equal(t, "QUERY", ask.Kind)
	assert.Equal(t, netip.MustParseAddr("203.0.113.7"), ask.Addr)
	assert.True(t, ask.TCP)
	assert.Equal(t, []byte{0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8}, ask.Entry.Packets[0].EDNS)
	assert.Equal(t, 1500*time.Millisecond, s.Steps[1].Elapse)
	assert.Equal(t, []int{1, 1, 4}, []int{s.Steps[2].Since, s.Steps[2].Min, s.Steps[2].Max})
	assert.Equal(t, []byte{0, 255}, s.Steps[4].Entry.Packets[0].Raw)
	assert.Equal(t, stepUnplayed, stepKinds[s.Steps[5].Kind], "an expression is not played")
}

func TestScenarioRangeServes(t *testing.T) {
	one, two := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	g := scenarioRange{From: 2, To: 4, Addresses: []netip.Addr{one}}
	assert.False(t, g.serves(1, one), "before the first step")
	assert.True(t, g.serves(2, one), "the first step belongs to it")
	assert.True(t, g.serves(4, one), "the last step belongs to it")
	assert.False(t, g.serves(5, one), "after the last step")
	assert.False(t, g.serves(3, two), "another server")
	g.Addresses = nil
	assert.True(t, g.serves(3, two), "without addresses it stands for every server")
}

func TestScenarioReaderRefuses(t *testing.T) {
	in := func(body string) string { return "CONFIG_END\nSCENARIO_BEGIN x\n" + body + "\nSCENARIO_END\n" }
	query := "ENTRY_BEGIN\nSECTION QUESTION\n. IN NS\nENTRY_END\n"
	tests := []struct {
		name, in string
		line     int
	}{
		{"nothing at all", "", 1},
		{"no end", "SCENARIO_BEGIN x\n", 2},
		{"a word that is no setting", "hello\n", 1},
		{"steps fall", in("STEP 2 NOTHING\nSTEP 1 NOTHING"), 4},
		{"two steps of one number", in("STEP 2 NOTHING\nSTEP 2 NOTHING"), 4},
		{"a step without its entry", in("STEP 1 QUERY"), 3},
		{"an entry without a step", in(query), 3},
		{"two entries for a step", in("STEP 1 QUERY\n" + query + query), 8},
		{"an unknown step", in("STEP 1 JUMP"), 3},
		{"a step without a kind", in("STEP 1"), 3},
		{"a step of no number", in("STEP one QUERY\n" + query), 3},
		{"an unknown word of a step", in("STEP 1 NOTHING PLEASE 1"), 3},
		{"an option without its value", in("STEP 1 CHECK_TRAFFIC MAX"), 3},
		{"no time", in("STEP 1 TIME_PASSES ELAPSE soon"), 3},
		{"time goes back", in("STEP 1 TIME_PASSES ELAPSE -1s"), 3},
		{"a range of one step", in("RANGE_BEGIN 1\nRANGE_END"), 3},
		{"a range of no number", in("RANGE_BEGIN 1 x\nRANGE_END"), 3},
		{"a range that starts nowhere", in("RANGE_BEGIN x 1\nRANGE_END"), 3},
		{"a range without an end", in("RANGE_BEGIN 1 2"), 4},
		{"no address", in("RANGE_BEGIN 1 2\nADDRESS example.com\nRANGE_END"), 4},
		{"an entry without an end", in("STEP 1 QUERY\nENTRY_BEGIN"), 5},
		{"a record outside a section", in("STEP 1 QUERY\nENTRY_BEGIN\n. IN NS\nENTRY_END"), 5},
		{"an unknown section", in("STEP 1 QUERY\nENTRY_BEGIN\nSECTION PREREQUISITE\nENTRY_END"), 5},
		{"digits that are none", in("STEP 1 QUERY\nENTRY_BEGIN\nHEX_ANSWER_BEGIN\n0g\nHEX_ANSWER_END\nENTRY_END"), 6},
		{"digits without an end", in("STEP 1 QUERY\nENTRY_BEGIN\nHEX_ANSWER_BEGIN\n00"), 7},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseScenario(tt.in)
			var at *rplError
			require.ErrorAs(t, err, &at)
			assert.Equal(t, tt.line, at.Line, "%v", err)
		})
	}
}

func TestScenarioReaderRaw(t *testing.T) {
	s, err := parseScenario("SCENARIO_BEGIN raw\nSTEP 1 QUERY\nENTRY_BEGIN\nRAW\nb5c9ca3d\n5010\nSECTION QUESTION\n. IN NS\nENTRY_END\nSCENARIO_END\n")
	require.NoError(t, err)
	p := s.Steps[0].Entry.Packets[0]
	assert.Equal(t, []byte{0xb5, 0xc9, 0xca, 0x3d, 0x50, 0x10}, p.Raw)
	assert.Len(t, p.Sections[0].Records, 1, "the line that ends the digits is read on")
}

func TestScenarioReaderBlocks(t *testing.T) {
	s, err := parseScenario("AUTOTRUST_FILE x\nanything: goes\nSTEP\nAUTOTRUST_END\nTEMPFILE_NAME x\nTEMPFILE_CONTENTS x\nSTEP\nTEMPFILE_END\nCONFIG_END\nSCENARIO_BEGIN\nTITLE late\nSCENARIO_END\n")
	require.NoError(t, err)
	assert.Empty(t, s.Config, "files of other programs are passed over")
	assert.Equal(t, "late", s.Title)
}

// Each file of ours is read, has its rule in its first line and is named for it.
func TestScenarioFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/scenarios/*.rpl")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		first, _, _ := strings.Cut(string(text), "\n")
		assert.True(t, strings.HasPrefix(first, "; ") && strings.Contains(first, ": "), "%s: first line %q tells no rule", file, first)
		s, err := parseScenario(string(text))
		require.NoError(t, err, file)
		assert.NotEmpty(t, s.Title, file)
		assert.NotEmpty(t, s.Steps, file)
	}
}

func FuzzScenarioReader(f *testing.F) {
	f.Add(everyWord)
	f.Add("SCENARIO_BEGIN x\nSCENARIO_END")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseScenario(text)
		if err != nil {
			return
		}
		last := -1
		for _, st := range s.Steps {
			assert.Greater(t, st.Number, last, "steps rise")
			last = st.Number
			if stepKinds[st.Kind] == stepEntry {
				assert.NotNil(t, st.Entry, "step %d", st.Number)
			}
		}
	})
}
