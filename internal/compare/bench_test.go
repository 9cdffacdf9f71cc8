package main

import "testing"

func BenchmarkTCPEcho(b *testing.B)           { bench(b, "tcp-echo") }
func BenchmarkUDPEcho(b *testing.B)           { bench(b, "udp-echo") }
func BenchmarkUDPSaturated(b *testing.B)      { bench(b, "udp-saturated") }
func BenchmarkPcapPacket(b *testing.B)        { bench(b, "pcap-packet") }
func BenchmarkIdleConnection(b *testing.B)    { bench(b, "idle-connection") }
func BenchmarkHTTPParseRequest(b *testing.B)  { bench(b, "http-parse-request") }
func BenchmarkHTTPParseResponse(b *testing.B) { bench(b, "http-parse-response") }

func bench(b *testing.B, name string) {
	for _, s := range subjects {
		if s.name != name {
			continue
		}
		for _, impl := range s.implementations {
			b.Run(impl.name, func(b *testing.B) {
				b.ReportAllocs()
				if err := s.run(b, impl); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}
