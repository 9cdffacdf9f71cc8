package dns

import (
	"encoding/hex"
	"strconv"
	"time"
)

// MessageStyle is how messages are printed: as dig does, but for what its fields
// leave out.
type MessageStyle struct {
	// Records is the style of records; nil is that of dig.
	Records *TextStyle
	// NoHeader leaves out the header and what EDNS says, NoComments the heads
	// of the sections and the empty lines too.
	NoHeader, NoComments bool
	// The sections that are left out.
	NoQuestion, NoAnswer, NoAuthority, NoAdditional bool
	// CookieNote stands in parentheses behind the cookie: dig says there
	// whether the server has repeated the client's, "good" or "bad".
	CookieNote string
	// Warning is a line that stands behind the header; empty for none.
	Warning string
	// RecursionDesired tells that the query asked for recursion, so that a
	// response from a server that does none has a warning.
	RecursionDesired bool
}

// AppendText appends m as dig prints it, from the header to the last record:
// several lines, each with its end. It has no error: a record that has no
// presentation form is a comment.
func (m *Message) AppendText(dst []byte) ([]byte, error) {
	var s MessageStyle
	return s.AppendMessage(dst, m), nil
}

// String returns what [Message.AppendText] appends.
func (m *Message) String() string {
	b, _ := m.AppendText(nil)
	return string(b)
}

// AppendMessage appends a message in the style.
func (s *MessageStyle) AppendMessage(dst []byte, m *Message) []byte {
	if !s.NoHeader && !s.NoComments {
		dst = s.appendHeader(dst, m)
		dst = append(dst, '\n')
		if s.Warning != "" {
			dst = append(append(append(dst, ";; WARNING: "...), s.Warning...), "\n\n"...)
		}
		if m.EDNS != nil {
			dst = s.appendEDNS(dst, m.EDNS)
		}
	}
	names := sectionNames(m.Opcode)
	if !s.NoQuestion && (len(m.Question) > 0 || !m.Response) {
		if !s.NoComments {
			dst = appendSectionHead(dst, names[0])
		}
		for _, q := range m.Question {
			dst = s.appendQuestion(dst, q)
		}
		if !s.NoComments {
			dst = append(dst, '\n')
		}
	}
	for i, section := range [...]struct {
		rrs []RR
		no  bool
	}{{m.Answer, s.NoAnswer}, {m.Authority, s.NoAuthority}, {m.Additional, s.NoAdditional}} {
		if section.no || len(section.rrs) == 0 {
			continue
		}
		dst = s.appendSection(dst, names[1+i], section.rrs)
	}
	if m.TSIG != nil && !s.NoAdditional {
		rr := RR{Name: m.TSIG.KeyName, Class: ClassANY, Data: m.TSIG}
		dst = s.appendSection(dst, "TSIG PSEUDOSECTION", []RR{rr})
	}
	return dst
}

// sectionNames are the names of the sections, which updates use for something
// else (RFC 2136 §2).
func sectionNames(o Opcode) [4]string {
	if o == OpcodeUpdate {
		return [4]string{"ZONE SECTION", "PREREQUISITE SECTION", "UPDATE SECTION", "ADDITIONAL SECTION"}
	}
	return [4]string{"QUESTION SECTION", "ANSWER SECTION", "AUTHORITY SECTION", "ADDITIONAL SECTION"}
}

func appendSectionHead(dst []byte, name string) []byte {
	return append(append(append(dst, ";; "...), name...), ":\n"...)
}

// appendSection appends a section with its head and an empty line behind it.
func (s *MessageStyle) appendSection(dst []byte, name string, rrs []RR) []byte {
	if !s.NoComments {
		dst = appendSectionHead(dst, name)
	}
	style := s.Records
	if style == nil {
		style = &digStyle
	}
	for _, rr := range rrs {
		start := len(dst)
		var err error
		if dst, err = style.AppendRR(dst, rr); err != nil {
			dst = append(append(dst[:start], "; "...), err.Error()...)
		}
		dst = append(dst, '\n')
	}
	if !s.NoComments {
		dst = append(dst, '\n')
	}
	return dst
}

