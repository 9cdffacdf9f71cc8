package mime_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

// one and two are lists of mailboxes; each is name, local part and domain.
func one(name, local, domain string) mime.AddressList {
	return mime.AddressList{{Mailbox: mime.Mailbox{Name: name, Local: local, Domain: domain}}}
}

func two(name, local, domain, name2, local2, domain2 string) mime.AddressList {
	return append(one(name, local, domain), one(name2, local2, domain2)...)
}

func group(name string, members ...mime.Mailbox) mime.Address {
	return mime.Address{Mailbox: mime.Mailbox{Name: name}, Group: true, Members: members}
}

func box(name, local, domain string) mime.Mailbox {
	return mime.Mailbox{Name: name, Local: local, Domain: domain}
}

var addressTests = []struct {
	name, in string
	want     mime.AddressList
	defects  []mime.DefectCode
}{
	{"822-A.1.1", "Alfred Neuman <Neuman@BBN-TENEXA>", one("Alfred Neuman", "Neuman", "BBN-TENEXA"), nil},
	{"822-A.1.2", "Neuman@BBN-TENEXA", one("", "Neuman", "BBN-TENEXA"), nil},
	{"822-A.1.3", `"George, Ted" <Shared@Group.Arpanet>`, one("George, Ted", "Shared", "Group.Arpanet"), nil},
	{"822-A.1.4", "Wilt . (the  Stilt) Chamberlain@NBA.US", one("the  Stilt", "Wilt.Chamberlain", "NBA.US"), nil},
	{"822-A.1.5 groups", "Gourmets:  Pompous Person <WhoZiWhatZit@Cordon-Bleu>,\r\n           Childs@WGBH.Boston, \"Galloping Gourmet\"@\r\n" +
		"           ANT.Down-Under (Australian National Television),\r\n           Cheapie@Discount-Liquors;,\r\n  Cruisers:  Port@Portugal, Jones@SEA;,\r\n    Another@Somewhere.SomeOrg",
		append(mime.AddressList{
			group("Gourmets", box("Pompous Person", "WhoZiWhatZit", "Cordon-Bleu"), box("", "Childs", "WGBH.Boston"),
				box("Australian National Television", "Galloping Gourmet", "ANT.Down-Under"), box("", "Cheapie", "Discount-Liquors")),
			group("Cruisers", box("", "Port", "Portugal"), box("", "Jones", "SEA")),
		}, one("", "Another", "Somewhere.SomeOrg")...), nil},
	{"822-A.1.5 as it is printed", "Galloping Gourmet@\r\n ANT.Down-Under", one("Galloping", "Gourmet", "ANT.Down-Under"), []mime.DefectCode{mime.DefectNoBrackets}},
	{"822-A.2.3 no space", "George Jones<Shared@Group.Org>", one("George Jones", "Shared", "Group.Org"), nil},
	{"822-A.2.6 dot last", "Jones@Registry.", one("", "Jones", "Registry."), []mime.DefectCode{mime.DefectStrayDot}},
	{"5322-A.1.2", "\"Joe Q. Public\" <john.q.public@example.com>", one("Joe Q. Public", "john.q.public", "example.com"), nil},
	{"5322-A.1.2 list", "Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
		append(two("Mary Smith", "mary", "x.test", "", "jdoe", "example.org"), one("Who?", "one", "y.test")...), nil},
	{"5322-A.1.2 quoted pairs", `<boss@nil.test>, "Giant; \"Big\" Box" <sysservices@example.net>`, two("", "boss", "nil.test", `Giant; "Big" Box`, "sysservices", "example.net"), nil},
	{"5322-A.1.3 group", "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
		mime.AddressList{group("A Group", box("Ed Jones", "c", "a.test"), box("", "joe", "where.test"), box("John", "jdoe", "one.test"))}, nil},
	{"5322-A.1.3 empty group", "Undisclosed recipients:;", mime.AddressList{group("Undisclosed recipients")}, nil},
	{"5322-A.5 comments", `Pete(A nice \) chap) <pete(his account)@silly.test(his host)>`, one("Pete", "pete", "silly.test"), nil},
	{"5322-A.5 comments in a group", "A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n         joe@example.org,\r\n  John <jdoe@one.test> (my dear friend); (the end of the group)",
		mime.AddressList{group("A Group", box("Chris Jones", "c", "public.example"), box("", "joe", "example.org"), box("John", "jdoe", "one.test"))}, nil},
	{"5322-A.5 comments around an empty group", "(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", mime.AddressList{group("Hidden recipients")}, nil},
	{"5322-A.6.1 phrase with a dot", "Joe Q. Public <john.q.public@example.com>", one("Joe Q. Public", "john.q.public", "example.com"), nil},
	{"5322-A.6.1 route, empty members", "Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example", two("Mary Smith", "mary", "example.net", "", "jdoe", "test.example"), nil},
	{"6854-2.3 group in From", "Managing Partners:ben@example.com,carol@example.com;", mime.AddressList{group("Managing Partners", box("", "ben", "example.com"), box("", "carol", "example.com"))}, nil},
	{"2047-8", "=?ISO-8859-1?Q?Andr=E9?= Pirard <PIRARD@vm1.ulg.ac.be>", one("André Pirard", "PIRARD", "vm1.ulg.ac.be"), nil},
	{"2047-8 in a comment", "nsb@thumper.bellcore.com (=?iso-8859-8?b?7eXs+SDv4SDp7Oj08A==?=)", one("םולש ןב ילטפנ", "nsb", "thumper.bellcore.com"), nil},

	{"2047-8 comment (a)", "x@y (=?ISO-8859-1?Q?a?=)", one("a", "x", "y"), nil},
	{"2047-8 comment (a b)", "x@y (=?ISO-8859-1?Q?a?= b)", one("a b", "x", "y"), nil},
	{"2047-8 comment (ab)", "x@y (=?ISO-8859-1?Q?a?=\r\n       =?ISO-8859-1?Q?b?=)", one("ab", "x", "y"), nil},
	{"2047-8 comment (a b) by an underscore", "x@y (=?ISO-8859-1?Q?a_b?=)", one("a b", "x", "y"), nil},
	{"2047-8 comment (a b) by another charset", "x@y (=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", one("a b", "x", "y"), nil},
	{"2231-5 language", "=?US-ASCII*EN?Q?Keith_Moore?= <moore@cs.utk.edu>", one("Keith Moore", "moore", "cs.utk.edu"), nil},

	{"empty", "", nil, nil},
	{"blank and commas", " , ,\r\n ,", nil, nil},
	{"5321-4.4 null path", "<>", one("", "", ""), nil},
	{"null path with a name", "Nobody < >", one("Nobody", "", ""), nil},
	{"name in a comment", "md@x (Marco)", one("Marco", "md", "x"), nil},
	{"name in a comment before", "(Marco) md@x", one("Marco", "md", "x"), nil},
	{"name in a comment behind brackets", "<md@x> (Marco (junior))", one("Marco (junior)", "md", "x"), nil},
	{"name in a comment within brackets", "<md@x(Marco)>", one("Marco", "md", "x"), nil},
	{"comments of other members", "a@x, (b) b@x (bb), c@x", append(two("", "a", "x", "bb", "b", "x"), one("", "c", "x")...), nil},
	{"an empty name in quotes", `"" <a@x>`, one("", "a", "x"), nil},
	{"5322-3.4.1 quoted local part", `"a b"@x, <"@"@x>`, two("", "a b", "x", "", "@", "x"), nil},
	{"5322-4.4 obs-local-part", `"a b" . c . "d@e" @ x . y`, one("", "a b.c.d@e", "x.y"), nil},
	{"5322-4.4 in brackets", "<a (b) . c @ (d) x . y>", one("d", "a.c", "x.y"), nil},
	{"5321-4.1.3 domain literals", "a@[192.0.2.1], <b@[IPv6:2001:db8::1]>", two("", "a", "[192.0.2.1]", "", "b", "[IPv6:2001:db8::1]"), nil},
	{"5322-4.4 a long route", "<@a,@b , ,@[1.2.3.4]:c@d>", one("", "c", "d"), nil},
	{"6532-3.2 UTF-8", "Köln <grüße@bücher.example>", one("Köln", "grüße", "bücher.example"), nil},
	{"7103-7.7 other octets", "K\xf6ln <gr\xfc\xdfe@x>", one("Köln", "grüße", "x"), []mime.DefectCode{mime.DefectUnlabelled8Bit, mime.DefectUnlabelled8Bit}},
	{"words run together", `J."R" "R"<a@x>`, one("J.R R", "a", "x"), nil},
	{"2047-6.2 an encoded comma and an encoded at", "=?utf-8?Q?Doe=2C_J=40x?= <a@x>, b@x", two("Doe, J@x", "a", "x", "", "b", "x"), nil},
	{"2047-6.2 words are joined", "=?utf-8?Q?=C3?=\r\n =?utf-8?Q?=B6?= (c) =?iso-8859-1?Q?=E4?= x <a@x>", one("öä x", "a", "x"), nil},
	{"2047-5 dots in a word", "=?utf-8?Q?J._Doe?= <a@x>", one("J. Doe", "a", "x"), nil},
	{"2047-5 a comma in a word", "=?utf-8?Q?Doe, J?= <a@x>", one("Doe, J", "a", "x"), []mime.DefectCode{mime.DefectBadEncodedWord, mime.DefectBadEncodedWord}},
	{"2047-5 no word, as there are addresses in it", "=?utf-8?Q?a@x, b@x?=", two("", "=?utf-8?Q?a", "x", "", "b", "x?="), nil},
	{"2047-5 not a word within brackets", "=?utf-8?Q?a <a@x>", one("=?utf-8?Q?a", "a", "x"), nil},
	{"2047-5 a word in quotes", `"=?utf-8?Q?=C3=B6?=" <a@x>`, one("ö", "a", "x"), []mime.DefectCode{mime.DefectEncodedWordPlace}},
	{"2047-5 words run together", `x=?utf-8?Q?a?= "y"=?utf-8?Q?b?= <a@x>`, one(`x=?utf-8?Q?a?= yb`, "a", "x"), []mime.DefectCode{mime.DefectEncodedWordPlace}},
	{"2047-5 a word in an address stays", "=?utf-8?Q?a?=@x", one("", "=?utf-8?Q?a?=", "x"), nil},
	{"2047-6.2 unknown charset", "=?x-what?Q?a?= <a@x>", one("=?x-what?Q?a?=", "a", "x"), []mime.DefectCode{mime.DefectUnknownCharset}},
	{"a line end in a word", "=?utf-8?Q?a=0D=0Ab?= <a@x>", one("a  b", "a", "x"), []mime.DefectCode{mime.DefectControlCharacter}},
	{"a line end in quotes", "\"a\\\nb\" <a@x>", one("a b", "a", "x"), []mime.DefectCode{mime.DefectControlCharacter}},

	{"7103-7.1.1 route", "<@example.net:fran@example.com>", one("", "fran", "example.com"), nil},
	{"7103-7.1.2 too many brackets", "<<<user2@example.org>>>", one("", "user2", "example.org"), slices.Repeat([]mime.DefectCode{mime.DefectStrayBracket}, 4)},
	{"7103-7.1.3 open bracket", "<another@example.net", one("", "another", "example.net"), []mime.DefectCode{mime.DefectUnclosedBracket}},
	{"7103-7.1.3 closing bracket", "second@example.org>", one("", "second", "example.org"), []mime.DefectCode{mime.DefectStrayBracket}},
	{"7103-7.1.4 open parenthesis", "(Testing <fran@example.com>", one("Testing", "fran", "example.com"), []mime.DefectCode{mime.DefectUnclosedComment}},
	{"7103-7.1.4 closing parenthesis", "Testing) <sam@example.com>", one("Testing)", "sam", "example.com"), []mime.DefectCode{mime.DefectSpecialInName}},
	{"7103-7.1.5 comma in brackets", "<third@example.net, fourth@example.net>", two("", "third", "example.net", "", "fourth", "example.net"),
		[]mime.DefectCode{mime.DefectUnclosedBracket, mime.DefectStrayBracket}},
	{"7103-7.1.6 open quote", `"Joe <joe@example.com>`, one("Joe", "joe", "example.com"), []mime.DefectCode{mime.DefectUnclosedQuote}},
	{"7103-7.1.7 no address", "Joe", one("", "Joe", ""), []mime.DefectCode{mime.DefectNoDomain}},

	{"open quote before a comma", `"Joe, bob@x`, two("Joe", "", "", "", "bob", "x"), []mime.DefectCode{mime.DefectUnclosedQuote, mime.DefectNoAddress}},
	{"open quote behind an address", `a@x, "Joe <joe@x>, b@x`, append(two("", "a", "x", "Joe", "joe", "x"), one("", "b", "x")...), []mime.DefectCode{mime.DefectUnclosedQuote}},
	{"two words and no address", "Joe Doe", one("Joe Doe", "", ""), []mime.DefectCode{mime.DefectNoAddress}},
	{"quoted words and no address", `"Joe"`, one("Joe", "", ""), []mime.DefectCode{mime.DefectNoAddress}},
	{"no domain in brackets", "Joe <joe>", one("Joe", "joe", ""), []mime.DefectCode{mime.DefectNoDomain}},
	{"a name without brackets", "Joe Doe joe@x", one("Joe Doe", "joe", "x"), []mime.DefectCode{mime.DefectNoBrackets}},
	{"a@x <a@x>", "a@x <a@x>", one("a@x", "a", "x"), []mime.DefectCode{mime.DefectAddressAsName}},
	{"a@x <b@y>, with a comment", "a@x (c) <b@y>", one("a@x (c)", "b", "y"), []mime.DefectCode{mime.DefectAddressAsName}},
	{"two ats", "a@b@c", one("", "a@b", "c"), []mime.DefectCode{mime.DefectTwoAts}},
	{"three ats in brackets", "<a@b@c@d>", one("", "a@b@c", "d"), []mime.DefectCode{mime.DefectBadAddrSpec}},
	{"no local part", "@x", one("", "", "x"), []mime.DefectCode{mime.DefectBadAddrSpec}},
	{"no local part in brackets", "<@x>", one("", "", "x"), []mime.DefectCode{mime.DefectBadAddrSpec}},
	{"no domain behind the at", "a@, b@x", two("", "a", "", "", "b", "x"), []mime.DefectCode{mime.DefectBadAddrSpec}},
	{"stray dots", "a.@x, .b@x, c..d@x, <e.@x>", append(two("", "a.", "x", "", ".b", "x"), two("", "c..d", "x", "", "e.", "x")...), slices.Repeat([]mime.DefectCode{mime.DefectStrayDot}, 4)},
	{"stray dots apart", "a . . b@x", one("", "a..b", "x"), []mime.DefectCode{mime.DefectStrayDot}},
	{"a space in the local part", "<joe doe@x>", one("", "joe doe", "x"), []mime.DefectCode{mime.DefectBadAddrSpec}},
	{"an open quote in brackets", `<"joe@x>`, one("", "joe", "x"), []mime.DefectCode{mime.DefectUnclosedQuote, mime.DefectBadAddrSpec}},
	{"mailto", "mailto:joe@x, <mailto:bob@x>", two("", "joe", "x", "", "bob", "x"), []mime.DefectCode{mime.DefectMailto, mime.DefectBadAddrSpec}},
	{"no end of anything", "Joe <joe", one("Joe", "joe", ""), []mime.DefectCode{mime.DefectBadAddrSpec, mime.DefectUnclosedBracket}},
	{"semicolons between addresses", "a@x; b@x;", two("", "a", "x", "", "b", "x"), slices.Repeat([]mime.DefectCode{mime.DefectSemicolon}, 2)},
	{"no comma", "<a@x> <b@x>", two("", "a", "x", "", "b", "x"), []mime.DefectCode{mime.DefectMissingComma}},
	{"no comma and no brackets", "a@x b@x", two("", "a", "x", "", "b", "x"), []mime.DefectCode{mime.DefectMissingComma}},
	{"brackets in a name", "[List] Joe <joe@x>", one("[List] Joe", "joe", "x"), []mime.DefectCode{mime.DefectSpecialInName}},
	{"brackets alone", ">, ]", nil, slices.Repeat([]mime.DefectCode{mime.DefectSpecialInName}, 2)},
	{"NUL in a name", "a\x00b <joe@x>", one("a b", "joe", "x"), []mime.DefectCode{mime.DefectSpecialInName, mime.DefectControlCharacter}},
	{"an open group", "A: a@x, b@x", mime.AddressList{group("A", box("", "a", "x"), box("", "b", "x"))}, []mime.DefectCode{mime.DefectUnclosedGroup}},
	{"a group in a group", "A: a@x, B: b@x;, c@x", append(mime.AddressList{group("A", box("", "a", "x")), group("B", box("", "b", "x"))}, one("", "c", "x")...), []mime.DefectCode{mime.DefectUnclosedGroup}},
	{"a colon alone", ": a@x", one("", "a", "x"), []mime.DefectCode{mime.DefectSpecialInName, mime.DefectMissingComma}},
	{"a group without a name", `"": a@x;`, mime.AddressList{group("", box("", "a", "x"))}, nil},
}

