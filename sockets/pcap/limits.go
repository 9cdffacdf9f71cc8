package pcap

import "math"

// Limits bounds what a capture can make a [Reader] or an [Assembler] hold.
// The zero value of a field means its default; a negative value, no limit.
type Limits struct {
	// MaxPacket is the longest packet in octets (default 262144, the snap
	// length of tcpdump and dumpcap). A longer one is a [LimitError].
	MaxPacket int
	// MaxInterfaces bounds the interfaces of one pcapng section (default
	// 1024). One more is a [LimitError].
	MaxInterfaces int
	// MaxFlows bounds the flows that an [Assembler] follows at once (default
	// 4096). One more ends the flow that was silent for longest.
	MaxFlows int
	// MaxPending bounds what one direction of a TCP flow holds while octets
	// before it are missing (default 1048576 octets, 64 of them counted for
	// each segment). Beyond it the missing octets are reported as a gap.
	MaxPending int
	// MaxPendingAll bounds what all flows hold so together (default 67108864
	// octets, counted as for MaxPending). Beyond it the flow that was silent
	// for longest has its missing octets reported as gaps.
	MaxPendingAll int
	// MaxFragments bounds the fragments held of all IP datagrams together
	// (default 1048576 octets, counted as for MaxPending). Beyond it the
	// oldest datagram is given up.
	MaxFragments int
	// MaxHeld bounds the octets of all conversations that
	// [Reader.Conversations] collects at once (default 64 MiB). More is a
	// [LimitError]; an [Assembler] has no such need.
	MaxHeld int
}

// bound reads one field of Limits.
func bound(field, normal int) int {
	switch {
	case field == 0:
		return normal
	case field < 0:
		return math.MaxInt
	}
	return field
}

func (l *Limits) maxPacket() int     { return bound(l.MaxPacket, 256<<10) }
func (l *Limits) maxInterfaces() int { return bound(l.MaxInterfaces, 1024) }
func (l *Limits) maxFlows() int      { return bound(l.MaxFlows, 4096) }
func (l *Limits) maxPending() int    { return bound(l.MaxPending, 1<<20) }
func (l *Limits) maxPendingAll() int { return bound(l.MaxPendingAll, 64<<20) }
func (l *Limits) maxFragments() int  { return bound(l.MaxFragments, 1<<20) }
func (l *Limits) maxHeld() int       { return bound(l.MaxHeld, 64<<20) }
