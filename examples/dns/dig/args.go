package main

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"applayer/dns"
	"applayer/sockets"
)

func readRandom(b []byte) { rand.Read(b) } // never fails

const usageText = `Usage:  dig [@global-server] [domain] [q-type] [q-class] {q-opt}
            {global-d-opt} host [@local-server] {local-d-opt}
            [ host [@local-server] {local-d-opt} [...]]
`

const helpText = `
        domain    is a name, absolute with a dot at its end or without
        q-type    is a type such as A, MX, TXT, ANY, AXFR, TYPE65280 (default A)
        q-class   is IN (default), CH, HS or ANY
        q-opt     is one of:
                 -4, -6                ask over IPv4 or IPv6 alone
                 -b address[#port]     ask from this address
                 -c class              the class
                 -f file               take lookups from the lines of a file, - for stdin
                 -h                    print this and go
                 -map file             lines PUBLIC LOCAL: ask the local address
                                       wherever the public one is meant
                 -p port               the server's port (default 53, 853 with +tls)
                 -q name               the name, whatever it looks like
                 -r                    read no .digrc: none is read
                 -t type               the type
                 -u                    times in microseconds
                 -v                    print the version and go
                 -x address            the name of an address, and type PTR
        d-opt     is +keyword[=value], before the first name for all, behind a
                  name for it alone; +no before most keywords is their contrary:
`

// parser reads the arguments. What stands before the first name is for all
// lookups.
type parser struct {
	*program
	global   *lookup // what stands before the first name
	current  *lookup // what options are for
	words    bool    // a word may be a type or a class
	line     string  // the arguments
	greeting bool    // the first lookup has the line, to be printed with it
	batch    string  // the file that lookups are to be read from
}

// parse reads the arguments into lookups.
func (p *program) parse(args []string) error {
	a := &parser{program: p, global: defaults(), words: true, line: strings.Join(args, " ")}
	a.current = a.global
	if err := a.all(args); err != nil {
		return err
	}
	if a.batch != "" {
		p.batch = a
		return nil
	}
	if len(p.lookups) == 0 {
		a.add(".").typ = dns.TypeNS
	}
	return nil
}

func (a *parser) all(args []string) error {
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case strings.HasPrefix(arg, "%"):
			return nil
		case strings.HasPrefix(arg, "@"):
			a.current.servers = []server{{name: arg[1:]}}
		case strings.HasPrefix(arg, "+"):
			if err := a.plus(arg[1:]); err != nil {
				return err
			}
		case len(arg) > 1 && arg[0] == '-':
			used, err := a.dash(arg[1:], args)
			if err != nil {
				return err
			}
			if used {
				args = args[1:]
			}
		default:
			if err := a.word(arg); err != nil {
				return err
			}
		}
	}
	return nil
}

// word is a type, a class, or else a name.
func (a *parser) word(arg string) error {
	if a.words {
		if t, ok, err := parseType(arg); ok || err != nil {
			a.setType(t)
			return err
		}
		if c, err := dns.ParseClass(arg); err == nil {
			a.current.class, a.current.hasClass = c, true
			return nil
		}
	}
	a.add(arg)
	return nil
}

// parseType reads a type that can be asked for. A transfer of changes is none
// yet.
func parseType(s string) (t dns.Type, ok bool, err error) {
	if len(s) >= 4 && strings.EqualFold(s[:4], "IXFR") && (len(s) == 4 || s[4] == '=') {
		return 0, false, notBuilt(s)
	}
	t, err = dns.ParseType(s)
	return t, err == nil, nil
}

func (a *parser) setType(t dns.Type) {
	if a.current.hasType {
		fmt.Fprintln(a.stderr, ";; Warning, extra type option")
	}
	a.current.typ, a.current.hasType = t, true
}

// add begins a lookup of a name, with the options that are for all.
func (a *parser) add(name string) *lookup {
	l := a.global.clone()
	l.name = name
	a.current = l
	l.cmd, l.short = a.cmd, a.short
	if !a.greeting {
		a.greeting = true
		l.greeting = a.line
	}
	a.lookups = append(a.lookups, l)
	return l
}

