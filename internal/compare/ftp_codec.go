package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net/textproto"
	"testing"
	"time"

	"applayer/ftp"
	"applayer/sockets/telnet"
)

// ftpCodecSubjects are what is done with one command, one reply, one line of a
// listing, and one buffer of a Telnet stream. The clients and servers that we
// are set beside have parsers of commands and lists too, and keep them to
// themselves; replies they leave to net/textproto.
var ftpCodecSubjects = []subject{
	{name: "ftp-command-parse", implementations: []implementation{{name: "applayer", bench: parseFTPCommand}}},
	{name: "ftp-reply-parse", implementations: []implementation{
		{name: "applayer", bench: parseFTPReply}, {name: "textproto", bench: parseTextprotoReply},
	}},
	{name: "ftp-reply-append", implementations: []implementation{{name: "applayer", bench: appendFTPReply}}},
	{name: "ftp-list-parse", implementations: []implementation{{name: "applayer", bench: parseFTPList}}},
	{name: "ftp-facts-parse", implementations: []implementation{{name: "applayer", bench: parseFTPFacts}}},
	{name: "telnet-decode", implementations: []implementation{{name: "applayer", bench: decodeTelnet}}},
}

// What programs send, from captures of lftp, vsftpd and ProFTPD.
var (
	ftpCommand = []byte("RETR some file.txt")
	ftpReply   = []byte("211-Features:\r\n EPRT\r\n EPSV\r\n MDTM\r\n PASV\r\n REST STREAM\r\n SIZE\r\n TVFS\r\n211 End\r\n")
	ftpLine    = []byte("-rw-r--r--    1 900      900          3000 Nov 02 12:00 octets.bin")
	ftpFacts   = []byte("modify=20261102120000;perm=adfrw;size=34;type=file;unique=2BU1CB;UNIX.group=900;UNIX.groupname=student;UNIX.mode=0644;UNIX.owner=900;UNIX.ownername=student; readme.txt")
)

func parseFTPCommand(b *testing.B) error {
	return each(b, len(ftpCommand), func() error {
		cmd, err := ftp.ParseCommand(ftpCommand)
		if err == nil && cmd.Verb != ftp.VerbRETR {
			err = fmt.Errorf("%v", cmd.Verb)
		}
		return err
	})
}

func parseFTPReply(b *testing.B) error {
	return each(b, len(ftpReply), func() error {
		_, n, err := ftp.ParseReply(ftpReply, nil)
		if err == nil && n != len(ftpReply) {
			err = fmt.Errorf("%d octets", n)
		}
		return err
	})
}

func parseTextprotoReply(b *testing.B) error {
	src := bytes.NewReader(nil)
	in := bufio.NewReader(src)
	r := textproto.NewReader(in)
	return each(b, len(ftpReply), func() error {
		src.Reset(ftpReply)
		in.Reset(src)
		_, _, err := r.ReadResponse(211)
		return err
	})
}

func appendFTPReply(b *testing.B) error {
	r, _, err := ftp.ParseReply(ftpReply, nil)
	if err != nil {
		return err
	}
	buf := make([]byte, 0, 2*len(ftpReply))
	return each(b, len(ftpReply), func() error {
		buf, err = ftp.AppendReply(buf[:0], r)
		if err == nil && len(buf) != len(ftpReply) {
			err = fmt.Errorf("%d octets", len(buf))
		}
		return err
	})
}

func parseFTPList(b *testing.B) error {
	now := time.Date(2026, time.November, 21, 22, 30, 0, 0, time.UTC)
	return each(b, len(ftpLine), func() error {
		e, err := ftp.ParseList(ftpLine, now)
		if err == nil && e.Size != 3000 {
			err = fmt.Errorf("size %d", e.Size)
		}
		return err
	})
}

func parseFTPFacts(b *testing.B) error {
	return each(b, len(ftpFacts), func() error {
		e, err := ftp.ParseFacts(ftpFacts)
		if err == nil && e.Size != 34 {
			err = fmt.Errorf("size %d", e.Size)
		}
		return err
	})
}

// decodeTelnet takes a buffer of commands, which is one run of data.
func decodeTelnet(b *testing.B) error {
	data := bytes.Repeat([]byte("RETR some file.txt\r\n"), 200)
	var codec telnet.Codec
	return each(b, len(data), func() error {
		for from := 0; from < len(data); {
			ev, n, err := codec.Next(data[from:])
			if err != nil {
				return err
			}
			if ev.Kind != telnet.EventData {
				return errors.New(ev.String())
			}
			from += n
		}
		return nil
	})
}
