package utf7_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/utf7"
)

func TestDecoder(t *testing.T) {
	tests := []struct {
		name, in, want string
		bad            int64 // -1 for none
	}{
		{"2152-4 A not identical to Alpha", "A+ImIDkQ.", "A≢Α.", -1},
		{"2152-4 Hi Mom", "Hi Mom -+Jjo--!", "Hi Mom -☺-!", -1},
		{"2152-4 Nihongo", "+ZeVnLIqe-", "日本語", -1},
		{"2152-4 Item 3", "Item 3 is +AKM-1.", "Item 3 is £1.", -1},
		{"rule 2 plus", "1+-1=2", "1+1=2", -1},
		{"rule 2 the end ends a run", "+ZeVnLIqe", "日本語", -1},
		{"rule 2 another octet ends a run and stands for itself", "+ZeU.+ZyyKng x", "日.本語 x", -1},
		{"rule 2 plus within a run is a digit", "++++-", "ﯯ\uFFFD", 4},
		{"surrogates", "+2D3eAA-", "😀", -1},
		{"second surrogate alone", "+3gA-", "\uFFFD", 3},
		{"first surrogate alone", "+2D0-", "\uFFFD", 4},
		{"first surrogate before a character", "+2D0AYQ-", "\uFFFDa", 6},
		{"bits that are left", "+ZeX-", "日\uFFFD", 4},
		{"too few bits", "+Ze-", "\uFFFD", 3},
		{"plus before what is no Base64", "a+!", "a+!", 2},
		{"plus before an octet beyond ASCII", "+\xfc", "+\uFFFD", 1},
		{"plus at the end", "a+", "a+", 2},
		{"octet beyond ASCII", "a\xfc", "a\uFFFD", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var d utf7.Decoder
			got, n := d.AppendUTF8(nil, []byte(tt.in), true)
			assert.Equal(t, tt.want, string(got))
			assert.Equal(t, len(tt.in), n)
			at, bad := d.Bad()
			assert.Equal(t, tt.bad >= 0, bad)
			assert.Equal(t, max(tt.bad, 0), at)
		})
	}
}

func TestFolder(t *testing.T) {
	tests := []struct{ name, folder, coded string }{
		{"ASCII", "INBOX/Drafts ~\\+", "INBOX/Drafts ~\\+"},
		{"3501-5.1.3 example", "~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"},
		{"3501-5.1.3 ampersand", "A&B&", "A&-B&-"},
		{"umlauts", "Entwürfe", "Entw&APw-rfe"},
		{"surrogates", "😀", "&2D3eAA-"},
		{"controls", "a\tb\x7f", "a&AAk-b&AH8-"},
		{"ampersand behind a run", "ü&ü", "&APw-&-&APw-"},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			coded, err := utf7.AppendFolder([]byte("x"), tt.folder)
			require.NoError(t, err)
			assert.Equal(t, "x"+tt.coded, string(coded))
			folder, err := utf7.DecodeFolder(tt.coded)
			require.NoError(t, err)
			assert.Equal(t, tt.folder, folder)
		})
	}
}

func TestFolderInvalid(t *testing.T) {
	_, err := utf7.AppendFolder(nil, "a\xfc")
	require.ErrorIs(t, err, utf7.ErrInvalid)
	for name, s := range map[string]string{
		"octet that has to be encoded":       "a\xfc",
		"control that has to be encoded":     "a\t",
		"run that is not ended":              "&APw",
		"ampersand alone":                    "&",
		"null shift (RFC 3501 §5.1.3)":       "&APw-&APw-",
		"slash for comma":                    "&U/BTFw-",
		"printable that is encoded":          "&AGE-",
		"ampersand that is encoded":          "&ACY-",
		"bits that are left":                 "&APx-",
		"surrogate alone":                    "&2D0-",
		"second surrogate alone":             "&3gA-",
		"run that ends within a character":   "&AP-",
		"digit that adds nothing":            "&APwA-",
		"run of nothing but a digit of zero": "&A-",
		"padding":                            "&APw=-",
	} {
		_, err := utf7.DecodeFolder(s)
		assert.ErrorIs(t, err, utf7.ErrInvalid, name)
	}
}

// FuzzDecoder checks that text does not depend on how it is cut.
func FuzzDecoder(f *testing.F) {
	f.Add([]byte("Hi Mom -+Jjo--!"))
	f.Add([]byte("+2D3eAA-+-+2D0+/v\xfc+"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var d, cut utf7.Decoder
		whole, n := d.AppendUTF8(nil, in, true)
		require.Equal(t, len(in), n)
		require.True(t, utf8.Valid(whole))
		var pieces []byte
		for i := range in {
			pieces, _ = cut.AppendUTF8(pieces, in[i:i+1], i == len(in)-1)
		}
		require.Equal(t, string(whole), string(pieces))
		at, bad := d.Bad()
		at2, bad2 := cut.Bad()
		require.Equal(t, at, at2)
		require.Equal(t, bad, bad2)
	})
}

// FuzzFolder checks that names have one form alone.
func FuzzFolder(f *testing.F) {
	f.Add("~peter/mail/&U,BTFw-/&ZeVnLIqe-", "A&B 😀")
	f.Add("&APw-&APw-", "\t")
	f.Fuzz(func(t *testing.T, coded, name string) {
		if folder, err := utf7.DecodeFolder(coded); err == nil {
			again, err := utf7.AppendFolder(nil, folder)
			require.NoError(t, err)
			require.Equal(t, coded, string(again))
		}
		b, err := utf7.AppendFolder(nil, name)
		require.Equal(t, utf8.ValidString(name), err == nil)
		if err == nil {
			again, err := utf7.DecodeFolder(string(b))
			require.NoError(t, err)
			require.Equal(t, name, again)
			require.Equal(t, -1, strings.IndexFunc(string(b), func(r rune) bool { return r < 0x20 || r > 0x7E }))
		}
	})
}