func TestParseAddressList(t *testing.T) {
	for _, tt := range addressTests {
		t.Run(tt.name, func(t *testing.T) {
			got, defects, err := mime.ParseAddressList(tt.in, nil)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.defects, codes(defects))

			_, _, err = mime.ParseAddressList(tt.in, &mime.Options{Strict: true})
			assert.Equal(t, len(tt.defects) > 0, err != nil, "strict: %v", err)
		})
	}
}

func TestParseAddressListOffsets(t *testing.T) {
	_, _, err := mime.ParseAddressList("a@x, <b@x, c@x", &mime.Options{Strict: true})
	var e *mime.ParseError
	require.ErrorAs(t, err, &e)
	assert.Equal(t, &mime.ParseError{Offset: 5, What: "unclosed bracket", Ref: "RFC 5322 §3.4"}, e)
}

func TestParseAddressListLimits(t *testing.T) {
	opts := &mime.Options{Limits: mime.Limits{MaxAddresses: 2}}
	for _, in := range []string{"a@x, b@x, c@x, d@x", "A: a@x, b@x, c@x;", "A:;, B:;, C:;"} {
		l, defects, err := mime.ParseAddressList(in, opts)
		require.NoError(t, err)
		n := 0
		for _, a := range l {
			n++
			n += len(a.Members)
		}
		assert.Equal(t, 2, n, in)
		assert.Equal(t, &mime.LimitError{Name: "MaxAddresses", Max: 2}, defects[0].Err, in)
	}
}

