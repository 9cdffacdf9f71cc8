package dns

import "strconv"

// OptionCode is the code of an EDNS option.
type OptionCode uint16

// The options that have a form of their own here.
const (
	OptionNSID      OptionCode = 3  // RFC 5001 §2.3
	OptionSubnet    OptionCode = 8  // RFC 7871 §6
	OptionCookie    OptionCode = 10 // RFC 7873 §4
	OptionKeepalive OptionCode = 11 // RFC 7828 §3.1
	OptionPadding   OptionCode = 12 // RFC 7830 §3
	OptionEDE       OptionCode = 15 // RFC 8914 §2
)

var optionNames = map[OptionCode]string{
	1: "LLQ", 2: "UPDATE-LEASE", 3: "NSID", 5: "DAU", 6: "DHU", 7: "N3U",
	8: "CLIENT-SUBNET", 9: "EXPIRE", 10: "COOKIE", 11: "TCP-KEEPALIVE", 12: "PADDING",
	13: "CHAIN", 14: "KEY-TAG", 15: "EDE", 16: "CLIENT-TAG", 17: "SERVER-TAG",
	18: "REPORT-CHANNEL", 19: "ZONEVERSION",
}

// String returns the option's name in IANA's list, shortened and in capital
// letters, or "OPT" and the number.
func (c OptionCode) String() string {
	if s, ok := optionNames[c]; ok {
		return s
	}
	return "OPT" + strconv.Itoa(int(c))
}
