package mime_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

func TestDecodeText(t *testing.T) {
	const place, bad = mime.DefectEncodedWordPlace, mime.DefectBadEncodedWord
	tests := []struct {
		name, in, want string
		defects        []mime.DefectCode
	}{
		{"plain", "Re: RFC-HDR care and feeding", "Re: RFC-HDR care and feeding", nil},
		{"5322-2.2.3 unfolded", "a\r\n b\n\tc", "a b\tc", nil},
		{"2047-8 Keith", "=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>", "Keith Moore <moore@cs.utk.edu>", nil},
		{"2047-8 Keld", "=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?=", "Keld Jørn Simonsen", nil},
		{"2047-8 text behind", "=?ISO-8859-1?Q?Andr=E9?= Pirard", "André Pirard", nil},
		{"2047-8 two charsets", "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
			"If you can read this you understand the example.", nil},
		{"2047-8 Hebrew", "=?iso-8859-8?b?7eXs+SDv4SDp7Oj08A==?=", "םולש ןב ילטפנ", nil},
		{"2047-8 one", "=?ISO-8859-1?Q?a?=", "a", nil},
		{"2047-8 text behind it", "=?ISO-8859-1?Q?a?= b", "a b", nil},
		{"2047-8 two", "=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab", nil},
		{"2047-8 two spaces", "=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=", "ab", nil},
		{"2047-8 a fold", "=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=", "ab", nil},
		{"2047-8 underscore", "=?ISO-8859-1?Q?a_b?=", "a b", nil},
		{"2047-8 a space in the second", "=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b", nil},
		{"2231-5 language", "=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore", nil},
		{"2047-2 case", "=?utf-8?q?=c3=b6?= =?UTF-8?b?w7Y=?=", "öö", nil},
		{"2047-5 a character cut between words", "=?utf-8?Q?=C3?= =?utf-8?Q?=B6?=", "ö", nil},
		{"2047-5 and over a fold, in base64", "=?utf-8?B?w6TD?=\r\n =?UTF-8?B?tg==?=", "äö", nil},
		{"cut between words of two encodings", "=?utf-8?Q?=C3?= =?utf-8?B?tg==?=", "\ufffd\ufffd", []mime.DefectCode{mime.DefectBadCharacter, mime.DefectBadCharacter}},
		{"utf-16 cut", "=?utf-16be?Q?=00?= =?utf-16be?Q?=F6?=", "ö", nil},

		{"2047-5 within a word", "a=?utf-8?Q?=C3=B6?=b", "aöb", []mime.DefectCode{place}},
		{"2047-5 in parentheses", "(=?utf-8?Q?a?=)", "(a)", []mime.DefectCode{place}},
		{"2047-5 side by side", "=?utf-8?Q?a?==?utf-8?Q?b?=", "ab", []mime.DefectCode{place, place}},
		{"2047-2 more than 75", "=?utf-8?Q?" + strings.Repeat("a", 64) + "?=", strings.Repeat("a", 64), []mime.DefectCode{mime.DefectEncodedWordLength}},
		{"2047-2 spaces", "=?utf-8?Q?this is text?= x", "this is text x", []mime.DefectCode{bad}},
		{"2047-2 a question mark", "=?utf-8?Q?why??= x", "why? x", []mime.DefectCode{bad}},
		{"2047-6.3 no digits", "=?utf-8?Q?a=zz=?= x", "a=zz= x", []mime.DefectCode{bad}},
		{"2047-6.3 one digit", "=?utf-8?Q?a=4?=", "a=4", []mime.DefectCode{bad}},
		{"2047-6.3 no base64", "=?utf-8?B?w-7?Y=?=", "ö", []mime.DefectCode{bad}},
		{"2047-6.3 no padding", "=?utf-8?B?w7Y?=", "ö", []mime.DefectCode{bad}},
		{"2047-6.3 base64 with a fold", "=?utf-8?B?w7\r\n Y=?=", "ö", []mime.DefectCode{bad}},
		{"2047-6.3 text with a fold", "=?utf-8?Q?a\r\n b?=", "a b", []mime.DefectCode{bad}},
		{"no end", "=?utf-8?Q?abc def", "abc def", []mime.DefectCode{mime.DefectUnclosedEncodedWord}},
		{"no end in base64", "x =?utf-8?B?w7Y=", "x ö", []mime.DefectCode{mime.DefectUnclosedEncodedWord}},
		{"no end before another", "=?utf-8?Q?a =?utf-8?Q?b?= c", "ab c", []mime.DefectCode{mime.DefectUnclosedEncodedWord}},
		{"no end before another without a space", "=?utf-8?Q?a=?utf-8?Q?b?= c", "ab c", []mime.DefectCode{place, mime.DefectUnclosedEncodedWord, place}},
		{"no end and nothing", "=?utf-8?Q? x", "=?utf-8?Q? x", nil},
		{"a question mark last", "=?utf-8?Q?a?", "a?", []mime.DefectCode{mime.DefectUnclosedEncodedWord, bad}},
		{"an empty word", "=?utf-8?Q??= x", " x", nil},
		{"line ends and NUL", "=?utf-8?Q?a=0D=0ABcc:_x=00?=", "a  Bcc: x ", []mime.DefectCode{mime.DefectControlCharacter}},

		{"5322-4.1 what is not encoded stays", "a\rb\x00c =?utf-8?Q?d?=", "a\rb\x00c d", nil},

		{"no charset", "=??Q?a?=", "=??Q?a?=", nil},
		{"no encoding", "=?utf-8??a?=", "=?utf-8??a?=", nil},
		{"another encoding", "=?utf-8?X?a?=", "=?utf-8?X?a?=", nil},
		{"a space in the charset", "=?utf 8?Q?a?=", "=?utf 8?Q?a?=", nil},
		{"a charset too long", "=?" + strings.Repeat("a", 65) + "?Q?a?=", "=?" + strings.Repeat("a", 65) + "?Q?a?=", nil},
		{"2047-6.2 unknown charset", "a =?x-what?Q?b?= \r\n =?x-what?Q?c?= d", "a =?x-what?Q?b?=  =?x-what?Q?c?= d", []mime.DefectCode{mime.DefectUnknownCharset}},

		{"6532-3.2 UTF-8", "größe", "größe", nil},
		{"7103-7.7 other octets", "gr\xf6\xdfe", "größe", []mime.DefectCode{mime.DefectUnlabelled8Bit}},
		{"6532-3.2 UTF-8 beside a word", "größe =?iso-8859-1?Q?=F6?=", "größe ö", nil},
		{"7103-7.7 other octets beside a word", "gr\xf6\xdfe =?iso-8859-1?Q?=F6?=", "größe ö", []mime.DefectCode{mime.DefectUnlabelled8Bit}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, defects, err := mime.DecodeText(tt.in, nil)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.defects, codes(defects))

			_, _, err = mime.DecodeText(tt.in, &mime.Options{Strict: true})
			assert.Equal(t, len(tt.defects) > 0, err != nil, "strict: %v", err)
		})
	}
}