// appendHeader appends the two lines of the header, and warnings.
func (s *MessageStyle) appendHeader(dst []byte, m *Message) []byte {
	dst = append(dst, ";; ->>HEADER<<- opcode: "...)
	if m.Opcode <= OpcodeUpdate && opcodeNames[m.Opcode] != "" {
		dst = append(dst, m.Opcode.String()...)
	} else {
		dst = strconv.AppendUint(append(dst, "RESERVED"...), uint64(m.Opcode), 10)
	}
	dst = appendStatus(append(dst, ", status: "...), m.RCode)
	dst = strconv.AppendUint(append(dst, ", id: "...), uint64(m.ID), 10)
	dst = append(dst, "\n;; flags:"...)
	for _, f := range [...]struct {
		name string
		set  bool
	}{
		{"qr", m.Response}, {"aa", m.Authoritative}, {"tc", m.Truncated}, {"rd", m.RecursionDesired},
		{"ra", m.RecursionAvailable}, {"ad", m.AuthenticData}, {"cd", m.CheckingDisabled},
	} {
		if f.set {
			dst = append(append(dst, ' '), f.name...)
		}
	}
	if m.Zero {
		dst = append(dst, "; MBZ: 0x4"...)
	}
	additional := len(m.Additional)
	if m.EDNS != nil {
		additional++
	}
	if m.TSIG != nil {
		additional++
	}
	for i, n := range [...]int{len(m.Question), len(m.Answer), len(m.Authority), additional} {
		dst = append(dst, [...]string{"; QUERY: ", ", ANSWER: ", ", AUTHORITY: ", ", ADDITIONAL: "}[i]...)
		dst = strconv.AppendInt(dst, int64(n), 10)
	}
	dst = append(dst, '\n')
	if s.RecursionDesired && m.Response && m.RecursionDesired && !m.RecursionAvailable {
		dst = append(dst, ";; WARNING: recursion requested but not available\n"...)
	}
	return dst
}

// appendStatus appends a response code: those that messages have by name.
func appendStatus(dst []byte, r RCode) []byte {
	switch {
	case r <= RCodeNotZone || r == RCodeBadVers || r == RCodeBadCookie:
		return append(dst, r.String()...)
	case r < RCodeBadVers:
		return strconv.AppendUint(append(dst, "RESERVED"...), uint64(r), 10)
	}
	return strconv.AppendUint(append(dst, '?'), uint64(r), 10)
}

// appendQuestion appends a question as a comment.
func (s *MessageStyle) appendQuestion(dst []byte, q Question) []byte {
	style := &digStyle
	if s.Records != nil {
		style = s.Records
	}
	dst = append(dst, ';')
	at := linePlace{octet: len(dst)}
	dst = q.Name.appendText(dst)
	// The TTL's column stays empty.
	dst = style.gap(dst, &at, style.Class)
	dst = append(dst, q.Class.String()...)
	dst = style.gap(dst, &at, style.Type)
	return append(append(dst, q.Type.String()...), '\n')
}

// appendEDNS appends what the OPT record says.
func (s *MessageStyle) appendEDNS(dst []byte, e *EDNS) []byte {
	dst = appendSectionHead(dst, "OPT PSEUDOSECTION")
	dst = append(dst, "; EDNS: version: "...)
	dst = strconv.AppendUint(dst, uint64(e.Version), 10)
	dst = append(dst, ", flags:"...)
	if e.DNSSECOK {
		dst = append(dst, " do"...)
	}
	const compactOK = 0x4000 // CO (RFC 9824 §5.1)
	if e.Z&compactOK != 0 {
		dst = append(dst, " co"...)
	}
	if z := e.Z &^ compactOK; z != 0 {
		dst = append(dst, "; MBZ: 0x"...)
		dst = hex.AppendEncode(dst, []byte{byte(z >> 8), byte(z)})
		dst = append(dst, ", udp: "...)
	} else {
		dst = append(dst, "; udp: "...)
	}
	dst = strconv.AppendUint(dst, uint64(e.UDPSize), 10)
	dst = append(dst, '\n')
	for _, o := range e.Options {
		dst = append(s.appendOption(append(dst, "; "...), o), '\n')
	}
	return dst
}

