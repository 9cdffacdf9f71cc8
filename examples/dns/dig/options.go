package main

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"applayer/dns"
)

// plusOption is an option that begins with a plus sign. One that is a switch is
// turned off by "no" before its name.
type plusOption struct {
	name  string
	value string // how its value is called; "" without one
	must  bool   // it has to have a value
	help  string
	set   func(l *lookup, on bool, value string) error
}

// flag is an option that sets a bool.
func flag(name, help string, at func(*lookup) *bool) plusOption {
	return plusOption{name: name, help: help, set: func(l *lookup, on bool, _ string) error {
		*at(l) = on
		return nil
	}}
}

// contrary is a flag that clears a bool.
func contrary(name, help string, at func(*lookup) *bool) plusOption {
	return plusOption{name: name, help: help, set: func(l *lookup, on bool, _ string) error {
		*at(l) = !on
		return nil
	}}
}

// plusOptions are in the order of their names. An abbreviation stands for the
// first that it begins.
var plusOptions = []plusOption{
	flag("aaflag", "set AA in the query", func(l *lookup) *bool { return &l.aa }),
	flag("aaonly", "the same", func(l *lookup) *bool { return &l.aa }),
	flag("ad", "set AD in the query (default on)", func(l *lookup) *bool { return &l.ad }),
	flag("additional", "print the additional section", func(l *lookup) *bool { return &l.additional }),
	flag("adflag", "the same", func(l *lookup) *bool { return &l.ad }),
	{name: "all", help: "print all sections and comments, or none", set: setAll},
	flag("answer", "print the answer section", func(l *lookup) *bool { return &l.answer }),
	flag("authority", "print the authority section", func(l *lookup) *bool { return &l.authority }),
	flag("badcookie", "ask again after BADCOOKIE (default on)", func(l *lookup) *bool { return &l.badCookie }),
	{name: "bufsize", value: "octets", must: true, help: "the size of datagrams that is offered (default 1232)", set: setBufsize},
	flag("cdflag", "set CD in the query", func(l *lookup) *bool { return &l.cd }),
	contrary("class", "print the class of records", func(l *lookup) *bool { return &l.noClass }),
	flag("cmd", "print the command line", func(l *lookup) *bool { return &l.cmd }),
	flag("comments", "print lines that begin with a semicolon", func(l *lookup) *bool { return &l.comments }),
	{name: "cookie", value: "hex", help: "send a cookie (default on)", set: setCookie},
	flag("dnssec", "set DO in the query", func(l *lookup) *bool { return &l.do }),
	flag("do", "the same", func(l *lookup) *bool { return &l.do }),
	{name: "edns", value: "version", help: "use EDNS (default on, version 0)", set: setEDNS},
	{name: "ednsflags", value: "flags", must: true, help: "set the flags of EDNS that have no meaning", set: setEDNSFlags},
	flag("ednsnegotiation", "ask with a lower version of EDNS after BADVERS (default on)", func(l *lookup) *bool { return &l.negotiate }),
	{name: "ednsopt", value: "code[:hex]", help: "send an option of EDNS", set: setEDNSOption},
	flag("expire", "ask when the zone expires", func(l *lookup) *bool { return &l.expire }),
	contrary("fail", "take SERVFAIL as an answer (default on)", func(l *lookup) *bool { return &l.failover }),
	flag("header-only", "send no question", func(l *lookup) *bool { return &l.headerOnly }),
	flag("identify", "tell the server with a short answer", func(l *lookup) *bool { return &l.identify }),
	flag("ignore", "take a truncated answer as it is", func(l *lookup) *bool { return &l.ignoreTC }),
	flag("keepalive", "ask how long a connection may be idle", func(l *lookup) *bool { return &l.keepalive }),
	flag("keepopen", "use the connection for several lookups", func(l *lookup) *bool { return &l.keepOpen }),
	flag("multiline", "print long records over several lines", func(l *lookup) *bool { return &l.multiline }),
	flag("nsid", "ask for the server's name", func(l *lookup) *bool { return &l.nsid }),
	flag("onesoa", "print the SOA record of a transfer once", func(l *lookup) *bool { return &l.oneSOA }),
	{name: "opcode", value: "opcode", must: true, help: "the kind of message (default QUERY)", set: setOpcode},
	{name: "padding", value: "octets", must: true, help: "pad the query to blocks", set: setPadding},
	{name: "qid", value: "id", must: true, help: "the ID of the query", set: setID},
	flag("qr", "print the query", func(l *lookup) *bool { return &l.showQuery }),
	flag("question", "print the question section", func(l *lookup) *bool { return &l.question }),
	flag("raflag", "set RA in the query", func(l *lookup) *bool { return &l.ra }),
	flag("rdflag", "ask for recursion (default on)", func(l *lookup) *bool { return &l.rd }),
	flag("recurse", "the same", func(l *lookup) *bool { return &l.rd }),
	{name: "retry", value: "n", must: true, help: "ask so often again (default 2)", set: setRetry},
	flag("short", "print the data of the answer alone", func(l *lookup) *bool { return &l.short }),
	{name: "split", value: "characters", help: "divide octets by blanks (default 56)", set: setSplit},
	flag("stats", "print time, server and size (default on)", func(l *lookup) *bool { return &l.stats }),
	{name: "subnet", value: "prefix", must: true, help: "tell the server for whom it is", set: setSubnet},
	flag("tcflag", "set TC in the query", func(l *lookup) *bool { return &l.tc }),
	{name: "tcp", help: "ask over TCP", set: setTCP},
	{name: "time", value: "seconds", must: true, help: "wait so long (default 5)", set: setTimeout},
	{name: "timeout", value: "seconds", must: true, help: "the same", set: setTimeout},
	{name: "tls", help: "ask over TLS", set: func(l *lookup, on bool, _ string) error {
		l.tls = on
		return nil
	}},
	{name: "tls-ca", value: "file", help: "check the server's certificate", set: func(l *lookup, on bool, value string) error {
		l.tlsOptions.verify, l.tlsOptions.ca = on, value
		l.tls = l.tls || on
		return nil
	}},
	{name: "tls-hostname", value: "name", help: "the name in the server's certificate", set: func(l *lookup, on bool, value string) error {
		l.tlsOptions.host = value
		l.tls = l.tls || on
		return nil
	}},
	{name: "trace", help: "ask from the root down", set: setTrace},
	{name: "tries", value: "n", must: true, help: "ask so often (default 3)", set: setTries},
	contrary("ttlid", "print the TTL of records", func(l *lookup) *bool { return &l.noTTL }),
	flag("ttlunits", "print TTLs with units", func(l *lookup) *bool { return &l.ttlUnits }),
	{name: "vc", help: "ask over TCP", set: setTCP},
	flag("zflag", "set the bit that must be 0", func(l *lookup) *bool { return &l.z }),
}

