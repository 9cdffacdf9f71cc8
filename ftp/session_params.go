package ftp

import (
	"bytes"
	"errors"
	"net"
	"net/netip"

	"applayer/internal/ascii"
)

// typ is TYPE (RFC 959 §4.1.2).
func (s *Session) typ(arg []byte) {
	first, second, _ := bytes.Cut(arg, []byte{' '})
	switch {
	case len(first) != 1:
		s.reply(501, "Syntax: TYPE A, I or L 8")
	case ascii.Upper(first[0]) == 'A' && (len(second) == 0 || ascii.EqualFold(second, "N")):
		s.ascii = true
		s.reply(200, "Type is ASCII.")
	case ascii.Upper(first[0]) == 'I' && len(second) == 0, ascii.Upper(first[0]) == 'L' && string(second) == "8":
		s.ascii = false
		s.reply(200, "Type is image.")
	case ascii.Upper(first[0]) == 'I', ascii.Upper(first[0]) == 'L' && len(second) == 0:
		s.reply(501, "Syntax: TYPE A, I or L 8")
	default:
		s.reply(504, "Only TYPE A, I and L 8 are served.")
	}
}

// stru is STRU: files, and records, which RFC 959 §5.1 asks for.
func (s *Session) stru(arg []byte) {
	switch {
	case len(arg) != 1:
		s.reply(501, "Syntax: STRU F or R")
	case ascii.Upper(arg[0]) == 'F':
		s.records = false
		s.reply(200, "Structure is file.")
	case ascii.Upper(arg[0]) == 'R':
		s.records = true
		s.reply(200, "Structure is record.")
	default:
		s.reply(504, "Only STRU F and R are served.")
	}
}

// mode is MODE.
func (s *Session) mode(arg []byte) {
	switch {
	case len(arg) != 1:
		s.reply(501, "Syntax: MODE S")
	case ascii.Upper(arg[0]) == 'S':
		s.reply(200, "Mode is stream.")
	default:
		s.reply(504, "Only MODE S is served.")
	}
}

// port is PORT.
func (s *Session) port(arg []byte) {
	addr, err := ParsePORT(arg)
	s.active(addr, err)
}

// eprt is EPRT (RFC 2428 §2).
func (s *Session) eprt(arg []byte) {
	addr, err := ParseEPRT(arg)
	s.active(addr, err)
}

// lowestPort is the first that belongs to no system service: PORT to a lower one
// makes the server speak to mail servers (RFC 2577 §3).
const lowestPort = 1024

// active notes where the client waits.
func (s *Session) active(addr netip.AddrPort, err error) {
	foreign := addr.Addr().Unmap() != addrOf(s.opts.Peer)
	switch {
	case s.onlyEPSV():
		s.refuse(s.DoData(DataEventPort))
	case err != nil:
		s.refuse(err)
	case addr.Port() < lowestPort:
		s.reply(504, "No service port will be connected to.")
	case foreign && !s.opts.AllowForeignData:
		s.reply(504, "Only your own address will be connected to.")
	default:
		s.DoData(DataEventPort)
		s.add(Action{Kind: ActionConnect, Addr: addr})
		s.reply(200, "Data connection will be made.")
	}
}

// onlyEPSV tells whether EPSV ALL was said.
func (s *Session) onlyEPSV() bool { return s.data >= DataOnlyNone }

// pasv is PASV, which can tell addresses of IPv4 alone.
func (s *Session) pasv([]byte) {
	switch {
	case s.onlyEPSV():
		s.refuse(s.DoData(DataEventPasv))
	case addrOf(s.opts.Local).Is6():
		s.reply(522, "Use EPSV: this is IPv6, (2).")
	default:
		s.extended = false
		s.add(Action{Kind: ActionListen})
	}
}

// epsv is EPSV (RFC 2428 §3), whose address is that of the control connection.
func (s *Session) epsv(arg []byte) {
	protocol, all, err := ParseEPSV(arg)
	ours := 1
	if addrOf(s.opts.Local).Is6() {
		ours = 2
	}
	switch {
	case err != nil:
		s.refuse(err)
	case all:
		if s.data != DataNone && s.data != DataOnlyNone {
			s.add(Action{Kind: ActionDropData})
		}
		s.DoData(DataEventEpsvAll)
		s.reply(200, "Only EPSV from here on.")
	case protocol != 0 && protocol != ours:
		text := "Network protocol not supported, use (1)."
		if ours == 2 {
			text = "Network protocol not supported, use (2)."
		}
		s.reply(522, text)
	default:
		s.extended = true
		s.add(Action{Kind: ActionListen, Extended: true})
	}
}

// errNoListener is why a passive data connection cannot be.
var errNoListener = errors.New("ftp: no listener")

// Listening takes what became of [ActionListen]: the address that the client is
// to connect to.
func (s *Session) Listening(addr net.Addr, err error) []Action {
	s.begin()
	ap := netip.AddrPortFrom(addrOf(addr), portOf(addr))
	if err == nil && ap.Port() == 0 {
		err = errNoListener
	}
	var text []byte
	switch {
	case err != nil:
	case s.extended:
		text, err = Append229(nil, ap.Port())
	default:
		text, err = Append227(nil, ap)
	}
	if err != nil {
		s.dropData()
		return s.reply(425, "Cannot open a port for the data connection.")
	}
	if s.extended {
		s.DoData(DataEventEpsv)
		return s.reply(229, string(text))
	}
	s.DoData(DataEventPasv)
	return s.reply(227, string(text))
}

// dropData closes what data connection there is.
func (s *Session) dropData() {
	if s.data != DataNone && s.data != DataOnlyNone {
		s.DoData(DataEventClose)
		s.add(Action{Kind: ActionDropData})
	}
}

// rest is REST, in octets, which RFC 3659 §5.3 made of it for streams.
func (s *Session) rest(arg []byte) {
	at, n, err := ascii.Decimal(arg, 1<<63-1)
	if err != nil || n != len(arg) {
		s.reply(501, "Syntax: REST <octets>")
		return
	}
	s.Do(EventRestart)
	s.restart = int64(at)
	s.reply(350, "Restarting at "+string(arg[:n])+": send STOR or RETR.")
}

// allo is ALLO. Nothing is reserved, but a lack of space is told.
func (s *Session) allo(arg []byte) {
	want, n, err := ascii.Decimal(arg, 1<<63-1)
	if rest := arg[n:]; err == nil && len(rest) > 0 {
		record, ok := bytes.CutPrefix(bytes.ToUpper(rest), []byte(" R "))
		_, m, bad := ascii.Decimal(record, 1<<63-1)
		if err = bad; !ok || m != len(record) {
			err = ErrSyntax
		}
	}
	if err != nil {
		s.reply(501, "Syntax: ALLO <octets> [R <octets>]")
		return
	}
	space, ok := s.account.FS.(SpaceFS)
	if !ok {
		s.reply(202, "Nothing needs to be reserved.")
		return
	}
	free, err := space.Space(s.dir)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		s.reply(202, "Nothing needs to be reserved.")
	case err != nil:
		s.refuse(err)
	case want > uint64(max(free, 0)):
		s.reply(452, "There is not enough space.")
	default:
		s.reply(200, "There is enough space.")
	}
}
