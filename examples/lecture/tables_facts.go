package main

// lectureFacts is what the slides tell, with what is right where they err.
func lectureFacts() facts {
	tcp := []string{"TCP"}
	return facts{
		applications: []application{
			{"e-mail", "SMTP", []int{2821, 5321}, tcp},
			{"remote terminal", "Telnet", []int{854}, tcp},
			{"Web", "HTTP", []int{2616, 9110}, tcp},
			{"file transfer", "FTP", []int{959}, tcp},
			{"mail access", "POP3", []int{1939}, tcp},
			{"mail access", "IMAP", []int{1730, 3501, 9051}, tcp},
			{"streaming multimedia", "HTTP", []int{2616, 9110}, tcp},
			{"streaming multimedia", "RTP", []int{1889, 3550}, []string{"UDP", "TCP"}},
			{"Internet telephony", "SIP", []int{3261}, []string{"UDP", "TCP", "SCTP"}},
			{"Internet telephony", "RTP", []int{1889, 3550}, []string{"UDP", "TCP"}},
			{"Internet telephony", "WebRTC", []int{8825}, []string{"UDP", "TCP", "SCTP"}},
			{"Internet telephony", "Skype (proprietary)", nil, []string{"UDP", "TCP"}},
		},
		versions: []httpVersion{
			{"HTTP/1.0", "non-persistent connections", []int{1996}, "TCP"},
			{"HTTP/1.1", "persistent connections, pipelining", []int{1997, 1999, 2014}, "TCP"},
			{"SPDY", "the trial that became HTTP/2", []int{2009}, "TCP"},
			{"HTTP/2", "binary framing, multiplexing", []int{2015}, "TCP"},
			{"HTTP/3", "multiplexing without TCP's waiting for what was lost", []int{2022}, "QUIC over UDP"},
		},
		characters: []character{
			{"HTTP", "stateless", "pull", "in band", "one server a site"},
			{"FTP", "stateful", "both", "out of band", "one server"},
			{"SMTP", "stateful within a session", "push", "in band", "a server a domain"},
			{"POP3", "stateful within a session", "pull", "in band", "one server"},
			{"IMAP", "stateful, across sessions", "both", "in band", "one server"},
			{"Telnet", "stateful within a session", "both", "in band", "one server"},
			{"DNS", "stateless", "pull", "in band", "a distributed tree"},
			{"DASH", "stateless", "pull", "in band", "servers or a CDN"},
			{"RTP", "stateful", "both", "out of band", "peers and a server"},
			{"BitTorrent", "stateful", "both", "in band", "no (a tracker helps)"},
			{"DHT", "stateful", "both", "in band", "no"},
		},
		explained: []string{"HTTP/2", "HTTP/3", "RTP", "RTSP", "SIP", "SCTP", "WebRTC", "SSH", "DNSCurve"},
		slips: []slip{
			{"Telnet's port", "22", "23", "tables"},
			{"BitTorrent's ports", "6888–6900", "6881–6889", "bittorrent"},
			{"BitTorrent's chunk", "256 Kb", "256 KB = 262144 octets", "bittorrent"},
			{"largest datagram", "65,500", "65507 over IPv4", "tcpudp"},
			{"private ports", "above 49151", "the same, while Linux hands out 32768–60999", "calls"},
			{"SMTP's RFC", "531", "5321", "smtp"},
			{"the start-up's domain", "networkuptopia", "networkutopia", "register"},
			{"POP3: RETR 2 shows", "message 1", "message 2", "pop3"},
			{"pipelining in HTTP/1.1", "the default", "allowed, not the default", "page"},
			{"MPEG-4's rate", "below 1 Mb/s", "64 kb/s–12 Mb/s, in another deck", "coding"},
		},
	}
}