// nothingToDo are options of dig that change nothing here: how names are
// completed and written, and comments on keys.
var nothingToDo = []string{"besteffort", "crypto", "defname", "idn", "idnin", "idnout", "mapped", "rrcomments", "search", "showsearch", "unusedalg"}

// plusHelp lists the options.
func plusHelp() string {
	var b strings.Builder
	for i := range plusOptions {
		o := &plusOptions[i]
		name := "+" + o.name
		switch {
		case o.must:
			name += "=" + o.value
		case o.value != "":
			name += "[=" + o.value + "]"
		}
		fmt.Fprintf(&b, "                 %-21s %s\n", name, o.help)
	}
	return b.String()
}

// plus does what an option says, for the lookup at hand or for all.
func (a *parser) plus(arg string) error {
	name, value, has := strings.Cut(arg, "=")
	on := true
	o := findPlus(name)
	if rest, no := cutNo(name); o == nil && no {
		o, on = findPlus(rest), false
		name = rest
	}
	switch {
	case o == nil && isNothing(name):
		return nil
	case o == nil, on && o.must && !has, has && o.value == "":
		return a.invalid("+" + arg)
	}
	if err := o.set(a.current, on, value); err != nil {
		return err
	}
	switch o.name {
	case "short", "cmd", "all":
		// These are for all lookups, wherever they stand.
		a.cmd, a.short = a.current.cmd, a.current.short
	}
	return nil
}

func cutNo(name string) (rest string, ok bool) {
	if len(name) < 2 || !strings.EqualFold(name[:2], "no") {
		return name, false
	}
	return name[2:], true
}

// findPlus finds an option by its name or the beginning of it.
func findPlus(name string) *plusOption {
	if name == "" {
		return nil
	}
	var found *plusOption
	for i := range plusOptions {
		o := &plusOptions[i]
		if len(name) > len(o.name) || !strings.EqualFold(name, o.name[:len(name)]) {
			continue
		}
		if len(name) == len(o.name) {
			return o
		}
		if found == nil {
			found = o
		}
	}
	return found
}

func isNothing(name string) bool {
	for _, n := range nothingToDo {
		if name != "" && len(name) <= len(n) && strings.EqualFold(name, n[:len(name)]) {
			return true
		}
	}
	return false
}

// number reads a value up to max.
func number(what, value string, max uint64) (uint64, error) {
	n, err := strconv.ParseUint(value, 0, 64)
	switch {
	case err != nil:
		return 0, fatalf("Couldn't parse %s '%s'", what, value)
	case n > max:
		return 0, fatalf("Couldn't parse %s '%s': out of range", what, value)
	}
	return n, nil
}

func setAll(l *lookup, on bool, _ string) error {
	l.comments, l.question, l.answer, l.authority, l.additional, l.stats, l.cmd = on, on, on, on, on, on, on
	return nil
}

func setBufsize(l *lookup, on bool, value string) error {
	if !on {
		l.bufsize = 0
		return nil
	}
	n, err := number("buffer size", value, 65535)
	l.bufsize = uint16(n)
	l.edns = max(l.edns, 0)
	return err
}

