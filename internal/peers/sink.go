package peers

import "testing"

// SMTPSink starts smtp-sink of Postfix, which takes all mail and keeps it in
// files of its folder, envelope in fields before it. The lines of c are added to
// its arguments: "-q", "DATA" ends a connection at DATA, "-r", "RCPT"
// refuses RCPT for now and "-f" for good, "-L" makes it an LMTP server.
func SMTPSink(tb testing.TB, c *Config) *Server {
	tb.Helper()
	noTLS(tb, c, "smtp-sink")
	path := program(tb, "smtp-sink")
	return startMail(tb, c, func(at *place) []string {
		who := at.giveAway(tb)
		argv := []string{path, "-u", who.user, "-R", at.root, "-d", "%M."}
		if c != nil {
			argv = append(argv, c.Lines...)
		}
		return append(argv, at.host+":"+at.port, "100")
	})
}