// TestParseAddressListManyStarts reads lists in which each octet could begin a
// search to the end: they would take hours if it did.
func TestParseAddressListManyStarts(t *testing.T) {
	opts := &mime.Options{Limits: mime.Limits{MaxAddresses: -1, MaxCommentDepth: -1}}
	for _, s := range []string{"<", "\"", "(", "(,", "\\\"", "[", "a@[", "a.", "a. ", "a@", "@", ":", "a:", "=?", "=?a?q?", "=?a?q?b,", "<\"", "<@", "<(", "\\", "a ", "\"a\".", "<a b,", ")>"} {
		in := strings.Repeat(s, 1<<17/len(s))
		_, defects, err := mime.ParseAddressList(in, opts)
		require.NoError(t, err)
		assert.LessOrEqual(t, len(defects), 100)
	}
}

func TestParseAddressListRaw(t *testing.T) {
	got := mime.ParseAddressesRaw("=?utf-8?Q?a?= =?utf-8?Q?b?= \"c \\\"d\" <a@x>, b@x (=?utf-8?Q?c?=), K\xf6ln <\xf6@x>, =?utf-8?Q?G?=: =?x?Q?a?= <a@x>;")
	want := append(two(`=?utf-8?Q?a?= =?utf-8?Q?b?= c "d`, "a", "x", "=?utf-8?Q?c?=", "b", "x"), one("K\xf6ln", "\xf6", "x")...)
	assert.Equal(t, append(want, group("=?utf-8?Q?G?=", box("=?x?Q?a?=", "a", "x"))), got, "RFC 9051 §7.5.2")
}