func setCookie(l *lookup, on bool, value string) error {
	l.sendCookie, l.cookie = on, nil
	if value == "" {
		return nil
	}
	b, err := hex.DecodeString(value)
	if err != nil || len(b) > 40 {
		return fatalf("cookie '%s' is not hexadecimal, or too long", value)
	}
	l.cookie = b
	l.edns = max(l.edns, 0)
	return nil
}

func setEDNS(l *lookup, on bool, value string) error {
	if !on {
		l.edns = -1
		return nil
	}
	l.edns = 0
	if value == "" {
		return nil
	}
	n, err := number("edns", value, 255)
	l.edns = int(n)
	return err
}

func setEDNSFlags(l *lookup, on bool, value string) error {
	l.ednsFlags = 0
	if !on {
		return nil
	}
	n, err := number("ednsflags", value, 0xffff)
	l.ednsFlags = uint16(n) &^ 0x8000
	l.edns = max(l.edns, 0)
	return err
}

// ednsNames are names for options of EDNS, beside numbers.
var ednsNames = map[string]uint64{
	"LLQ": 1, "NSID": 3, "DAU": 5, "DHU": 6, "N3U": 7, "ECS": 8, "EXPIRE": 9, "COOKIE": 10,
	"KEEPALIVE": 11, "PADDING": 12, "PAD": 12, "CHAIN": 13, "KEY-TAG": 14, "EDE": 15,
}

func setEDNSOption(l *lookup, on bool, value string) error {
	if !on {
		l.options = nil
		return nil
	}
	code, text, _ := strings.Cut(value, ":")
	n, ok := ednsNames[strings.ToUpper(code)]
	if !ok {
		var err error
		if n, err = number("ednsopt", code, 0xffff); err != nil {
			return err
		}
	}
	data, err := hex.DecodeString(text)
	if err != nil {
		return fatalf("ednsopt value '%s' is not hexadecimal", text)
	}
	l.options = append(l.options, dns.Option{Code: dns.OptionCode(n), Data: data})
	l.edns = max(l.edns, 0)
	return nil
}

func setOpcode(l *lookup, on bool, value string) error {
	l.opcode = dns.OpcodeQuery
	if !on {
		return nil
	}
	for o := range dns.Opcode(16) {
		if strings.EqualFold(value, o.String()) {
			l.opcode = o
			return nil
		}
	}
	n, err := number("opcode", value, 15)
	l.opcode = dns.Opcode(n)
	return err
}

func setPadding(l *lookup, on bool, value string) error {
	l.padding = 0
	if !on {
		return nil
	}
	n, err := number("padding", value, 512)
	l.padding = int(n)
	return err
}

func setID(l *lookup, on bool, value string) error {
	l.hasID = on
	if !on {
		return nil
	}
	n, err := number("qid", value, 0xffff)
	l.id = uint16(n)
	return err
}

func setRetry(l *lookup, on bool, value string) error {
	n, err := number("retries", value, 100)
	if l.tries = int(n) + 1; !on {
		l.tries = 1
	}
	return err
}

func setTries(l *lookup, on bool, value string) error {
	if !on {
		l.tries = 1
		return nil
	}
	n, err := number("tries", value, 100)
	l.tries = max(int(n), 1)
	return err
}

func setTimeout(l *lookup, on bool, value string) error {
	if !on {
		l.timeout = 5 * time.Second
		return nil
	}
	n, err := number("timeout", value, 3600)
	l.timeout = time.Duration(max(n, 1)) * time.Second
	return err
}

func setSplit(l *lookup, on bool, value string) error {
	l.split = 0
	if !on {
		return nil
	}
	l.split = 56
	if value == "" {
		return nil
	}
	n, err := number("split", value, 1023)
	// named counts in words of four characters.
	l.split = int(n+3) / 4 * 4
	return err
}

func setTCP(l *lookup, on bool, _ string) error {
	l.tcp, l.hasTCP = on, true
	return nil
}

func setSubnet(l *lookup, on bool, value string) error {
	l.subnet = nil
	if !on {
		return nil
	}
	p, err := parsePrefix(value)
	if err != nil {
		return usagef("invalid address '%s'", value)
	}
	l.subnet = &dns.Subnet{Prefix: p}
	l.edns = max(l.edns, 0)
	return nil
}

// parsePrefix reads an address, a prefix, or 0 for no address at all.
func parsePrefix(s string) (netip.Prefix, error) {
	if s == "0" {
		s = "0.0.0.0/0"
	}
	if addr, err := netip.ParseAddr(s); err == nil {
		return addr.Prefix(addr.BitLen())
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err
}

// setTrace changes what is printed too, as in dig.
func setTrace(l *lookup, on bool, _ string) error {
	l.trace = on
	if on {
		l.rd, l.do, l.identify = false, true, true
		l.comments, l.stats, l.additional, l.question = false, false, false, false
		l.authority = true
	}
	return nil
}
