package resolver

import (
	"net/netip"
	"time"

	"applayer/dns"
)

// ReplyKind says what a reply was to the resolver.
type ReplyKind uint8

// The kinds of replies.
const (
	// ReplySilence: none came in time.
	ReplySilence ReplyKind = iota
	// ReplyUnreachable: the message could not be sent, or no connection made.
	ReplyUnreachable
	// ReplyAnswer has what was asked for.
	ReplyAnswer
	// ReplyAlias has a CNAME or DNAME whose target is to be asked for.
	ReplyAlias
	// ReplyNoData: the name has nothing of the type (RFC 2308 §2.2).
	ReplyNoData
	// ReplyNXDomain: the name does not exist (RFC 2308 §2.1).
	ReplyNXDomain
	// ReplyTooLong: a DNAME makes too long a name (RFC 6672 §2.2).
	ReplyTooLong
	// ReplyReferral names the servers of a zone closer to the name.
	ReplyReferral
	// ReplyLame is of one that does not serve the zone.
	ReplyLame
	// ReplyFailure has an RCode that is no answer.
	ReplyFailure
	// ReplyTruncated did not fit; the question goes over TCP.
	ReplyTruncated
	// ReplyMalformed cannot be read.
	ReplyMalformed
	// ReplyNoEDNS is of a server that does not know EDNS (RFC 6891 §7).
	ReplyNoEDNS
	// ReplyBadCookie has the cookie that the server wants (RFC 7873 §5.3).
	ReplyBadCookie
	// ReplySuspicious: there were replies that might be forged; the question
	// goes over TCP (RFC 5452 §9.3).
	ReplySuspicious
)

var replyKindNames = [...]string{
	"silence", "unreachable", "answer", "alias", "no data", "no such name", "name too long", "referral",
	"lame", "failure", "truncated", "malformed", "no EDNS", "bad cookie", "suspicious",
}

// String returns the kind in words.
func (k ReplyKind) String() string {
	if int(k) < len(replyKindNames) {
		return replyKindNames[k]
	}
	return "unknown"
}

// Step is one message to a server, and what came of it.
type Step struct {
	// Time is when the message left.
	Time time.Time
	// Server and Network say where it went: "udp" or "tcp".
	Server  netip.AddrPort
	Network string
	// Zone is the zone for which the server was asked.
	Zone dns.Name
	// Question is what was asked, which need not be the whole name
	// (RFC 9156).
	Question dns.Question
	// RTT is how long the reply took, or how long it was waited for.
	RTT time.Duration
	// Kind is what the reply was, RCode its result, and Octets its length.
	Kind   ReplyKind
	RCode  dns.RCode
	Octets int
	// Referred is the zone that a referral leads to.
	Referred dns.Name
}
