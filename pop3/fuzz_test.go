package pop3_test

import (
	"bytes"
	"testing"

	"applayer/pop3"
)

func FuzzCommand(f *testing.F) {
	for _, s := range []string{"USER bob", "pass  a b ", "RETR 1", "TOP 1 10", "APOP mrose c4c9334bac560ecc979e58001b3e22fb", "AUTH PLAIN =", "QUIT", "XTND XMIT", "A\rB", "", "LIST\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		cmd, err := pop3.ParseCommand(line)
		if err != nil || cmd.Verb == pop3.VerbUnknown {
			return
		}
		b, err := pop3.AppendCommand(nil, cmd)
		if err != nil {
			t.Fatalf("%q is taken and not written: %v", line, err)
		}
		if n := len(cmd.Verb.String()); !bytes.EqualFold(b[:n], line[:n]) || !bytes.Equal(b[n:], append(line[n:len(line):len(line)], "\r\n"...)) {
			t.Fatalf("%q becomes %q", line, b)
		}
	})
}

func FuzzResponse(f *testing.F) {
	for _, s := range []string{"+OK\r\n", "+OK 2 320\r\n", "-ERR [IN-USE] no\r\n", "+ \r\n", "+ AAA=\r\n", "+OK [x y\n", "-ERR [SYS/TEMP]\r\n", "+OKAY\r\n", "+OK \r\n", "+OK []\r\n"} {
		f.Add([]byte(s))
	}
	lim := &pop3.Limits{MaxResponse: 64}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, n, err := pop3.ParseResponse(b, lim)
		for i := range n {
			if _, _, err := pop3.ParseResponse(b[:i], lim); err != pop3.ErrIncomplete {
				t.Fatalf("%q: %v, not incomplete", b[:i], err)
			}
		}
		if err != nil {
			return
		}
		if n > 64 {
			t.Fatalf("%d octets within a limit of 64", n)
		}
		out, err := pop3.AppendResponse(nil, r)
		if err != nil {
			t.Fatalf("%q is taken and not written: %v", b[:n], err)
		}
		again, m, err := pop3.ParseResponse(out, nil)
		if err != nil || m != len(out) || again != r {
			t.Fatalf("%q becomes %q, which is %v, %v", b[:n], out, again, err)
		}
	})
}

func FuzzListing(f *testing.F) {
	for _, s := range []string{"1 120", "2 200 more", "1 99999999999999999999", "1", " 1 2", "1  2", "4294967296 1"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		l, err := pop3.ParseListing(line)
		if err != nil {
			return
		}
		again, err := pop3.ParseListing(pop3.AppendListing(nil, l))
		if err != nil || again != l {
			t.Fatalf("%q is %v, and %v by our own listing: %v", line, l, again, err)
		}
	})
}

func FuzzUniqueID(f *testing.F) {
	for _, s := range []string{"1 whqtswO00WBw418f9t5JxYwZ", "2 QhdPYR:00WBw1Ph7x7 ", "0 a", "1 a b", "1 \x7f"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		u, err := pop3.ParseUniqueID(line)
		if err != nil {
			return
		}
		out, err := pop3.AppendUniqueID(nil, u)
		if err != nil {
			t.Fatalf("%q is taken and not written: %v", line, err)
		}
		if again, err := pop3.ParseUniqueID(out); err != nil || again != u {
			t.Fatalf("%q is %v, and %v by our own listing: %v", line, u, again, err)
		}
	})
}

func FuzzCapability(f *testing.F) {
	for _, s := range []string{"TOP", "SASL CRAM-MD5 KERBEROS_V4", "LOGIN-DELAY 900 USER", "EXPIRE NEVER", "IMPLEMENTATION a b", "", "\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		c, err := pop3.ParseCapability(line)
		if err != nil {
			return
		}
		pop3.Capabilities{c}.LoginDelay()
		pop3.Capabilities{c}.Expire()
		out, err := pop3.AppendCapability(nil, c)
		if err != nil {
			t.Fatalf("%q is taken and not written: %v", line, err)
		}
		if want := bytes.Join(bytes.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' }), []byte(" ")); !bytes.Equal(out, want) {
			t.Fatalf("%q becomes %q", line, out)
		}
	})
}