// dash is an option of one letter; its value may follow at once or be the next
// argument, which is used then.
func (a *parser) dash(option string, rest []string) (used bool, err error) {
	switch option {
	case "4", "6":
		family := int(option[0] - '0')
		if a.family != 0 && a.family != family {
			return false, usagef("only one of -4 and -6 allowed")
		}
		a.family = family
		return false, nil
	case "h":
		fmt.Fprint(a.stdout, usageText, helpText, plusHelp())
		return false, errDone
	case "v":
		fmt.Fprintln(a.stdout, "DiG", version)
		return false, errDone
	case "r":
		return false, nil
	case "u":
		a.micro = true
		return false, nil
	case "m", "d", "i":
		return false, nil
	}
	name, value := option[:1], option[1:]
	if strings.HasPrefix(option, "map") {
		name, value = "map", option[3:]
	}
	if value == "" {
		if len(rest) == 0 {
			return false, a.invalid("-" + option)
		}
		value, used = rest[0], true
	}
	return used, a.dashValue(name, strings.TrimPrefix(value, "="), "-"+option)
}

func (a *parser) dashValue(name, value, option string) error {
	switch name {
	case "b":
		return a.setLocal(value)
	case "c":
		a.words = false
		c, err := dns.ParseClass(value)
		if err != nil {
			fmt.Fprintf(a.stderr, ";; Warning, ignoring invalid class %s\n", value)
			return nil
		}
		a.current.class, a.current.hasClass = c, true
	case "f":
		a.batch = value
	case "k", "y":
		return notBuilt("-" + name)
	case "map":
		b, err := os.ReadFile(value)
		if err == nil {
			a.dialer.Map, err = sockets.ParseAddrMap(b)
		}
		if err != nil {
			return usagef("-map: %v", err)
		}
	case "p":
		port, err := strconv.ParseUint(value, 10, 16)
		if err != nil {
			return usagef("Couldn't parse port number '%s'", value)
		}
		a.port = uint16(port)
	case "q":
		a.add(value)
	case "t":
		a.words = false
		t, ok, err := parseType(value)
		switch {
		case err != nil:
			return err
		case !ok:
			fmt.Fprintf(a.stderr, ";; Warning, ignoring invalid type %s\n", value)
			return nil
		}
		a.setType(t)
	case "x":
		l := a.add(reverse(value))
		if !l.hasType {
			l.typ = dns.TypePTR
			l.hasType = true
		}
	default:
		return a.invalid(option)
	}
	return nil
}

func (a *parser) invalid(option string) error {
	return &exitError{exitUsage, "Invalid option: " + option + "\n" + usageText + "\nUse \"dig -h\" (or \"dig -h | more\") for complete list of options"}
}

// reverse is the name of an address; of what is none, its parts in the other
// order, as for a network's.
func reverse(s string) string {
	if addr, err := netip.ParseAddr(s); err == nil {
		return dns.ReverseName(addr).String()
	}
	parts := strings.Split(strings.TrimSuffix(s, "."), ".")
	var b strings.Builder
	for i := len(parts) - 1; i >= 0; i-- {
		b.WriteString(parts[i] + ".")
	}
	return b.String() + "in-addr.arpa."
}

// setLocal is -b address[#port].
func (a *parser) setLocal(value string) error {
	host, port, _ := strings.Cut(value, "#")
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return usagef("invalid address %s", value)
	}
	n := uint64(0)
	if port != "" {
		if n, err = strconv.ParseUint(port, 10, 16); err != nil {
			return usagef("invalid address %s", value)
		}
	}
	a.local = netip.AddrPortFrom(addr, uint16(n))
	a.dialer.LocalAddr = addr
	if n != 0 {
		a.dialer.LocalPorts = sockets.PortRange{Lo: uint16(n), Hi: uint16(n)}
	}
	return nil
}

// eachLine reads the lines of a batch file, and calls do behind each. Comments
// begin with a semicolon or a number sign.
func (a *parser) eachLine(do func() error) error {
	in := a.stdin
	if a.batch != "-" {
		f, err := os.Open(a.batch)
		if err != nil {
			return &exitError{exitFile, fmt.Sprintf("%v\ndig: couldn't open specified batch file", err)}
		}
		defer f.Close()
		in = f
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || strings.HasPrefix(words[0], ";") || strings.HasPrefix(words[0], "#") {
			continue
		}
		line := &parser{program: a.program, global: a.global.clone(), words: true, line: strings.Join(words, " ")}
		line.current = line.global
		a.lookups = nil
		err := line.all(words)
		if err == nil {
			err = do()
		}
		if err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return &exitError{exitFile, "dig: " + a.batch + ": " + err.Error()}
	}
	return nil
}
