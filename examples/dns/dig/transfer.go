package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"applayer/dns"
)

// transfer reads a zone (AXFR) and prints its records as they come.
func (p *program) transfer(ctx context.Context, l *lookup, zone dns.Name, servers []server) error {
	t, err := p.transport(l)
	if err != nil {
		return err
	}
	c := &dns.Client{Transport: t, Network: dns.NetworkTCP, Timeout: l.timeout, NoEDNS: l.edns < 0, NoCookies: !l.sendCookie}
	if l.tls {
		c.Network = dns.NetworkTLS
	}
	for range l.tries {
		for _, s := range servers {
			done, err := p.transferFrom(ctx, l, c, zone, s)
			if done || err != nil {
				return err
			}
		}
	}
	p.status = exitNoReply
	return nil
}

// transferFrom is a transfer from one server; done tells that it was reached.
func (p *program) transferFrom(ctx context.Context, l *lookup, c *dns.Client, zone dns.Name, s server) (done bool, err error) {
	var how dns.Transferred
	style := l.textStyle()
	var line []byte
	seen := 0
	for rr, err := range c.Transfer(ctx, s.addr, zone, &how) {
		if err != nil {
			return p.transferFailed(ctx, l, c, s, err, seen)
		}
		if seen == 0 {
			if err := p.greet(l); err != nil {
				return true, err
			}
		}
		seen++
		soa := rr.Type() == dns.TypeSOA
		if !l.answer || soa && seen > 1 && l.oneSOA {
			continue
		}
		if p.short {
			line, err = dns.AppendRDataTextSplit(line[:0], rr.Data, l.split)
		} else {
			line, err = style.AppendRR(line[:0], rr)
		}
		if err != nil {
			return true, err
		}
		if _, err := p.stdout.Write(append(line, '\n')); err != nil {
			return true, err
		}
	}
	if p.short || !l.stats {
		return true, nil
	}
	var b bytes.Buffer
	p.stats(&b, s, c.Network, how.Duration, time.Now())
	fmt.Fprintf(&b, ";; XFR size: %d records (messages %d, bytes %d)\n\n", how.Records, how.Messages, how.Octets)
	_, err = p.stdout.Write(b.Bytes())
	return true, err
}

// transferFailed prints why a zone did not come, or not whole.
func (p *program) transferFailed(ctx context.Context, l *lookup, c *dns.Client, s server, err error, seen int) (done bool, _ error) {
	if ctx.Err() != nil {
		return true, ctx.Err()
	}
	_, refused := errors.AsType[*dns.ReplyError](err)
	if !refused && seen == 0 {
		p.failed(l, s, c.Network, err)
		return false, nil
	}
	if err := p.greet(l); err != nil {
		return true, err
	}
	if !refused {
		fmt.Fprintln(p.stdout, ";;", err)
		p.status = exitNoReply
	}
	fmt.Fprintln(p.stdout, "; Transfer failed.")
	return true, nil
}