func TestDecodeTextUnknownCharset(t *testing.T) {
	_, defects, _ := mime.DecodeText("=?x-what?Q?b?=", nil)
	require.Len(t, defects, 1)
	assert.ErrorIs(t, defects[0].Err, mime.ErrUnknownCharset)
	_, _, err := mime.DecodeText("=?x-what?Q?b?=", &mime.Options{Strict: true})
	assert.ErrorIs(t, err, mime.ErrUnknownCharset)

	got, defects, err := mime.DecodeText("=?X-What?Q?b?=", &mime.Options{Charset: func(label string) mime.Decoder {
		assert.Equal(t, "x-what", label)
		return shouting{}
	}})
	require.NoError(t, err)
	assert.Empty(t, defects)
	assert.Equal(t, "B", got)
}

// shouting is a charset of its own.
type shouting struct{}

func (shouting) AppendUTF8(dst, src []byte, _ bool) ([]byte, int) {
	return append(dst, strings.ToUpper(string(src))...), len(src)
}

// TestDecodeTextManyStarts reads text in which each start of a word could begin
// a search to the end (CVE-2026-42504): it would take hours if it did.
func TestDecodeTextManyStarts(t *testing.T) {
	for _, s := range []string{"=?", "=?a?q?", "=?a?q?x y,", "=?a?b?=", "=?a?q?? ", "x?", "=?a?q?a=?"} {
		in := strings.Repeat(s, 1<<19/len(s))
		got, defects, err := mime.DecodeText(in, nil)
		require.NoError(t, err)
		assert.LessOrEqual(t, len(got), len(in))
		assert.LessOrEqual(t, len(defects), 100)
	}
}

