package dns

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"io"
	"iter"
	"net/netip"
	"slices"
	"time"

	"applayer/sockets"
)

const defaultMaxTransfer = 1 << 30

// Transferred tells how a transfer went, so far.
type Transferred struct {
	// Messages, Records and Octets are how many came: of records both SOA,
	// of octets those of the messages.
	Messages, Records int
	Octets            int64
	// Outside is how many records came that do not belong to the zone; they
	// are left out.
	Outside int
	// Duration is the time since the connection was to be opened.
	Duration time.Duration
}

// Transfer asks a server for all records of a zone (AXFR, RFC 5936) over a
// connection of its own: TLS where the Client's Network is that (RFC 9103),
// else TCP. The records come as the server sends them, the SOA first, and once
// more at the end. An error comes last, with the zero RR, and means that the
// zone is not whole: a [*ReplyError] where the server refused.
//
// The Client's Timeout is for each message, its MaxTransfer for all. How, unless
// it is nil, is filled in as messages come.
func (c *Client) Transfer(ctx context.Context, server netip.AddrPort, zone Name, how *Transferred) iter.Seq2[RR, error] {
	return func(yield func(RR, error) bool) {
		x := &transfer{c: c, server: server, zone: zone, how: cmp.Or(how, &Transferred{}), network: NetworkTCP}
		if c.Network == NetworkTLS {
			x.network = NetworkTLS
		}
		*x.how = Transferred{}
		if err := x.run(ctx, yield); err != nil {
			yield(RR{}, &ServerError{Server: server, Network: x.network, Err: err})
		}
	}
}

// transfer is one transfer under way.
type transfer struct {
	c       *Client
	server  netip.AddrPort
	network string
	zone    Name
	how     *Transferred
	begin   time.Time
	id      uint16
	soa     []byte // the first record's data, in canonical form
	whole   bool   // the second one has come
	stopped bool   // whoever takes the records wants no more
}

func (x *transfer) run(ctx context.Context, yield func(RR, error) bool) error {
	x.begin = time.Now()
	conn, err := x.ask(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	for !x.whole && !x.stopped {
		m, err := x.next(ctx, conn)
		if err != nil {
			return err
		}
		if err := x.take(m, yield); err != nil {
			return err
		}
	}
	return nil
}

// ask opens a connection and sends the question.
func (x *transfer) ask(ctx context.Context) (*Conn, error) {
	var b [2]byte
	if _, err := io.ReadFull(x.c.rand(), b[:]); err != nil {
		return nil, err
	}
	x.id = binary.BigEndian.Uint16(b[:])
	query, err := AppendMessage(nil, &Message{
		Header:   Header{ID: x.id},
		Question: []Question{{Name: x.zone, Type: TypeAXFR, Class: ClassIN}},
	})
	if err != nil {
		return nil, err
	}
	try, cancel := x.c.tryContext(ctx)
	defer cancel()
	nc, err := x.c.transport().dial(try, x.network, x.server)
	if err != nil {
		return nil, cmp.Or(contextError(ctx), err)
	}
	defer sockets.WithContext(try, nc)()
	conn := NewConn(nc)
	if err := conn.WriteMessage(query); err != nil {
		conn.Close()
		return nil, cmp.Or(contextError(try), err)
	}
	return conn, nil
}

// next reads a message of the transfer.
func (x *transfer) next(ctx context.Context, conn *Conn) (*Message, error) {
	try, cancel := x.c.tryContext(ctx)
	defer cancel()
	defer sockets.WithContext(try, conn.NetConn())()
	for {
		msg, err := conn.ReadMessage()
		switch {
		case err == io.EOF:
			return nil, io.ErrUnexpectedEOF // RFC 5936 §2.3
		case err != nil:
			return nil, cmp.Or(contextError(try), err)
		}
		x.how.Messages++
		x.how.Octets += int64(len(msg))
		x.how.Duration = time.Since(x.begin)
		if limit := cmp.Or(x.c.MaxTransfer, defaultMaxTransfer); limit >= 0 && x.how.Octets > limit {
			return nil, &LimitError{Name: "MaxTransfer", Max: limit}
		}
		m, err := ParseMessage(msg, &ParseOptions{Lenient: true, Types: x.c.Types})
		if err != nil {
			return nil, err
		}
		// What belongs to no question of ours is dropped (RFC 5936 §2.2.1); the
		// time and the octets are bounded.
		if m.ID == x.id && m.Response {
			return m, nil
		}
	}
}

// take checks a message and hands its records on.
func (x *transfer) take(m *Message, yield func(RR, error) bool) error {
	first := x.soa == nil
	switch {
	case m.Opcode != OpcodeQuery:
		return x.wrong("opcode", "RFC 5936 §2.2.1")
	case m.RCode != RCodeNoError:
		return &ReplyError{RCode: m.RCode, Extended: slices.Collect(m.EDNS.ExtendedErrors())}
	case m.Truncated:
		return x.wrong("TC", "RFC 5936 §2.2.1")
	case first && len(m.Question) != 1 || len(m.Question) > 1:
		return x.wrong("count of questions", "RFC 5936 §2.2.1")
	case len(m.Question) == 1 && !x.asked(m.Question[0]):
		return x.wrong("question", "RFC 5936 §2.2.2")
	case len(m.Answer) == 0:
		return x.wrong("message without records", "RFC 5936 §2.2")
	}
	for i, rr := range m.Answer {
		if err := x.check(rr, i == len(m.Answer)-1); err != nil {
			return err
		}
		if !rr.Name.IsSubdomainOf(x.zone) || rr.Class != ClassIN {
			x.how.Outside++
			continue
		}
		x.how.Records++
		if !yield(rr, nil) {
			x.stopped = true
			return nil
		}
	}
	return nil
}

func (x *transfer) asked(q Question) bool {
	return q.Name.Equal(x.zone) && q.Type == TypeAXFR && q.Class == ClassIN
}

// check finds the first and the last record: the same SOA, and none between
// (RFC 5936 §2.2).
func (x *transfer) check(rr RR, last bool) error {
	const ref = "RFC 5936 §2.2"
	switch {
	case x.soa == nil && (rr.Type() != TypeSOA || rr.Class != ClassIN || !rr.Name.Equal(x.zone)):
		return x.wrong("first record other than the zone's SOA", ref)
	case rr.Type() != TypeSOA:
		return nil
	}
	soa, err := AppendCanonicalRData(nil, rr.Data)
	switch {
	case err != nil:
		return err
	case x.soa == nil:
		x.soa = soa
		return nil
	case !rr.Name.Equal(x.zone) || !bytes.Equal(soa, x.soa):
		return x.wrong("second SOA other than the first", ref)
	case !last:
		return x.wrong("record behind the second SOA", ref)
	}
	x.whole = true
	return nil
}

// wrong tells that the server does not keep to the rules of a transfer.
func (x *transfer) wrong(what, ref string) error {
	return &ProtocolError{Remote: true, State: "Transfer", Event: what, Ref: ref}
}
