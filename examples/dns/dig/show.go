package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"applayer/dns"
)

// whenLayout is how dig writes the time of an answer.
const whenLayout = "Mon Jan 02 15:04:05 MST 2006"

// greet prints the command line, before what its first lookup gives.
func (p *program) greet(l *lookup) error {
	line := l.greeting
	l.greeting = ""
	if line == "" && p.greeted || !p.cmd || p.short {
		return nil
	}
	var b strings.Builder
	if !p.greeted {
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "; <<>> DiG %s <<>> %s\n", version, line)
	if !p.greeted {
		p.greeted = true
		if len(l.servers) > 0 {
			fmt.Fprintf(&b, "; (%s found)\n", count(l.found, "server"))
		}
		b.WriteString(";; global options: +cmd\n")
	}
	if _, err := io.WriteString(p.stdout, b.String()); err != nil {
		return fatalf("%v", err)
	}
	return nil
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// textStyle is how a lookup's records are printed: the columns move to the left
// where parts are left out.
func (l *lookup) textStyle() *dns.TextStyle {
	s := dns.DigStyle()
	s.Split, s.NoTTL, s.NoClass, s.TTLUnits, s.Multiline = l.split, l.noTTL, l.noClass, l.ttlUnits, l.multiline
	switch {
	case l.multiline || l.noTTL && l.noClass:
		s.TTL, s.Class, s.Type, s.Data = 24, 24, 24, 32
	case l.noTTL || l.noClass:
		s.TTL, s.Class, s.Type, s.Data = 24, 24, 32, 40
	}
	return &s
}

func (l *lookup) messageStyle() *dns.MessageStyle {
	return &dns.MessageStyle{
		Records: l.textStyle(), NoHeader: !l.comments, NoComments: !l.comments,
		NoQuestion: !l.question, NoAnswer: !l.answer, NoAuthority: !l.authority, NoAdditional: !l.additional,
		RecursionDesired: l.rd,
	}
}

// showQuery prints the query that is sent (+qr).
func (p *program) showQuery(l *lookup, m *dns.Message, octets int) error {
	if err := p.greet(l); err != nil {
		return err
	}
	var b []byte
	if l.comments {
		b = append(b, ";; Sending:\n"...)
	}
	if l.padding > 0 {
		// The padding is no part of what is asked; dig makes it later.
		shown, e := *m, *m.EDNS
		e.Options = append([]dns.Option(nil), e.Options...)
		e.SetPadding(0)
		shown.EDNS = &e
		m = &shown
	}
	b = l.messageStyle().AppendMessage(b, m)
	if l.stats {
		b = fmt.Appendf(b, ";; QUERY SIZE: %d\n\n", octets)
	}
	if _, err := p.stdout.Write(b); err != nil {
		return fatalf("%v", err)
	}
	return nil
}

// show prints an answer.
func (p *program) show(l *lookup, r *reply) error {
	if p.status == exitNoReply {
		p.status = exitDone // there is an answer after all
	}
	if p.short {
		return p.showShort(l, r)
	}
	if err := p.greet(l); err != nil {
		return err
	}
	var b bytes.Buffer
	style := l.messageStyle()
	if l.comments {
		b.WriteString(";; Got answer:\n")
		style.CookieNote = cookieNote(r.query, r.Message)
		style.Warning = warning(l, r)
	}
	b.Write(style.AppendMessage(nil, r.Message))
	p.footer(&b, l, r)
	_, err := p.stdout.Write(b.Bytes())
	return err
}

// warning tells of a server that does not know EDNS: it says so, and has none
// itself (RFC 6891 §7).
func warning(l *lookup, r *reply) string {
	if r.query.EDNS == nil || r.EDNS != nil || r.RCode != dns.RCodeFormErr && r.RCode != dns.RCodeNotImp {
		return ""
	}
	options := "+noedns"
	if l.do {
		options = "+nodnssec +noedns"
	}
	return "EDNS query returned status " + r.RCode.String() + " - retry with '" + options + "'"
}

// footer prints time, server and size.
func (p *program) footer(b *bytes.Buffer, l *lookup, r *reply) {
	switch {
	case l.stats:
		p.stats(b, r.server, r.network, r.duration, r.at)
		fmt.Fprintf(b, ";; MSG SIZE  rcvd: %d\n\n", r.octets)
	case l.identify:
		unit := "ms"
		n := r.duration.Milliseconds()
		if p.micro {
			unit, n = "us", r.duration.Microseconds()
		}
		fmt.Fprintf(b, ";; Received %d bytes from %s(%s) in %d %s\n\n", r.octets, r.server, r.server.name, n, unit)
	}
}

func (p *program) stats(b *bytes.Buffer, s server, network string, took time.Duration, at time.Time) {
	fmt.Fprintf(b, ";; Query time: %s\n", p.timeText(took))
	fmt.Fprintf(b, ";; SERVER: %s(%s) (%s)\n", s, s.name, strings.ToUpper(network))
	fmt.Fprintf(b, ";; WHEN: %s\n", at.Format(whenLayout))
}

// showShort prints the data of the answer's records, a line each, on the way
// down with its type.
func (p *program) showShort(l *lookup, r *reply) error {
	var b []byte
	for _, rr := range r.Answer {
		if l.trace {
			b = append(append(b, rr.Type().String()...), ' ')
		}
		line, err := dns.AppendRDataTextSplit(nil, rr.Data, l.split)
		if err != nil {
			return err
		}
		b = append(b, line...)
		if l.identify {
			b = fmt.Appendf(b, " from server %s in %d ms.", r.server.addr.Addr(), r.duration.Milliseconds())
		}
		b = append(b, '\n')
	}
	_, err := p.stdout.Write(b)
	return err
}
