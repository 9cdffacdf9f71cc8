package telnet_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/sockets/telnet"
)

// types types in, in chunks, and returns what happened and what was shown.
func types(l *telnet.LineDiscipline, chunks ...string) (events []string, shown string) {
	var show []byte
	for _, in := range chunks {
		for b := []byte(in); len(b) > 0; {
			n, more, ev := l.Input(b, show)
			b, show = b[n:], more
			switch ev {
			case telnet.LineNone:
			case telnet.LineDone:
				events = append(events, fmt.Sprintf("%q", l.Line()))
			default:
				events = append(events, ev.String())
			}
		}
	}
	return events, string(show)
}

func TestLineDiscipline(t *testing.T) {
	const rub = "\b \b"
	tests := []struct {
		name, in string
		want     []string
		shown    string
	}{
		{"1123-3.3.1 CR LF", "ab\r\ncd\r\n", []string{`"ab"`, `"cd"`}, "ab\r\ncd\r\n"},
		{"1123-3.3.1 CR NUL, its NUL taken away", "ab\rcd\r", []string{`"ab"`, `"cd"`}, "ab\r\ncd\r\n"},
		{"LF alone", "ab\ncd\n", []string{`"ab"`, `"cd"`}, "ab\r\ncd\r\n"},
		{"empty lines", "\r\n\r\n\n\r\r\n", []string{`""`, `""`, `""`, `""`, `""`}, "\r\n\r\n\r\n\r\n\r\n"},
		{"erase by DEL and BS", "abc\x7f\bd\n", []string{`"ad"`}, "abc" + rub + rub + "d\r\n"},
		{"nothing to erase", "\x7f\b\x15\x17x\n", []string{`"x"`}, "x\r\n"},
		{"erase a character of several octets", "aé\x7f漢\x7f\n", []string{`"a"`}, "aé" + rub + "漢" + rub + "\r\n"},
		{"erase an octet that is none", "a\xff\x7f\n", []string{`"a"`}, "a\xff" + rub + "\r\n"},
		{"kill", "abc\x15d\n", []string{`"d"`}, "abc" + rub + rub + rub + "d\r\n"},
		{"erase a word", "ab cd  \x17e\n", []string{`"ab e"`}, "ab cd  " + rub + rub + rub + rub + "e\r\n"},
		{"reprint", "ab\tc\x12d\n", []string{`"ab\tcd"`}, "ab c\r\nab cd\r\n"},
		{"interrupt", "abc\x03d\n", []string{"interrupt", `"d"`}, "abc^C\r\nd\r\n"},
		{"end", "\x04", []string{"EOF"}, "\r\n"},
		{"^D within a line is dropped", "a\x04b\n", []string{`"ab"`}, "ab\r\n"},
		{"controls are dropped", "a\x00\x01\x1b[2J\n", []string{`"a[2J"`}, "a[2J\r\n"},
		{"too long", "abcdefghijk\x7fl\n", []string{`"abcdefgl"`}, "abcdefgh\a\a\a" + rub + "l\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, chunks := range [][]string{{tt.in}, octets(tt.in)} {
				l := telnet.LineDiscipline{Echo: true, MaxLine: 8}
				events, shown := types(&l, chunks...)
				assert.Equal(t, tt.want, events)
				assert.Equal(t, tt.shown, shown)

				l = telnet.LineDiscipline{MaxLine: 8}
				events, shown = types(&l, chunks...)
				assert.Equal(t, tt.want, events, "without echo")
				assert.Empty(t, shown)
			}
		})
	}
}

// TestPasswordIsNotShown: neither what is typed nor how long it is.
func TestPasswordIsNotShown(t *testing.T) {
	l := telnet.LineDiscipline{Echo: true, Hide: true}
	events, shown := types(&l, "secreT\x7ft\x12\r\n")
	assert.Equal(t, []string{`"secret"`}, events)
	assert.Equal(t, "\r\n", shown)
	l.Hide = false
	_, shown = types(&l, "\x12")
	assert.Equal(t, "\r\n", shown, "nor afterwards")
}

func TestLineLimits(t *testing.T) {
	for limit, want := range map[int]int{0: telnet.DefaultMaxLine, 5: 5, -1: 10_000} {
		l := telnet.LineDiscipline{MaxLine: limit}
		n, _, ev := l.Input([]byte(strings.Repeat("x", 10_000)+"\n"), nil)
		require.Equal(t, telnet.LineDone, ev)
		assert.Equal(t, 10_001, n)
		assert.Len(t, l.Line(), want)
	}
}

// TestLineCommands are EC, EL and IP, which edit as characters do.
func TestLineCommands(t *testing.T) {
	l := telnet.LineDiscipline{Echo: true}
	types(&l, "abcd")
	assert.Equal(t, "\b \b", string(l.EraseCharacter(nil)))
	assert.Equal(t, "\r\nabc", string(l.Reprint(nil)))
	assert.Equal(t, "\b \b\b \b\b \b", string(l.EraseLine(nil)))
	types(&l, "x")
	l.Discard()
	events, _ := types(&l, "y\n")
	assert.Equal(t, []string{`"y"`}, events)
	assert.Empty(t, l.EraseCharacter(nil), "a line that is whole stays so")
	assert.Empty(t, l.EraseLine(nil))
	assert.Empty(t, l.Reprint(nil))
	assert.Equal(t, "y", string(l.Line()))
}

// TestReprintIsBounded: a long line that is shown again and again fills no
// memory.
func TestReprintIsBounded(t *testing.T) {
	l := telnet.LineDiscipline{Echo: true}
	types(&l, strings.Repeat("x", 1000))
	in := []byte(strings.Repeat("\x12", 5000))
	total := 0
	for len(in) > 0 {
		n, show, ev := l.Input(in, nil)
		require.NotZero(t, n)
		require.Equal(t, telnet.LineNone, ev)
		require.Less(t, len(show), 6<<10)
		total += len(show)
		in = in[n:]
	}
	assert.Equal(t, 5000*1002, total)
}

// FuzzLineDiscipline: however it is cut, the lines are the same, within the
// limit and without controls; and no more is shown than a few octets for one.
func FuzzLineDiscipline(f *testing.F) {
	f.Add([]byte("ab\r\nc\x7f\x15\x17\x12\x03\x04\n"), uint8(3), true)
	f.Add([]byte("p\xc3\xa9\x7f\x7f\r\r\n"), uint8(1), false)
	f.Fuzz(func(t *testing.T, in []byte, cut uint8, hide bool) {
		whole := telnet.LineDiscipline{Echo: true, Hide: hide, MaxLine: 16}
		want, wantShown := types(&whole, string(in))
		var chunks []string
		for rest := string(in); len(rest) > 0; {
			n := min(len(rest), 1+int(cut&7))
			chunks, rest = append(chunks, rest[:n]), rest[n:]
		}
		parts := telnet.LineDiscipline{Echo: true, Hide: hide, MaxLine: 16}
		got, shown := types(&parts, chunks...)
		if !assert.ObjectsAreEqual(want, got) || shown != wantShown {
			t.Fatalf("want %q and %q, got %q and %q", want, wantShown, got, shown)
		}
		if len(shown) > 50*len(in) {
			t.Fatalf("%d octets shown for %d", len(shown), len(in))
		}
		for _, l := range got {
			if strings.ContainsAny(l, "\r\n\x1b\x00") || len(l) > 4*16+2 {
				t.Fatalf("line %s", l)
			}
		}
	})
}
