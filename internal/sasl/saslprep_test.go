package sasl_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/sasl"
	"applayer/internal/testkit"
)

func TestSaslprep(t *testing.T) {
	tests := []struct {
		name, in, want string
		ref            string // of the rule that is broken
	}{
		{"4013-3 soft hyphen", "I\u00adX", "IX", ""},
		{"4013-3 no transformation", "user", "user", ""},
		{"4013-3 case preserved", "USER", "USER", ""},
		{"4013-3 feminine ordinal", "\u00aa", "a", ""},
		{"4013-3 roman nine", "\u2168", "IX", ""},
		{"4013-3 prohibited", "\u0007", "", "RFC 4013 §2.3"},
		{"4013-3 bidirectional check", "\u0627\u0031", "", "RFC 3454 §6"},

		{"empty", "", "", ""},
		{"all mapped to nothing", "\u00ad\ufeff", "", ""},
		{"4013-2.1 spaces", "a\u00a0b\u3000c", "a b c", ""},
		{"4013-2.1 in both tables", "a\u200bb", "a b", ""},
		{"4013-2.2 composed", "u\u0308ber", "über", ""},
		{"4013-2.2 marks in order", "q\u0307\u0323", "q\u0323\u0307", ""},
		{"4013-2.2 a mark over the one between", "a\u0323\u0302", "\u1ead", ""},
		{"4013-2.2 a mark kept apart", "a\u0305\u0308", "a\u0305\u0308", ""},
		{"4013-2.2 no composition across a starter", "\u0b47\u0300\u0b3e", "\u0b47\u0300\u0b3e", ""}, // PR 29
		{"4013-2.2 Hangul", "\u1112\u1161\u11ab", "\ud55c", ""},
		{"4013-2.2 Hangul, half", "\ud558\u11ab", "\ud55c", ""},
		{"4013-2.2 Hangul, whole already", "\ud55c\u11ab", "\ud55c\u11ab", ""},
		{"4013-2.2 not composed", "\u0958", "\u0915\u093c", ""}, // a composition exclusion
		{"4013-2.2 wide letters", "\uff21\uff22", "AB", ""},
		{"4013-2.2 before corrigendum 4", "\U0002f868", "\U0002136a", ""},
		{"4013-2.3 C1 control", "\u0085", "", "RFC 4013 §2.3"},
		{"4013-2.3 DEL", "a\x7f", "", "RFC 4013 §2.3"},
		{"4013-2.3 private use", "\ue000", "", "RFC 4013 §2.3"},
		{"4013-2.3 noncharacter", "\ufffe", "", "RFC 4013 §2.3"},
		{"4013-2.3 replacement character", "\ufffd", "", "RFC 4013 §2.3"},
		{"4013-2.3 direction mark", "\u200e", "", "RFC 4013 §2.3"},
		{"4013-2.3 tag", "\U000e0041", "", "RFC 4013 §2.3"},
		{"4013-2.5 unassigned in 3.2", "\u0221", "", "RFC 4013 §2.5"},
		{"3454-6 right to left", "\u0627\u0628", "\u0627\u0628", ""},
		{"3454-6 right to left around a digit", "\u0627\u0031\u0628", "\u0627\u0031\u0628", ""},
		{"3454-6 both", "\u0627a\u0628", "", "RFC 3454 §6"},
		{"3454-6 beginning otherwise", "1\u0627", "", "RFC 3454 §6"},
		{"octets outside UTF-8", "a\xff", "", "RFC 4013 §2"},
		{"a surrogate", "\xed\xa0\x80", "", "RFC 4013 §2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := sasl.Saslprep(tt.in, sasl.Stored)
			if tt.ref == "" {
				require.NoError(t, err)
				assert.Equal(t, tt.want, got)
				return
			}
			var broken *sasl.PrepError
			require.ErrorAs(t, err, &broken)
			assert.Equal(t, tt.ref, broken.Ref)
			assert.Contains(t, err.Error(), broken.What)
			assert.Empty(t, got)
		})
	}
	got, err := sasl.Saslprep("\u0221", sasl.Query)
	assert.NoError(t, err)
	assert.Equal(t, "\u0221", got)
}

// The committed tables are what the generator writes.
func TestSaslprepTables(t *testing.T) {
	made, err := exec.CommandContext(t.Context(), testkit.Program(t, "python3"), "testdata/gen/saslprep_tables.py").Output()
	require.NoError(t, err)
	committed, err := os.ReadFile("saslprep_tables.go")
	require.NoError(t, err)
	assert.True(t, bytes.Equal(committed, made))
	assert.Less(t, len(committed), 200<<10)
}

// isPlentiful tells whether r is one of many that are all alike: Han, Hangul,
// private use and what is not assigned.
func isPlentiful(r rune) bool {
	return r >= 0x3400 && r < 0xf900 || r >= 0x20000 && r < 0x2f800 || r > 0x30000 && r>>8 != 0xe00
}

// Each code point by itself and behind a letter, and strings of those that do
// something to each other, become what they become by Python's tables.
func TestSaslprepWitness(t *testing.T) {
	python := testkit.Program(t, "python3")
	var all []string
	var lively []rune
	for r := rune(0); r <= 0x10ffff; r++ {
		if !utf8.ValidRune(r) || isPlentiful(r) && r%97 != 0 {
			continue
		}
		all = append(all, string(r))
		if _, err := sasl.Saslprep(string(r), sasl.Stored); err == nil && r > 0x7f && r < 0x3400 {
			lively = append(lively, r)
			all = append(all, "a"+string(r))
		}
	}
	random := rand.New(rand.NewPCG(4013, 3454))
	for range 20000 {
		var b strings.Builder
		for range 2 + random.IntN(6) {
			switch random.IntN(4) {
			case 0:
				b.WriteRune(0x0300 + random.Int32N(0x50)) // marks
			case 1:
				b.WriteString("aeiouAEIOUlL"[random.IntN(12):][:1])
			case 2:
				b.WriteRune([]rune{0x1100, 0x1161, 0x11a8, 0x05d0, 0x05b7, 0x00ad, 0x2003}[random.IntN(7)] + random.Int32N(3))
			default:
				b.WriteRune(lively[random.IntN(len(lively))])
			}
		}
		all = append(all, b.String())
	}

	var in bytes.Buffer
	// Python orders marks that came after 3.2 by what they are today, so that
	// only single ones are queries.
	kinds := make([]sasl.Kind, len(all))
	for i, s := range all {
		name := "query"
		if i%2 == 0 || utf8.RuneCountInString(s) > 1 {
			kinds[i], name = sasl.Stored, "stored"
		}
		fmt.Fprintf(&in, "%s %x\n", name, s)
	}
	witness := exec.CommandContext(t.Context(), python, "testdata/gen/saslprep_witness.py")
	witness.Stdin = &in
	out, err := witness.Output()
	require.NoError(t, err)
	answers := strings.Fields(string(out))
	require.Len(t, answers, len(all))
	for i, s := range all {
		got, err := sasl.Saslprep(s, kinds[i])
		ours := hex.EncodeToString([]byte(got))
		if err != nil {
			ours = "!"
		} else if got == "" {
			ours = "-"
		}
		require.Equal(t, answers[i], ours, "%+q", s)
	}
}