// appendOption appends an option of EDNS; one that is malformed as octets.
func (s *MessageStyle) appendOption(dst []byte, o Option) []byte {
	e := EDNS{Options: []Option{o}}
	switch o.Code {
	case OptionNSID:
		return appendOctets(append(dst, "NSID"...), o.Data)
	case OptionCookie:
		dst = hex.AppendEncode(append(dst, "COOKIE: "...), o.Data)
		if s.CookieNote != "" {
			dst = append(append(append(dst, " ("...), s.CookieNote...), ')')
		}
		return dst
	case OptionSubnet:
		if subnet, ok := e.Subnet(); ok && subnet.Prefix.IsValid() {
			dst = subnet.Prefix.AppendTo(append(dst, "CLIENT-SUBNET: "...))
			return strconv.AppendUint(append(dst, '/'), uint64(subnet.Scope), 10)
		}
		return appendOctets(append(dst, "CLIENT-SUBNET"...), o.Data)
	case OptionKeepalive:
		if d, ok := e.Keepalive(); ok {
			dst = append(dst, "TCP KEEPALIVE: "...)
			dst = strconv.AppendFloat(dst, d.Seconds(), 'f', 1, 64)
			return append(dst, " secs"...)
		}
		return appendOctets(append(dst, "TCP KEEPALIVE"...), o.Data)
	case OptionEDE:
		for x := range e.ExtendedErrors() {
			return append(append(dst, "EDE: "...), x.String()...)
		}
		return appendOctets(append(dst, "EDE"...), o.Data)
	case OptionPadding:
		if dst = append(dst, "PAD:"...); len(o.Data) > 0 {
			dst = strconv.AppendInt(append(dst, " ("...), int64(len(o.Data)), 10)
			dst = append(dst, " bytes)"...)
		}
		return dst
	case optionExpire:
		if len(o.Data) == 4 {
			seconds := uint32(o.Data[0])<<24 | uint32(o.Data[1])<<16 | uint32(o.Data[2])<<8 | uint32(o.Data[3])
			dst = strconv.AppendUint(append(dst, "EXPIRE: "...), uint64(seconds), 10)
			dst = appendVerboseTime(append(dst, " ("...), time.Duration(seconds)*time.Second)
			return append(dst, ')')
		}
		return appendOctets(append(dst, "EXPIRE"...), o.Data)
	}
	dst = strconv.AppendUint(append(dst, "OPT="...), uint64(o.Code), 10)
	return appendOctets(dst, o.Data)
}

// optionExpire is EXPIRE (RFC 7314), which is printed and no more.
const optionExpire OptionCode = 9

// appendOctets appends octets in hexadecimal digits behind a colon, and as text.
func appendOctets(dst, octets []byte) []byte {
	dst = append(dst, ':')
	if len(octets) == 0 {
		return dst
	}
	for _, o := range octets {
		dst = hex.AppendEncode(append(dst, ' '), []byte{o})
	}
	return append(appendPrintable(append(dst, ` ("`...), octets), `")`...)
}

// appendPrintable appends octets with a point for what does not print: a peer's
// text must not move the cursor.
func appendPrintable(dst, octets []byte) []byte {
	for _, o := range octets {
		if o < ' ' || o >= 0x7f {
			o = '.'
		}
		dst = append(dst, o)
	}
	return dst
}

// appendVerboseTime appends a time as "2 weeks 1 day 3 hours".
func appendVerboseTime(dst []byte, d time.Duration) []byte {
	seconds := int64(d / time.Second)
	if seconds == 0 {
		return append(dst, "0 seconds"...)
	}
	first := true
	for _, u := range [...]struct {
		name string
		n    int64
	}{{"week", 604800}, {"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}} {
		n := seconds / u.n
		if n == 0 {
			continue
		}
		if !first {
			dst = append(dst, ' ')
		}
		first = false
		dst = append(append(strconv.AppendInt(dst, n, 10), ' '), u.name...)
		if n != 1 {
			dst = append(dst, 's')
		}
		seconds %= u.n
	}
	return dst
}
