package golden

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"applayer/internal/dialogue"
	"applayer/sockets/pcap"
)

// Conversation is what a client and a server sent each other.
type Conversation struct {
	// Name tells the conversations of one capture apart: the addresses, or
	// section and connection of a text.
	Name string
	// Network is "tcp" or "udp", and "" for a text.
	Network string
	// Client and Server are all octets that each side sent.
	Client, Server []byte
	// Segments holds both directions in order, cut as they were sent: TCP
	// segments, datagrams, or the lines of a text.
	Segments []Segment
	// End says how a connection ended: "closed", "reset" or "open"; "" for
	// datagrams and for a text.
	End string
	// MidStream tells that the capture began after the connection.
	MidStream bool
}

// Segment is a run of octets of one side.
type Segment struct {
	// Time counts from the conversation's first packet.
	Time time.Duration
	// FromClient tells the direction.
	FromClient bool
	// Data holds the octets.
	Data []byte
	// Gap counts octets that the capture lacks here; Data is empty then.
	Gap int64
}

// readCapture takes the conversations of a network capture.
func readCapture(b []byte) ([]Conversation, error) {
	type started struct {
		at time.Time
		Conversation
	}
	var all []started
	for c, err := range pcap.Conversations(bytes.NewReader(b)) {
		if err != nil {
			return nil, err
		}
		v := Conversation{
			Name:      fmt.Sprintf("%s %v > %v", c.Network, c.Client.Addr, c.Server.Addr),
			Network:   c.Network,
			Client:    c.Client.Data,
			Server:    c.Server.Data,
			MidStream: c.MidStream,
		}
		switch {
		case c.Network == "udp":
		case c.Reset:
			v.End = "reset"
		case c.Closed:
			v.End = "closed"
		default:
			v.End = "open"
		}
		for _, s := range c.Segments {
			v.Segments = append(v.Segments, Segment{s.Time.Sub(c.Start), s.FromClient, s.Data, s.Gap})
		}
		all = append(all, started{c.Start, v})
	}
	slices.SortStableFunc(all, func(a, b started) int { return a.at.Compare(b.at) })
	var sorted []Conversation
	for _, s := range all {
		sorted = append(sorted, s.Conversation)
	}
	return sorted, nil
}

// readText takes the dialogues of an archive: each file in it is one, and each
// connection named in a file a conversation of its own.
func readText(b []byte) ([]Conversation, error) {
	var all []Conversation
	for _, file := range ParseTxtar(b) {
		index := make(map[string]int)
		for l, err := range dialogue.Read(bytes.NewReader(file.Data)) {
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file.Name, err)
			}
			i, ok := index[l.Conn]
			if !ok {
				i = len(all)
				index[l.Conn] = i
				name := file.Name
				if l.Conn != "" {
					name += " [" + l.Conn + "]"
				}
				all = append(all, Conversation{Name: name})
			}
			all[i].add(l)
		}
	}
	return all, nil
}

// add takes a line of a text.
func (c *Conversation) add(l dialogue.Line) {
	b := l.Octets()
	if l.Server {
		c.Server = append(c.Server, b...)
	} else {
		c.Client = append(c.Client, b...)
	}
	c.Segments = append(c.Segments, Segment{Time: l.Time, FromClient: !l.Server, Data: b})
}

// AppendDialogue appends a conversation as text: a comment with its name, and
// a line in the form of package dialogue for each segment. Times are left out.
func AppendDialogue(dst []byte, c *Conversation) []byte {
	dst = append(dst, "# "...)
	dst = append(dst, c.Name...)
	if c.MidStream {
		dst = append(dst, ", from the middle"...)
	}
	if c.End != "" {
		dst = append(dst, ", "...)
		dst = append(dst, c.End...)
	}
	dst = append(dst, '\n')
	for _, s := range c.Segments {
		if s.Gap > 0 {
			dst = fmt.Appendf(dst, "# %d octets missing from %s\n", s.Gap, side(s.FromClient))
			continue
		}
		text, whole := bytes.CutSuffix(s.Data, []byte("\r\n"))
		dst = dialogue.AppendLine(dst, dialogue.Line{Server: !s.FromClient, Text: string(text), Open: !whole})
		dst = append(dst, '\n')
	}
	return dst
}

func side(client bool) string {
	if client {
		return "the client"
	}
	return "the server"
}
