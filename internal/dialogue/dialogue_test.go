package dialogue_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/dialogue"
)

func TestLineBothWays(t *testing.T) {
	tests := []struct {
		name string
		line dialogue.Line
		want string
	}{
		{"client", dialogue.Line{Text: "GET / HTTP/1.1"}, "C: GET / HTTP/1.1"},
		{"server", dialogue.Line{Server: true, Text: "220 ready"}, "S: 220 ready"},
		{"empty line", dialogue.Line{}, "C:"},
		{"connection", dialogue.Line{Conn: "data", Text: "x"}, "C[data]: x"},
		{"time", dialogue.Line{Time: 1250 * time.Millisecond, Text: "x"}, "C@1.25s: x"},
		{"both", dialogue.Line{Time: time.Hour, Conn: "data", Server: true, Text: "x"}, "S[data]@1h0m0s: x"},
		{"bracket in a name", dialogue.Line{Conn: `a]b\`, Text: "x"}, `C[a\x5db\\]: x`},
		{"space first and last", dialogue.Line{Text: " a "}, `C:  a\x20`},
		{"only a space", dialogue.Line{Text: " "}, `C: \x20`},
		{"backslash", dialogue.Line{Text: `a\b\`}, `C: a\\b\\`},
		{"controls", dialogue.Line{Text: "\r\n\t\x00\x7f"}, `C: \r\n\t\x00\x7f`},
		{"UTF-8 that prints", dialogue.Line{Text: "grüße 世界 �"}, "C: grüße 世界 �"},
		{"UTF-8 that does not print", dialogue.Line{Text: "\u202e\U000e0001"}, `C: \u202e\U000e0001`},
		{"not UTF-8", dialogue.Line{Text: "\xff\xc3("}, `C: \xff\xc3(`},
		{"no CRLF", dialogue.Line{Text: "part", Open: true}, `C: part\`},
		{"no CRLF after a space", dialogue.Line{Text: "part ", Open: true}, `C: part \`},
		{"no CRLF after a backslash", dialogue.Line{Text: `part\`, Open: true}, `C: part\\\`},
		{"nothing, without CRLF", dialogue.Line{Open: true}, `C: \`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := string(dialogue.AppendLine(nil, tt.line))
			assert.Equal(t, tt.want, got)
			back, err := dialogue.ParseLine([]byte(tt.want))
			require.NoError(t, err)
			assert.Equal(t, tt.line, back)
		})
	}
}

func TestParseLine(t *testing.T) {
	tests := []struct {
		name, in string
		want     dialogue.Line
		wantErr  string
	}{
		{"written by hand: raw tab and octal", "C: a\tb\\101", dialogue.Line{Text: "a\tbA"}, ""},
		{"quotes need no escape", `S: "hi" 'there'`, dialogue.Line{Server: true, Text: `"hi" 'there'`}, ""},
		{"a time may have any unit", "C@1500ms: x", dialogue.Line{Time: 1500 * time.Millisecond, Text: "x"}, ""},
		{"a colon in the text", "C: a: b", dialogue.Line{Text: "a: b"}, ""},
		{"empty", "", dialogue.Line{}, "C or S at byte 0"},
		{"another side", "X: a", dialogue.Line{}, "C or S at byte 0"},
		{"side alone", "C", dialogue.Line{}, "colon at byte 1"},
		{"no colon", "C a", dialogue.Line{}, "colon at byte 1"},
		{"no space", "C:a", dialogue.Line{}, "space after the colon at byte 2"},
		{"name without end", "C[data: a", dialogue.Line{}, "closing bracket at byte 9"},
		{"empty name", "C[]: a", dialogue.Line{}, "name of a connection at byte 2"},
		{"bad escape in a name", `C[\q]: a`, dialogue.Line{}, "escape at byte 2"},
		{"half an escape in a name", `C[a\]: a`, dialogue.Line{}, "escape at byte 3"},
		{"bad time", "C@soon: a", dialogue.Line{}, "time at byte 2"},
		{"time without end", "C@1s", dialogue.Line{}, "colon at byte 4"},
		{"bad escape", `C: a\q`, dialogue.Line{}, "escape at byte 4"},
		{"short escape", `C: a\x1`, dialogue.Line{}, "escape at byte 4"},
		{"raw control", "C: a\x01", dialogue.Line{}, "control character without escape at byte 4"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := dialogue.ParseLine([]byte(tt.in))
			if tt.wantErr != "" {
				assert.EqualError(t, err, "dialogue: "+tt.wantErr)
			} else {
				assert.NoError(t, err)
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestParseLineLimit(t *testing.T) {
	most := "C: " + strings.Repeat("a", dialogue.MaxLine-3)
	_, err := dialogue.ParseLine([]byte(most))
	assert.NoError(t, err)
	_, err = dialogue.ParseLine([]byte(most + "a"))
	assert.ErrorIs(t, err, dialogue.ErrTooLong)

	for l, err := range dialogue.Read(strings.NewReader("C: a\n" + most + "\r\n")) {
		assert.NoError(t, err)
		assert.NotEmpty(t, l.Text)
	}
	var errs []error
	for _, err := range dialogue.Read(strings.NewReader(most + "aaaa\n")) {
		errs = append(errs, err)
	}
	require.Len(t, errs, 1)
	assert.ErrorIs(t, errs[0], dialogue.ErrTooLong)
}

func TestRead(t *testing.T) {
	const text = "# a comment\r\n\nC: one\r\nS: two\nC: three"
	var got []string
	for l, err := range dialogue.Read(iotest.OneByteReader(strings.NewReader(text))) {
		require.NoError(t, err)
		got = append(got, l.Text)
	}
	assert.Equal(t, []string{"one", "two", "three"}, got)

	for l, err := range dialogue.Read(strings.NewReader(text)) {
		require.NoError(t, err)
		assert.Equal(t, "one", l.Text)
		break // must not be called again
	}
}

func TestReadStopsAtTheFirstError(t *testing.T) {
	var errs []string
	for _, err := range dialogue.Read(strings.NewReader("C: one\n\nnothing\nC: two\nneither\n")) {
		if err != nil {
			errs = append(errs, err.Error())
		}
	}
	assert.Equal(t, []string{"dialogue: line 3: C or S at byte 0"}, errs)

	broken := errors.New("broken")
	for _, err := range dialogue.Read(iotest.ErrReader(broken)) {
		assert.ErrorIs(t, err, broken)
	}
}

func TestOctets(t *testing.T) {
	assert.Equal(t, "QUIT\r\n", string(dialogue.Line{Text: "QUIT"}.Octets()))
	assert.Equal(t, "QUI", string(dialogue.Line{Text: "QUI", Open: true}.Octets()))
}

func FuzzLine(f *testing.F) {
	f.Add("data", int64(1250000000), true, "220 ready", false)
	f.Add(`a]\`, int64(-1), false, "\x00\xff\u202e \\", true)
	f.Fuzz(func(t *testing.T, conn string, at int64, server bool, text string, open bool) {
		if len(conn)+len(text) > 1000 {
			return
		}
		l := dialogue.Line{Time: time.Duration(at), Conn: conn, Server: server, Text: text, Open: open}
		b := dialogue.AppendLine(nil, l)
		for _, c := range string(b) {
			if c < ' ' || c == 0x7f {
				t.Fatalf("%q holds a control character", b)
			}
		}
		got, err := dialogue.ParseLine(b)
		require.NoError(t, err, "%q", b)
		require.Equal(t, l, got, "%q", b)
	})
}

func FuzzParseLine(f *testing.F) {
	f.Add([]byte("C: GET / HTTP/1.1"))
	f.Add([]byte(`S[data]@1.25s: \x00\u202e\\\`))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := dialogue.ParseLine(b)
		if err != nil {
			return
		}
		again, err := dialogue.ParseLine(dialogue.AppendLine(nil, l))
		require.NoError(t, err)
		require.Equal(t, l, again)
		if !bytes.ContainsAny(b, "\n") {
			for fromFile, err := range dialogue.Read(bytes.NewReader(b)) {
				require.NoError(t, err)
				require.Equal(t, l, fromFile)
			}
		}
	})
}