func TestAppendEncodedText(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"ASCII", "Re: a = b?", "Re: a = b?"},
		{"empty", "", ""},
		{"B is shorter", "Grüße aus Köln", "=?utf-8?B?R3LDvMOfZQ==?= aus =?utf-8?B?S8O2bG4=?="},
		{"neighbours are one word", "a größe ähnlich b", "a =?utf-8?B?Z3LDtsOfZSDDpGhubGljaA==?= b"},
		{"Q is shorter", "Straßenbahnhaltestelle", "=?utf-8?Q?Stra=C3=9Fenbahnhaltestelle?="},
		{"it looks like a word", "=?utf-8?Q?a?= b", "=?utf-8?B?PT91dGYtOD9RP2E/PQ==?= b"},
		{"a control character", "a\x1bb", "=?utf-8?B?YRti?="},
		{"blanks at the ends", " a b  c ", "=?utf-8?Q?_a?= b  =?utf-8?Q?c_?="},
		{"blanks alone", "  ", "=?utf-8?Q?__?="},
		{"many blanks", "a" + strings.Repeat(" ", 61) + "b c", "=?utf-8?Q?a" + strings.Repeat("_", 42) + "?= =?utf-8?Q?" + strings.Repeat("_", 19) + "b?= c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := mime.AppendEncodedText(nil, tt.in, nil)
			require.NoError(t, err)
			assert.Equal(t, tt.want, string(got))
			back, defects, err := mime.DecodeText(string(got), nil)
			require.NoError(t, err)
			assert.Equal(t, tt.in, back)
			assert.Empty(t, defects)
		})
	}

	got, err := mime.AppendEncodedText([]byte("x"), "größe \x01", &mime.WriteOptions{UTF8: true})
	require.NoError(t, err)
	assert.Equal(t, "xgröße =?utf-8?Q?=01?=", string(got), "RFC 6532 §3.2")

	for _, bad := range []string{"a\nb", "a\rb", "a\x00b"} {
		_, err := mime.AppendEncodedText(nil, bad, nil)
		assert.ErrorIs(t, err, mime.ErrHeaderInjection)
	}
	_, err = mime.AppendEncodedText(nil, "\xff", nil)
	assert.Error(t, err)
}

// TestEncodedTextLines writes long text: words have at most 75 octets, hold
// whole characters and, but for the first, which stands behind a name, fill
// their line.
func TestEncodedTextLines(t *testing.T) {
	for _, in := range []string{strings.Repeat("ö", 500), strings.Repeat("日本語", 100), strings.Repeat("😀", 99), strings.Repeat("ö a", 99), strings.Repeat("x", 2000)} {
		b, err := mime.AppendEncodedText(nil, in, nil)
		require.NoError(t, err)
		words := strings.Fields(string(b))
		for i, w := range words {
			assert.LessOrEqual(t, len(w), 75)
			if i > 0 && i < len(words)-1 && !strings.Contains(in, " ") {
				assert.Greater(t, len(w), 75-12-1)
			}
			_, defects, err := mime.DecodeText(w, nil)
			require.NoError(t, err)
			assert.Empty(t, defects, w)
		}
		assert.LessOrEqual(t, len(words[0]), 76-len("Subject: "))
		back, _, err := mime.DecodeText(string(b), nil)
		require.NoError(t, err)
		assert.Equal(t, in, back)
	}
}
