package zone

import (
	"encoding/binary"

	"applayer/dns"
)

// prebuilt is the body of an answer to a question for the zone's apex, for it
// and the names below. All its pointers lead to the apex in the question or
// behind it: where labels stand before that, each is so much larger.
type prebuilt struct {
	octets   []byte
	pointers []uint16 // where they are
}

// prebuild makes the answer that there is nothing: the SOA record. Random names
// have to be answered as quickly as those that come often.
func (z *Zone) prebuild() (p prebuilt) {
	var b body
	b.begin(nil, z.apex.owner)
	b.add(dns.SectionAuthority, z.apex.owner, &z.negative, nil, true)
	p.octets = b.octets[b.start:]
	at := p.name(0)
	at = p.name(at + fixedSize)
	p.name(at)
	return p
}

// name notes the pointer in a name, if any, and returns the offset behind it.
func (p *prebuilt) name(at int) int {
	for {
		switch c := p.octets[at]; {
		case c == 0:
			return at + 1
		case c > dns.MaxLabel:
			p.pointers = append(p.pointers, uint16(at))
			return at + 2
		default:
			at += 1 + int(c)
		}
	}
}

// nothing writes the prebuilt answer, with as many octets of labels before the
// apex.
func (b *body) nothing(p *prebuilt, labels int) {
	b.octets = append(b.octets, p.octets...)
	body := b.octets[b.start:]
	for _, at := range p.pointers {
		binary.BigEndian.PutUint16(body[at:], binary.BigEndian.Uint16(body[at:])+uint16(labels))
	}
	b.counts.Authority = 1
	b.marks = append(b.marks, mark{uint16(len(p.octets)), b.counts, true})
}
