package pcap_test

import (
	"bytes"
	"fmt"
	"log"
	"net/netip"
	"time"

	"applayer/sockets/pcap"
)

func Example() {
	// A dialogue that was recorded elsewhere becomes a capture …
	var file bytes.Buffer
	w := pcap.NewWriter(&file, nil)
	client, server := netip.MustParseAddrPort("127.0.0.1:49152"), netip.MustParseAddrPort("127.0.0.1:12000")
	d, err := pcap.NewDialogue(w, "tcp", client, server, nil)
	if err != nil {
		log.Fatal(err)
	}
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, err := range []error{
		d.Write(now, true, []byte("hello\n")),
		d.Write(now.Add(time.Millisecond), false, []byte("HELLO\n")),
		d.Close(now.Add(2 * time.Millisecond)),
	} {
		if err != nil {
			log.Fatal(err)
		}
	}

	// … and a capture becomes a dialogue.
	for c, err := range pcap.Conversations(&file) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(c.Network, c.Client.Addr, "to", c.Server.Addr)
		for _, s := range c.Segments {
			fmt.Printf("%v from client %v: %q\n", s.Time.Sub(c.Start), s.FromClient, s.Data)
		}
	}
	// Output:
	// tcp 127.0.0.1:49152 to 127.0.0.1:12000
	// 0s from client true: "hello\n"
	// 1ms from client false: "HELLO\n"
}

func ExampleReader() {
	var file bytes.Buffer
	w := pcap.NewWriter(&file, &pcap.WriterOptions{Format: pcap.FormatNG})
	d, err := pcap.NewDialogue(w, "udp", netip.MustParseAddrPort("[::1]:49152"), netip.MustParseAddrPort("[::1]:12000"), nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := d.Write(time.Unix(1, 0), true, []byte("hello")); err != nil {
		log.Fatal(err)
	}

	var layers pcap.Layers
	for p, err := range pcap.NewReader(&file).Packets() {
		if err != nil {
			log.Fatal(err)
		}
		if err := layers.Decode(p.LinkType, p.Data); err != nil {
			continue
		}
		fmt.Printf("%v > %v: %s\n", layers.Source, layers.Destination, layers.Payload)
	}
	// Output:
	// [::1]:49152 > [::1]:12000: hello
}
