package dns

import (
	"encoding/binary"
	"math/bits"
)

// Entry is an entry of a master file, cut into its words: a directive, a
// record, or an empty line (RFC 1035 §5.1). Line ends within parentheses are
// blanks and comments are left out.
type Entry struct {
	// Tokens are the words. They lie in the octets given to [Entry.Parse].
	Tokens []Token
	// Blank tells that the line begins with a blank: a record there belongs to
	// the owner of the record before.
	Blank bool
	// Lines is how many line ends the entry has, its own included.
	Lines int

	at    int        // how far the octets have been read
	in    entryState // what is at that place
	start int        // where the word at that place begins
	depth int        // open parentheses
	open  int        // where the outermost begins
	again bool       // Parse has been called before for this entry
}

// EntryLimits bounds what an entry of a master file may make us hold. The zero
// value of a field means its default; a negative value, no limit. Nil is all
// defaults.
type EntryLimits struct {
	// MaxToken is the longest word in octets, 65,536 by default. A word of
	// base64 for the longest RDATA does not fit; it may be divided by blanks.
	MaxToken int
	// MaxEntry is the longest entry in octets, with its comments and its line
	// ends, 1 MiB by default. A parenthesis that is not closed ends here at
	// the latest.
	MaxEntry int
}

const (
	defaultMaxToken = 64 << 10
	defaultMaxEntry = 1 << 20
)

type entryState uint8

const (
	betweenWords entryState = iota
	inWord
	inQuotes
	inComment
)

// endsWord tells which octets end a word; a backslash does not, but takes the
// next octet with it.
var endsWord = func() (ends [256]bool) {
	for _, c := range []byte(" \t\r\n;()\"\\") {
		ends[c] = true
	}
	return ends
}()

// Parse takes the entry at the front of b, its line end included, and returns
// how many octets it has. A line without words is an entry without Tokens. It
// needs the line end: [ErrIncomplete] asks for the same octets and more behind
// them, and goes on where it was. The error is a [*ParseError] or a
// [*LimitError] else.
func (e *Entry) Parse(b []byte, lim *EntryLimits) (n int, err error) {
	if lim == nil {
		lim = &EntryLimits{}
	}
	maxToken, maxEntry := limit(lim.MaxToken, defaultMaxToken), limit(lim.MaxEntry, defaultMaxEntry)
	if e.at == 0 {
		e.Tokens, e.Lines, e.again = e.Tokens[:0], 0, false
		e.Blank = len(b) > 0 && (b[0] == ' ' || b[0] == '\t')
	} else {
		e.again = true
	}
	end, err := e.words(b[:min(len(b), maxEntry)], maxToken)
	switch {
	case err == ErrIncomplete && len(b) > maxEntry:
		err = &LimitError{Name: "MaxEntry", Max: int64(maxEntry)}
	case err == ErrIncomplete:
		return 0, err
	}
	e.at, e.in, e.depth = 0, betweenWords, 0
	if err != nil {
		return 0, err
	}
	if e.again {
		e.rebase(b)
	}
	return end, nil
}

// limit returns the value of a limit that is 0 for its default and negative for
// none.
func limit(v, def int) int {
	switch {
	case v == 0:
		return def
	case v < 0:
		return int(^uint(0) >> 1)
	}
	return v
}

// rebase moves the words to where b is now: a buffer that grows is another.
func (e *Entry) rebase(b []byte) {
	for i := range e.Tokens {
		t := &e.Tokens[i]
		start := t.Offset
		if t.Quoted {
			start++
		}
		t.Text = b[start : start+len(t.Text)]
	}
}

// words goes on from e.at to the end of the entry.
func (e *Entry) words(b []byte, maxToken int) (end int, err error) {
	i := e.at
	for i < len(b) {
		switch e.in {
		case betweenWords:
			var done bool
			if i, done, err = e.between(b, i, maxToken); done || err != nil {
				return i, err
			}
		case inWord:
			if i, err = e.word(b, i, maxToken); err != nil {
				return i, err
			}
		case inQuotes:
			if i, err = e.quotes(b, i, maxToken); err != nil {
				return i, err
			}
		case inComment:
			for i < len(b) && b[i] != '\n' {
				i++
			}
			if i < len(b) {
				e.in = betweenWords
			}
		}
	}
	e.at = i
	return i, ErrIncomplete
}

