package ftp

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"applayer/internal/ascii"
)

// syst is SYST: the one text that clients know (RFC 959 §4.1.3).
func (s *Session) syst([]byte) { s.reply(215, "UNIX Type: L8") }

// noop is NOOP.
func (s *Session) noop([]byte) { s.reply(200, "OK.") }

// feat is FEAT (RFC 2389 §3): what is built, can be done to the user's files,
// and may be said here.
func (s *Session) feat([]byte) {
	lines := []string{"Features:"}
	add := func(feature string, shown bool) {
		if shown {
			lines = append(lines, " "+feature)
		}
	}
	clear := !s.controlPrivate() && s.protection == ProtectionNone
	add("AUTH TLS", s.opts.TLS == TLSReady && clear && !s.LoggedIn())
	add("CCC", s.opts.AllowCCC && s.controlPrivate() && !s.opts.Implicit)
	add("CLNT", true)
	add("EPRT", !s.onlyEPSV())
	add("EPSV", true)
	add("HOST", s.opts.Host != nil)
	add("LANG EN*", true)
	add("MDTM", true)
	add("MFMT", s.account == nil || has[ChtimesFS](s))
	add(string(builtFacts.AppendFeature(nil, s.facts)), true)
	add("PBSZ", s.opts.TLS == TLSReady)
	add("PROT", s.opts.TLS == TLSReady)
	add("REST STREAM", true)
	add("SIZE", true)
	add("TVFS", true)
	add("UTF8", true)
	s.reply(211, append(lines, "End.")...)
}

// has tells whether the user's file system has a part.
func has[T any](s *Session) bool {
	_, ok := s.account.FS.(T)
	return ok
}

// optsVerb is OPTS (RFC 2389 §4).
func (s *Session) optsVerb(arg []byte) {
	verb, option, _ := strings.Cut(string(arg), " ")
	switch {
	case ascii.EqualFold(verb, "UTF8") && (option == "" || ascii.EqualFold(option, "ON")):
		s.reply(200, "Names are UTF-8.")
	case ascii.EqualFold(verb, "MLST"):
		s.optsMLST(option)
	default:
		s.reply(501, "Option not understood.")
	}
}

// optsMLST chooses facts (RFC 3659 §7.9).
func (s *Session) optsMLST(option string) {
	if strings.Contains(option, " ") {
		s.reply(501, "Syntax: OPTS MLST [<fact>;...]")
		return
	}
	all, _ := ParseFactNames(option)
	s.facts = all & builtFacts
	s.reply(200, strings.TrimSuffix("MLST OPTS "+s.facts.String(), " "))
}

// builtFacts are those that file systems tell.
const builtFacts = FactsDefault | FactUnixUID | FactUnixGID

// help is HELP.
func (s *Session) help(arg []byte) {
	if len(arg) > 0 {
		cmd, err := ParseCommand(arg)
		if rule := verbRules[cmd.Verb]; err == nil && rule.run != nil {
			s.reply(214, strings.TrimSuffix("Syntax: "+cmd.Verb.String()+" "+rule.syntax, " "))
			return
		}
		s.reply(501, "Unknown command.")
		return
	}
	var names []string
	for v := VerbUnknown + 1; v < numVerbs; v++ {
		if verbRules[v].run != nil {
			names = append(names, v.String())
		}
	}
	slices.Sort(names)
	lines := []string{"Commands:"}
	for row := range slices.Chunk(names, 12) {
		lines = append(lines, " "+strings.Join(row, " "))
	}
	s.reply(214, append(lines, "HELP <command> tells its syntax.")...)
}

// stat is STAT when no transfer is under way: what is set, or a listing over the
// control connection.
func (s *Session) stat(arg []byte) {
	if len(arg) > 0 {
		s.statPath(arg)
		return
	}
	kind, structure, protection := "image", "file", "in the clear"
	if s.ascii {
		kind = "ASCII"
	}
	if s.records {
		structure = "record"
	}
	if s.DataPrivate() {
		protection = "protected"
	}
	s.reply(211, "Status:",
		" Logged in as "+printable(s.login.User)+" from "+addrOf(s.opts.Peer).String(),
		" TYPE "+kind+", STRU "+structure+", MODE stream",
		" Data connections are "+protection,
		"End.")
}

// printable is a text of the peer's as a line of a reply can hold it.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, text)
}

// site is SITE. Nothing of it runs a program, and nothing works before login
// (CVE-2015-3306).
func (s *Session) site(arg []byte) {
	verb, rest, _ := strings.Cut(string(arg), " ")
	switch {
	case ascii.EqualFold(verb, "HELP"):
		s.reply(214, "SITE commands:", " CHMOD HELP IDLE UMASK", "End.")
	case ascii.EqualFold(verb, "CHMOD"):
		s.chmod(rest)
	case ascii.EqualFold(verb, "UMASK"):
		s.setUmask(rest)
	case ascii.EqualFold(verb, "IDLE"):
		s.idle(rest)
	default:
		s.reply(504, "Unknown SITE command.")
	}
}

// setUmask is SITE UMASK: which permissions new files and directories lack.
func (s *Session) setUmask(arg string) {
	if arg == "" {
		if s.umask < 0 {
			s.reply(200, "The umask is the server's.")
			return
		}
		s.reply(200, "The umask is 0"+strconv.FormatInt(int64(s.umask), 8)+".")
		return
	}
	mask, err := strconv.ParseUint(arg, 8, 32)
	if err != nil || mask > 0o777 {
		s.reply(501, "Syntax: SITE UMASK [<octal mask>]")
		return
	}
	if _, ok := part[ChmodFS](s); ok {
		s.umask = int(mask)
		s.reply(200, "Umask set.")
	}
}

// minIdle is the least that SITE IDLE may ask for.
const minIdle = 10 * time.Second

// idle is SITE IDLE.
func (s *Session) idle(arg string) {
	seconds, n, err := ascii.Decimal(arg, 1<<31)
	d := time.Duration(seconds) * time.Second
	switch {
	case err != nil || n != len(arg):
		s.reply(501, "Syntax: SITE IDLE <seconds>")
	case d < minIdle || d > s.opts.MaxIdle && s.opts.MaxIdle > 0:
		s.reply(501, "Between 10 and "+strconv.FormatInt(int64(s.opts.MaxIdle/time.Second), 10)+" seconds.")
	default:
		s.add(Action{Kind: ActionIdle, Idle: d})
		s.reply(200, "Idle time set.")
	}
}
