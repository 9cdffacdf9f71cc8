package main

import "testing"

func BenchmarkTCPEcho(b *testing.B)              { bench(b, "tcp-echo") }
func BenchmarkUDPEcho(b *testing.B)              { bench(b, "udp-echo") }
func BenchmarkUDPSaturated(b *testing.B)         { bench(b, "udp-saturated") }
func BenchmarkPcapPacket(b *testing.B)           { bench(b, "pcap-packet") }
func BenchmarkIdleConnection(b *testing.B)       { bench(b, "idle-connection") }
func BenchmarkHTTPParseRequest(b *testing.B)     { bench(b, "http-parse-request") }
func BenchmarkHTTPParseResponse(b *testing.B)    { bench(b, "http-parse-response") }
func BenchmarkHTTPChunkRead(b *testing.B)        { bench(b, "http-chunk-read") }
func BenchmarkHTTPChunkWrite(b *testing.B)       { bench(b, "http-chunk-write") }
func BenchmarkHTTPSetCookie(b *testing.B)        { bench(b, "http-set-cookie") }
func BenchmarkHTTPRequest(b *testing.B)          { bench(b, "http-request") }
func BenchmarkHTTPRequestTCP(b *testing.B)       { bench(b, "http-request-tcp") }
func BenchmarkHTTPPipelined(b *testing.B)        { bench(b, "http-pipelined") }
func BenchmarkHTTPClient(b *testing.B)           { bench(b, "http-client") }
func BenchmarkHTTPIdle(b *testing.B)             { bench(b, "http-idle") }
func BenchmarkHTTPIdleTLS(b *testing.B)          { bench(b, "http-idle-tls") }
func BenchmarkHTTPFile1k(b *testing.B)           { bench(b, "http-file-1k") }
func BenchmarkHTTPFile64k(b *testing.B)          { bench(b, "http-file-64k") }
func BenchmarkHTTPFile10m(b *testing.B)          { bench(b, "http-file-10m") }
func BenchmarkDNSParse(b *testing.B)             { bench(b, "dns-parse") }
func BenchmarkDNSWalk(b *testing.B)              { bench(b, "dns-walk") }
func BenchmarkDNSParseQuery(b *testing.B)        { bench(b, "dns-parse-query") }
func BenchmarkDNSAppend(b *testing.B)            { bench(b, "dns-append") }
func BenchmarkDNSPrint(b *testing.B)             { bench(b, "dns-print") }
func BenchmarkDNSZoneRead(b *testing.B)          { bench(b, "dns-zone-read") }
func BenchmarkDNSZoneLoad(b *testing.B)          { bench(b, "dns-zone-load") }
func BenchmarkDNSZoneMemory(b *testing.B)        { bench(b, "dns-zone-memory") }
func BenchmarkDNSServer(b *testing.B)            { bench(b, "dns-server") }
func BenchmarkDNSResolverHits(b *testing.B)      { bench(b, "dns-resolver-hits") }
func BenchmarkDNSServerP99(b *testing.B)         { bench(b, "dns-server-p99") }
func BenchmarkDNSResolverHitsP99(b *testing.B)   { bench(b, "dns-resolver-hits-p99") }
func BenchmarkFTPCommandParse(b *testing.B)      { bench(b, "ftp-command-parse") }
func BenchmarkFTPReplyParse(b *testing.B)        { bench(b, "ftp-reply-parse") }
func BenchmarkFTPReplyAppend(b *testing.B)       { bench(b, "ftp-reply-append") }
func BenchmarkFTPListParse(b *testing.B)         { bench(b, "ftp-list-parse") }
func BenchmarkFTPFactsParse(b *testing.B)        { bench(b, "ftp-facts-parse") }
func BenchmarkTelnetDecode(b *testing.B)         { bench(b, "telnet-decode") }
func BenchmarkFTPRetr(b *testing.B)              { bench(b, "ftp-retr") }
func BenchmarkFTPStor(b *testing.B)              { bench(b, "ftp-stor") }
func BenchmarkFTPSmall(b *testing.B)             { bench(b, "ftp-small") }
func BenchmarkFTPSession(b *testing.B)           { bench(b, "ftp-session") }
func BenchmarkFTPClient(b *testing.B)            { bench(b, "ftp-client") }
func BenchmarkFTPIdle(b *testing.B)              { bench(b, "ftp-idle") }
func BenchmarkMIMERead(b *testing.B)             { bench(b, "mime-read") }
func BenchmarkMIMEReadGMime(b *testing.B)        { bench(b, "mime-read-gmime") }
func BenchmarkMIMEStructure(b *testing.B)        { bench(b, "mime-structure") }
func BenchmarkMIMEStructureMessage(b *testing.B) { bench(b, "mime-structure-message") }
func BenchmarkMIMEBase64Decode(b *testing.B)     { bench(b, "mime-base64-decode") }
func BenchmarkMIMEBase64Encode(b *testing.B)     { bench(b, "mime-base64-encode") }
func BenchmarkMIMEQPDecode(b *testing.B)         { bench(b, "mime-qp-decode") }
func BenchmarkMIMEQPEncode(b *testing.B)         { bench(b, "mime-qp-encode") }

func bench(b *testing.B, name string) {
	for _, s := range subjects {
		if s.name != name {
			continue
		}
		if missing := s.missing(); len(missing) > 0 {
			b.Skip("no ", missing)
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
