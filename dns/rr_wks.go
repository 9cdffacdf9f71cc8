package dns

import (
	"iter"
	"net/netip"
)

// WKS tells which services a host offers; nobody asks for it
// (RFC 1035 §3.4.2, RFC 1123 §6.1.3.6).
type WKS struct {
	// Addr is the host's IPv4 address.
	Addr netip.Addr
	// Protocol is that of IP: 6 TCP, 17 UDP.
	Protocol uint8
	// Bitmap has a bit for each port from 0 on, the highest first in its octet.
	Bitmap []byte
}

// Type returns [TypeWKS].
func (*WKS) Type() Type { return TypeWKS }

// Ports goes through the ports in ascending order.
func (d *WKS) Ports() iter.Seq[uint16] {
	return func(yield func(uint16) bool) {
		for i, o := range d.Bitmap[:min(len(d.Bitmap), maxWKSBitmap)] {
			for bit := range 8 {
				if o&(0x80>>bit) != 0 && !yield(uint16(8*i+bit)) {
					return
				}
			}
		}
	}
}

const maxWKSBitmap = 1 << 16 / 8

// Fields shows the address, the protocol and the ports, in text as numbers,
// read also as the names of old services.
func (d *WKS) Fields(c *Codec) {
	c.IPv4(&d.Addr)
	if p, ok := mnemonic(c, wksProtocols); ok {
		d.Protocol = p
	} else {
		c.Uint8(&d.Protocol)
	}
	switch c.op {
	case opPrint:
		if n := len(d.Bitmap); n > 0 && d.Bitmap[n-1] == 0 {
			c.err = errNoText // as numbers, the ports do not tell of it
			return
		}
		for port := range d.Ports() {
			c.Uint16(&port)
		}
	case opScan:
		d.scanPorts(c)
	default:
		c.Hex(&d.Bitmap)
		c.must(len(d.Bitmap) <= maxWKSBitmap, "port beyond 65535", "RFC 1035 §3.4.2", ErrValue)
	}
}

func (d *WKS) scanPorts(c *Codec) {
	b := c.mem.scratch[:0]
	for c.more() {
		port, ok := mnemonic(c, wksPorts)
		if !ok {
			c.Uint16(&port)
		}
		for len(b) <= int(port/8) {
			b = append(b, 0)
		}
		b[port/8] |= 0x80 >> (port % 8)
	}
	c.mem.scratch = b
	d.Bitmap = c.mem.bytes(b)
}

var wksProtocols = map[string]uint8{
	"ICMP": 1, "IGMP": 2, "GGP": 3, "ST": 5, "TCP": 6, "UCL": 7, "EGP": 8, "IGP": 9,
	"BBN-RCC-MON": 10, "NVP-II": 11, "PUP": 12, "ARGUS": 13, "EMCON": 14, "XNET": 15, "CHAOS": 16, "UDP": 17,
}

// wksPorts are the names that a master file of that time may have.
var wksPorts = map[string]uint16{
	"ECHO": 7, "DISCARD": 9, "SYSTAT": 11, "DAYTIME": 13, "NETSTAT": 15, "QOTD": 17, "CHARGEN": 19,
	"FTP-DATA": 20, "FTP": 21, "SSH": 22, "TELNET": 23, "SMTP": 25, "TIME": 37, "RLP": 39, "NAMESERVER": 42,
	"NICNAME": 43, "WHOIS": 43, "TACACS": 49, "DOMAIN": 53, "BOOTPS": 67, "BOOTPC": 68, "TFTP": 69,
	"GOPHER": 70, "FINGER": 79, "HTTP": 80, "LINK": 87, "KERBEROS": 88, "SUPDUP": 95, "HOSTNAMES": 101,
	"HOSTNAME": 101, "ISO-TSAP": 102, "X400": 103, "X400-SND": 104, "RTELNET": 107, "POP2": 109, "POP3": 110,
	"SUNRPC": 111, "AUTH": 113, "SFTP": 115, "UUCP-PATH": 117, "NNTP": 119, "NTP": 123,
	"NETBIOS-NS": 137, "NETBIOS-DGM": 138, "NETBIOS-SSN": 139, "IMAP": 143, "SNMP": 161, "SNMPTRAP": 162,
	"HTTPS": 443,
}