func TestParseMailbox(t *testing.T) {
	m, _, err := mime.ParseMailbox("Joe <joe@x>", nil)
	require.NoError(t, err)
	assert.Equal(t, box("Joe", "joe", "x"), m)
	assert.False(t, m.IsZero())
	m, _, err = mime.ParseMailbox("<>", nil)
	require.NoError(t, err)
	assert.True(t, m.IsZero())
	for _, in := range []string{"", "a@x, b@x", "A:a@x;"} {
		_, _, err = mime.ParseMailbox(in, nil)
		assert.EqualError(t, err, "mime: not a single mailbox at byte 0 (RFC 5322 §3.4)")
	}
	_, _, err = mime.ParseMailbox("a@@x", &mime.Options{Strict: true})
	assert.Error(t, err)
}

func TestMailboxes(t *testing.T) {
	l, _, err := mime.ParseAddressList("a@x, G: b@x, c@x;, E:;, d@x", nil)
	require.NoError(t, err)
	var got []string
	for m := range l.Mailboxes() {
		got = append(got, m.Addr())
	}
	assert.Equal(t, []string{"a@x", "b@x", "c@x", "d@x"}, got)
	for stop := 1; stop <= 4; stop++ {
		n := 0
		for range l.Mailboxes() {
			if n++; n == stop {
				break
			}
		}
		assert.Equal(t, stop, n)
	}
}

