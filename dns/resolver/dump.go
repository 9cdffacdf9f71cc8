package resolver

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"applayer/dns"
)

// The words of a dump: what an entry is, and how far it is trusted.
var (
	spaceWords = map[space]string{spaceAnswer: "answer", spaceName: "nothing", spaceDelegation: "delegation"}
	rankWords  = [...]string{rankOther: "other", rankAuthoritative: "authoritative"}
)

// noData is the word for an answer that there is none.
const noData = "nodata"

// dumped is an entry on its way out or in.
type dumped struct {
	meta
	name  dns.Name
	typ   dns.Type
	class dns.Class
	ttl   int64
	rrs   []dns.RR
}

// Dump writes what the cache knows as text, for tests and people: for each entry
// a line with what it is, how far it is trusted, how many seconds are left, and
// its name, class and type; behind it the records, a line each, after a tab.
// Entries are in canonical order of their names. Failures, entries that have
// ended and prepared responses are left out.
func (c *Cache) Dump(w io.Writer, now time.Time) error {
	var all []dumped
	for i := range c.shards {
		all = c.shards[i].dump(all, now.Unix())
	}
	slices.SortFunc(all, func(a, b dumped) int {
		return cmp.Or(a.name.Compare(b.name), cmp.Compare(a.space, b.space), cmp.Compare(a.typ, b.typ))
	})
	bw := bufio.NewWriter(w)
	for _, d := range all {
		word := spaceWords[d.space]
		if d.space == spaceAnswer && d.negative {
			word = noData
		}
		fmt.Fprintf(bw, "%s %s %d %s %s %s\n", word, rankWords[d.rank], d.ttl, d.name, d.class, d.typ)
		for _, rr := range d.rrs {
			fmt.Fprintf(bw, "\t%s\n", rr)
		}
	}
	return bw.Flush()
}

// dump appends the entries of a shard.
func (s *shard) dump(all []dumped, now int64) []dumped {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.slots {
		e := &s.slots[i]
		age, known := e.age(now)
		if _, ok := spaceWords[e.meta.space]; !ok || !known || e.expires <= now {
			continue
		}
		b := s.cells.append(nil, e.first, 0, int(e.size))
		d := dumped{meta: e.meta, ttl: e.expires - e.stored - age, typ: dns.Type(binary.BigEndian.Uint16(b[1:])), class: dns.Class(binary.BigEndian.Uint16(b[3:]))}
		var err error
		if d.name, _, err = dns.ParseNameAt(b[:e.key], 5); err == nil {
			d.rrs = parseRecords(b[e.key:], d.class, uint32(d.ttl))
			all = append(all, d)
		}
	}
	return all
}

// maxDumpLine bounds a line that Load reads: a record of 65535 octets in text.
const maxDumpLine = 1 << 19

// Load reads what Dump wrote into the cache, whose other entries stay. The
// error is a [*dns.ParseError] with the offset in the text, or the reader's.
func (c *Cache) Load(r io.Reader, now time.Time) error {
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxDumpLine)
	var d *dumped
	off := int64(0)
	fail := func(what string, err error) error {
		return &dns.ParseError{Offset: off, What: what, Ref: "RFC 1035 §5.1", Err: err}
	}
	for in.Scan() {
		line := in.Bytes()
		switch {
		case len(line) == 0:
		case line[0] == '\t':
			rr, err := dns.ParseRR(string(bytes.TrimSpace(line)))
			if err != nil || d == nil {
				return fail("record in a dump", cmp.Or(err, dns.ErrSyntax))
			}
			d.rrs = append(d.rrs, rr)
		default:
			c.putDumped(now, d)
			var ok bool
			if d, ok = parseDumped(string(line)); !ok {
				return fail("entry of a dump", dns.ErrSyntax)
			}
		}
		off += int64(len(line)) + 1
	}
	if err := in.Err(); err != nil {
		return err
	}
	c.putDumped(now, d)
	return nil
}

func (c *Cache) putDumped(now time.Time, d *dumped) {
	if d != nil && (len(d.rrs) > 0 || d.negative) {
		c.put(now, d.meta, d.name, d.typ, d.class, d.ttl, appendRecords(nil, d.rrs))
	}
}

// parseDumped reads the line that an entry begins with.
func parseDumped(line string) (*dumped, bool) {
	words := strings.Fields(line)
	if len(words) != 6 {
		return nil, false
	}
	d := &dumped{}
	known := words[0] == noData
	d.negative = known
	for s, word := range spaceWords {
		if word == words[0] {
			d.space, known = s, true
			d.negative = s == spaceName
		}
	}
	trust := slices.Index(rankWords[:], words[1])
	if !known || trust < 0 {
		return nil, false
	}
	d.rank = rank(trust)
	var errs [4]error
	d.ttl, errs[0] = strconv.ParseInt(words[2], 10, 32)
	d.name, errs[1] = dns.ParseName(words[3])
	d.class, errs[2] = dns.ParseClass(words[4])
	d.typ, errs[3] = dns.ParseType(words[5])
	return d, cmp.Or(errs[:]...) == nil && d.ttl >= 0
}
