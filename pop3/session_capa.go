package pop3

import (
	"strconv"
	"strings"
	"time"
)

// capa is CAPA (RFC 2449 §5). What is told of is what would be taken now, but
// that what belongs to the login is told of behind it, too.
func (x *session) capa([][]byte, []byte) {
	if !x.blame(1) {
		return
	}
	x.ok("Capabilities:")
	for _, c := range x.capabilities() {
		if err := x.c.hold(func(b []byte) ([]byte, error) {
			b, err := AppendCapability(b, c)
			return append(b, '\r', '\n'), err
		}); err != nil {
			x.cut("capability", err)
			return
		}
	}
	x.lastLine()
}

func (x *session) capabilities() Capabilities {
	caps := Capabilities{{Tag: "TOP"}, {Tag: "UIDL"}, {Tag: "RESP-CODES"}, {Tag: "AUTH-RESP-CODE"}, {Tag: "PIPELINING"}}
	add := func(tag string, params ...string) { caps = append(caps, Capability{tag, params}) }
	if x.mayHearPasswords() {
		add("USER")
	}
	var names []string
	for _, m := range x.mechanisms() {
		names = append(names, m.Mechanism())
	}
	if len(names) > 0 {
		add("SASL", names...)
	}
	if x.mayStartTLS() {
		add("STLS")
	}
	add("UTF8", "USER")
	add("LANG")
	if d := x.srv.LoginDelay; d > 0 {
		add("LOGIN-DELAY", strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10))
	}
	if e := x.srv.Expire.String(); e != "" {
		add("EXPIRE", e)
	}
	if words := strings.Fields(x.srv.Implementation); len(words) > 0 {
		add("IMPLEMENTATION", words...)
	}
	return caps
}
