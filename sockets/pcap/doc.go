// Package pcap reads and writes network captures, and puts the octets that
// two programs exchanged together again.
//
// Read: classic pcap (both byte orders, microseconds and nanoseconds) and
// pcapng as draft-ietf-opsawg-pcapng describes it (section header, interface
// description with if_tsresol and if_tsoffset, enhanced and simple packet
// blocks; other blocks are skipped). Decoded: Ethernet with VLAN tags, Linux
// cooked captures, BSD loopback and raw IP; IPv4 with options and fragments
// (RFC 791), IPv6 with extension headers and fragments (RFC 8200), UDP
// (RFC 768) and TCP (RFC 9293) with its segments put in order. Not decoded:
// ICMP, tunnels, other link types. Checksums are not verified on reading.
// Written: both formats, and packets with valid lengths and checksums for a
// dialogue recorded elsewhere, so that Wireshark and tcpdump open it.
//
// # Where to start
//
// [Conversations] gives the two octet streams of each connection in a
// capture. [NewReader] gives single packets, [Layers.Decode] their headers,
// and an [Assembler] the streams of a capture that is too long to hold.
// [NewWriter] writes packets, [NewDialogue] the packets of a dialogue, and a
// [Recorder] those of live connections.
//
// # Limits
//
// A capture is hostile input. No length in it allocates by itself, and [Limits]
// bounds a packet, the flows that are followed at once, what waits for missing
// octets or fragments, and what [Conversations] collects.
//
// # Errors
//
// A malformed file or header is a [*ParseError] with its offset and section, a
// bound reached a [*LimitError]. After either a [Reader] is at its end.
//
// # Concurrency
//
// A [Recorder] may be used by many goroutines; every other type here by one.
package pcap