// wordEnd returns where from i on an octet stands that ends a word, or len(b).
// Words are short, and where a loop over their octets ends is hard to foresee:
// it takes eight at a time.
func wordEnd(b []byte, i int) int {
	const each, top = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(b); i++ {
		x := binary.LittleEndian.Uint64(b[i:])
		semicolons, backslashes := x^each*';', x^each*'\\'
		// The lowest bit that is set marks the first octet that is below '*', a
		// semicolon or a backslash: others that end a word are below '*'.
		marks := ((x-each*'*')&^x | (semicolons-each)&^semicolons | (backslashes-each)&^backslashes) & top
		if marks == 0 {
			i += 7
			continue
		}
		if i += bits.TrailingZeros64(marks) / 8; endsWord[b[i]] {
			return i
		}
	}
	for i < len(b) && !endsWord[b[i]] {
		i++
	}
	return i
}

// between takes blanks, parentheses and plain words up to where something else
// begins; done tells that the entry ends.
func (e *Entry) between(b []byte, i, maxToken int) (_ int, done bool, err error) {
	for ; i < len(b); i++ {
		switch b[i] {
		case ' ', '\t', '\r':
		case '\n':
			if e.Lines++; e.depth == 0 {
				return i + 1, true, nil
			}
		case '(':
			if e.depth == 0 {
				e.open = i
			}
			e.depth++
		case ')':
			if e.depth == 0 {
				return i, false, textError(i, "parenthesis that is not open", "RFC 1035 §5.1", ErrSyntax)
			}
			e.depth--
		case ';':
			e.in = inComment
			return i + 1, false, nil
		case '"':
			e.in, e.start = inQuotes, i
			return i + 1, false, nil
		default:
			end := wordEnd(b, i)
			if end == len(b) || b[end] == '\\' || end-i > maxToken {
				e.in, e.start = inWord, i
				return i, false, nil
			}
			e.add(b[i:end:end], false, i)
			i = end - 1
		}
	}
	return i, false, nil
}

// add adds a word. Each field is set for itself: a whole Token would be moved
// under the garbage collector's eyes.
func (e *Entry) add(text []byte, quoted bool, at int) {
	n := len(e.Tokens)
	if n == cap(e.Tokens) {
		e.Tokens = append(e.Tokens, Token{})
	}
	e.Tokens = e.Tokens[:n+1]
	t := &e.Tokens[n]
	t.Text, t.Quoted, t.Offset = text, quoted, at
}

// word takes a word to the octet that ends it.
func (e *Entry) word(b []byte, i, maxToken int) (_ int, err error) {
	for {
		i = wordEnd(b, i)
		switch {
		case i-e.start > maxToken:
			return i, tokenTooLong(maxToken)
		case i == len(b):
			return i, nil
		case b[i] != '\\':
			e.add(b[e.start:i:i], false, e.start)
			e.in = betweenWords
			return i, nil
		}
		if i, err = e.escaped(b, i); err != nil {
			return i, err
		}
	}
}

// quotes takes a quoted string to the mark that ends it. A line end does not
// belong into one: a mark that was forgotten would take the rest of the file.
func (e *Entry) quotes(b []byte, i, maxToken int) (_ int, err error) {
	for {
		for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] != '\n' {
			i++
		}
		switch {
		case i-e.start-1 > maxToken:
			return i, tokenTooLong(maxToken)
		case i == len(b):
			return i, nil
		case b[i] == '\n':
			return i, textError(e.start, "quoted string without an end", "RFC 1035 §5.1", ErrSyntax)
		case b[i] == '"':
			e.add(b[e.start+1:i:i], true, e.start)
			e.in = betweenWords
			return i + 1, nil
		}
		if i, err = e.escaped(b, i); err != nil {
			return i, err
		}
	}
}

func tokenTooLong(max int) error { return &LimitError{Name: "MaxToken", Max: int64(max)} }

// escaped steps over a backslash and the octet behind it.
func (e *Entry) escaped(b []byte, i int) (int, error) {
	switch {
	case i+1 == len(b):
		e.at = i
		return i, ErrIncomplete
	case b[i+1] == '\n' || b[i+1] == '\r':
		return i, textError(i, "escape at the end of a line", "RFC 1035 §5.1", ErrSyntax)
	}
	return i + 2, nil
}

// Unclosed tells where the outermost parenthesis begins that is open after
// [ErrIncomplete]; false where none is.
func (e *Entry) Unclosed() (offset int, ok bool) { return e.open, e.at > 0 && e.depth > 0 }
