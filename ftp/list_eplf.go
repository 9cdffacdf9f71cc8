package ftp

import (
	"strings"
	"time"
)

// parseEPLF takes a line of EPLF, a plus sign, facts with commas behind them, a
// tab and the name:
//
//	+i8388621.29609,m824255902,/,<tab>dev
//	+i8388621.44468,m839956783,r,s10376,<tab>a file
func parseEPLF(text string) (Entry, error) {
	facts, name, ok := strings.Cut(text[1:], "\t")
	if !ok || name == "" {
		return Entry{}, listError(len(text), ErrSyntax)
	}
	e := Entry{Name: name}
	for at := 1; at < 1+len(facts); {
		fact, _, _ := strings.Cut(text[at:1+len(facts)], ",")
		if !e.takeEPLF(fact) {
			return Entry{}, listError(at, ErrValue)
		}
		at += len(fact) + 1
	}
	return e, nil
}

// takeEPLF keeps one fact; ok is false for a value that cannot be. Facts that are
// not known are to be skipped.
func (e *Entry) takeEPLF(fact string) (ok bool) {
	if fact == "" {
		return true
	}
	value := fact[1:]
	switch fact[0] {
	case '/': // CWD will take it
		e.Type, e.Facts = EntryDir, e.Facts|FactType
	case 'r': // RETR will take it
		e.Type, e.Facts = EntryFile, e.Facts|FactType
	case 's':
		e.Size, ok = parseSize(value)
		e.Facts |= FactSize
		return ok
	case 'm':
		seconds, ok := parseSize(value)
		e.ModTime, e.Precision = time.Unix(seconds, 0).UTC(), time.Second
		e.Facts |= FactModify
		return ok && seconds < 1<<40 // a year of five digits
	case 'i':
		e.Unique = value
		e.Facts |= FactUnique
	case 'u':
		if strings.HasPrefix(value, "p") {
			e.Mode, ok = parseMode(value[1:])
			e.Facts |= FactUnixMode
			return ok
		}
	}
	return true
}