func TestAppendAddressList(t *testing.T) {
	tests := []struct {
		name string
		in   mime.AddressList
		want string
		utf8 string // with the option, where that is not the same
	}{
		{"an address", one("", "a.b", "x.y"), "a.b@x.y", ""},
		{"a name of atoms", one("Joe Doe", "a", "x"), "Joe Doe <a@x>", ""},
		{"a name with a dot", one("J. Doe", "a", "x"), `"J. Doe" <a@x>`, ""},
		{"a name with specials", one(`"a", b\`, "a", "x"), `"\"a\", b\\" <a@x>`, ""},
		{"a name with spaces", one("a  b ", "a", "x"), `"a  b " <a@x>`, ""},
		{"a name that is an address", one("a@x", "b", "y"), `"a@x" <b@y>`, ""},
		{"a name that looks encoded", one("=?utf-8?Q?a?=", "a", "x"), "=?utf-8?B?PT91dGYtOD9RP2E/PQ==?= <a@x>", "=?utf-8?B?PT91dGYtOD9RP2E/PQ==?= <a@x>"},
		{"a name with a control character", one("a\x1bb", "a", "x"), "=?utf-8?B?YRti?= <a@x>", "=?utf-8?B?YRti?= <a@x>"},
		{"a name beyond ASCII", one("Jörg, Ä.", "a", "x"), "=?utf-8?B?SsO2cmcsIMOELg==?= <a@x>", `"Jörg, Ä." <a@x>`},
		{"atoms beyond ASCII", one("Jörg Straßenmeister", "a", "x"), "=?utf-8?B?SsO2cmcgU3RyYcOfZW5tZWlzdGVy?= <a@x>", "Jörg Straßenmeister <a@x>"},
		{"quoted local parts", append(two("", "a b", "x", "", "a.", "x"), one("", "", "x")...), `"a b"@x, "a."@x, ""@x`, ""},
		{"a domain literal", one("", "a", "[IPv6:::1]"), "a@[IPv6:::1]", ""},
		{"no address", two("", "", "", "Joe", "", ""), "<>, Joe <>", ""},
		{"no domain", append(two("", "joe", "", "", "a b", ""), one("Joe", "joe", "")...), `joe, <"a b">, Joe <joe>`, ""},
		{"a local part that looks encoded", one("", "=?a?B?", "?="), "<=?a?B?@?=>", ""},
		{"groups", mime.AddressList{group("A, B", box("", "a", "x"), box("B", "b", "x")), group("E"), group("")}, `"A, B": a@x, B <b@x>;, E:;, "":;`, ""},
		{"a group that is no URL", mime.AddressList{group("mailto", box("", "a", "x"))}, `"mailto": a@x;`, ""},
		{"empty", nil, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := mime.AppendAddressList(nil, tt.in, nil)
			require.NoError(t, err)
			assert.Equal(t, tt.want, string(b))
			back, _, err := mime.ParseAddressList(string(b), nil)
			require.NoError(t, err)
			assert.Equal(t, tt.in, back)

			b, err = mime.AppendAddressList([]byte("x"), tt.in, &mime.WriteOptions{UTF8: true})
			require.NoError(t, err)
			if tt.utf8 == "" {
				tt.utf8 = tt.want
			}
			assert.Equal(t, "x"+tt.utf8, string(b))
		})
	}
}

func TestAppendAddressListRefuses(t *testing.T) {
	for _, m := range []mime.Mailbox{
		box("a\r\nBcc: b@x", "a", "x"), box("", "a\n", "x"), box("", "a", "x\r\n"), box("a\x00", "a", "x"),
	} {
		_, err := mime.AppendAddressList(nil, mime.AddressList{{Mailbox: m}}, nil)
		assert.ErrorIs(t, err, mime.ErrHeaderInjection, "%q", m)
		_, err = mime.AppendAddressList(nil, mime.AddressList{group("g", m)}, nil)
		assert.ErrorIs(t, err, mime.ErrHeaderInjection, "%q", m)
	}
	_, err := mime.AppendAddressList(nil, mime.AddressList{group("a\nb")}, nil)
	assert.ErrorIs(t, err, mime.ErrHeaderInjection)

	for _, tt := range []struct {
		m    mime.Mailbox
		what string
	}{
		{box("", "ö", "x"), "address is not ASCII at byte 0 (RFC 6532 §3.2)"},
		{box("", "a", "ö.x"), "address is not ASCII at byte 0 (RFC 6532 §3.2)"},
		{box("\xff", "a", "x"), "text is not UTF-8 at byte 0 (RFC 6532 §3.1)"},
		{box("", "a", "x y"), "domain at byte 0 (RFC 5322 §3.4.1)"},
		{box("", "a", "x>,b@y"), "domain at byte 0 (RFC 5322 §3.4.1)"},
		{box("", "a", "x..y"), "domain at byte 0 (RFC 5322 §3.4.1)"},
		{box("", "a", "[x]]"), "domain at byte 0 (RFC 5322 §3.4.1)"},
		{box("", "a\x01", "x"), "local part at byte 0 (RFC 5322 §3.2.4)"},
		{box("", strings.Repeat("a", 999), "x"), "address too long at byte 0 (RFC 5322 §2.1.1)"},
	} {
		_, err := mime.AppendMailbox(nil, tt.m, nil)
		assert.EqualError(t, err, "mime: "+tt.what)
	}
	_, err = mime.AppendMailbox(nil, box("", "\xff", "x"), &mime.WriteOptions{UTF8: true})
	assert.Error(t, err)
	b, err := mime.AppendMailbox(nil, box("", "ö", "ä.x"), &mime.WriteOptions{UTF8: true})
	require.NoError(t, err)
	assert.Equal(t, "ö@ä.x", string(b))
}

// TestAddressListLines writes long lists and names: folded, no line has more
// than 78 octets where that can be.
func TestAddressListLines(t *testing.T) {
	var list mime.AddressList
	for _, name := range []string{"", "Joe Doe", "Doe, Joe", strings.Repeat("größe ", 60), strings.Repeat("a, ", 200), strings.Repeat("x", 2000)} {
		list = append(list, two(name, strings.Repeat("l", 20), "example.com", "", "a", "x")...)
	}
	b, err := mime.AppendAddressList(nil, list, nil)
	require.NoError(t, err)
	var h mime.Header
	require.NoError(t, h.Set("To", string(b)))
	raw, err := h.AppendText(nil)
	require.NoError(t, err)
	for line := range strings.Lines(string(raw)) {
		assert.LessOrEqual(t, len(strings.TrimRight(line, "\r\n")), 78, line)
	}
	back, defects, err := mime.ParseAddressList(h.Get("To"), nil)
	require.NoError(t, err)
	assert.Empty(t, defects)
	assert.Equal(t, list, back)
}

func TestAddressString(t *testing.T) {
	l, _, err := mime.ParseAddressList("=?utf-8?Q?J=C3=B6rg?= <a@x>, \"G, 1\": \"b c\"@x, d@x;, E:;, <>, F <f@x", nil)
	require.NoError(t, err)
	assert.Equal(t, `Jörg <a@x>, "G, 1": "b c"@x, d@x;, "E":;, <>, F <f@x>`, l.String())
	assert.Equal(t, "Jörg <a@x>", l[0].String())
	assert.Equal(t, `"b c"@x`, l[1].Members[0].Addr())
	assert.Equal(t, "", l[3].Addr())
	assert.Equal(t, "joe", box("", "joe", "").Addr())
	assert.Equal(t, "<\"a\ufffd\"@x>", box("", "a\x7f", "x").String())
	assert.Equal(t, "\"a\ufffdb\" <\"c\ufffd\"@x\ufffd>", box("a\nb", "c\x1b", "x\u0085").String())
}
