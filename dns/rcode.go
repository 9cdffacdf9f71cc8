package dns

import "strconv"

// Opcode says what kind of message it is (RFC 1035 §4.1.1): four bits.
type Opcode uint8

// The opcodes.
const (
	OpcodeQuery  Opcode = 0 // RFC 1035 §4.1.1
	OpcodeIQuery Opcode = 1 // obsolete: RFC 3425 §3
	OpcodeStatus Opcode = 2 // RFC 1035 §4.1.1
	OpcodeNotify Opcode = 4 // RFC 1996 §3
	OpcodeUpdate Opcode = 5 // RFC 2136 §1.3
	OpcodeDSO    Opcode = 6 // RFC 8490 §5.4
)

var opcodeNames = [16]string{0: "QUERY", 1: "IQUERY", 2: "STATUS", 4: "NOTIFY", 5: "UPDATE", 6: "DSO"}

// String returns the name, or "OPCODE" and the number.
func (o Opcode) String() string {
	if int(o) < len(opcodeNames) && opcodeNames[o] != "" {
		return opcodeNames[o]
	}
	return "OPCODE" + strconv.Itoa(int(o))
}

// RCode is a response's result: the four bits of the header and, above them,
// eight of EDNS (RFC 6891 §6.1.3); TSIG and TKEY have codes of their own in 16
// bits.
type RCode uint16

// The response codes (RFC 6895 §2.3). Those from 16 need EDNS, or stand in TSIG
// and TKEY records; 16 is BADVERS in one and BADSIG in the others.
const (
	RCodeNoError   RCode = 0  // RFC 1035 §4.1.1
	RCodeFormErr   RCode = 1  // RFC 1035 §4.1.1
	RCodeServFail  RCode = 2  // RFC 1035 §4.1.1
	RCodeNXDomain  RCode = 3  // RFC 1035 §4.1.1
	RCodeNotImp    RCode = 4  // RFC 1035 §4.1.1
	RCodeRefused   RCode = 5  // RFC 1035 §4.1.1
	RCodeYXDomain  RCode = 6  // RFC 2136 §2.2, RFC 6672 §2.2
	RCodeYXRRSet   RCode = 7  // RFC 2136 §2.2
	RCodeNXRRSet   RCode = 8  // RFC 2136 §2.2
	RCodeNotAuth   RCode = 9  // RFC 2136 §2.2, RFC 8945 §5.2
	RCodeNotZone   RCode = 10 // RFC 2136 §2.2
	RCodeDSOTypeNI RCode = 11 // RFC 8490 §5.1
	RCodeBadVers   RCode = 16 // RFC 6891 §6.1.3
	RCodeBadSig    RCode = 16 // RFC 8945 §3
	RCodeBadKey    RCode = 17 // RFC 8945 §3
	RCodeBadTime   RCode = 18 // RFC 8945 §3
	RCodeBadMode   RCode = 19 // RFC 2930 §2.6
	RCodeBadName   RCode = 20 // RFC 2930 §2.6
	RCodeBadAlg    RCode = 21 // RFC 2930 §2.6
	RCodeBadTrunc  RCode = 22 // RFC 8945 §3
	RCodeBadCookie RCode = 23 // RFC 7873 §8
)

var rcodeNames = [...]string{
	0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED",
	6: "YXDOMAIN", 7: "YXRRSET", 8: "NXRRSET", 9: "NOTAUTH", 10: "NOTZONE", 11: "DSOTYPENI",
	16: "BADVERS", 17: "BADKEY", 18: "BADTIME", 19: "BADMODE", 20: "BADNAME", 21: "BADALG",
	22: "BADTRUNC", 23: "BADCOOKIE",
}

// String returns the name, or "RCODE" and the number; 16 is "BADVERS".
func (r RCode) String() string {
	if int(r) < len(rcodeNames) && rcodeNames[r] != "" {
		return rcodeNames[r]
	}
	return "RCODE" + strconv.Itoa(int(r))
}
