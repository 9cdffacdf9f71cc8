package dns_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/internal/golden"
)

// FuzzEDNS: an OPT record's options are written as they were read, known or
// not; those that Check takes are found by their accessors, and set again they
// are the same.
func FuzzEDNS(f *testing.F) {
	for m := range golden.Messages(f, captures) {
		parsed, err := dns.ParseMessage(m.Data, nil)
		require.NoError(f, err)
		if e := parsed.EDNS; e != nil {
			options, err := dns.AppendRData(nil, &dns.OPT{Options: e.Options}, nil)
			require.NoError(f, err)
			f.Add(options)
		}
	}
	f.Add([]byte("\x00\x0a\x00\x08\x24\x64\xc4\xab\xcf\x10\xc9\x57"))
	f.Add([]byte("\x00\x08\x00\x07\x00\x01\x18\x00\xc0\x00\x02\x00\x0f\x00\x05\x00\x16tcp"))
	f.Add([]byte("\x00\x0b\x00\x02\x00\x64\x00\x0c\x00\x03\x00\x00\x00\x00\x03\x00\x02id\xff\xff\x00\x01?"))
	f.Fuzz(func(t *testing.T, b []byte) {
		rdata, err := dns.ParseRData(dns.TypeOPT, b, 0, len(b), nil)
		if err != nil {
			return
		}
		e := &dns.EDNS{Options: rdata.(*dns.OPT).Options}
		out, err := dns.AppendRData(nil, &dns.OPT{Options: e.Options}, nil)
		require.NoError(t, err)
		require.True(t, bytes.Equal(b, out))
		cookie, hasCookie := e.Cookie()
		subnet, hasSubnet := e.Subnet()
		timeout, hasTimeout := e.Keepalive()
		if e.Check(true) == nil {
			require.NoError(t, e.Check(false))
			_, there := e.Option(dns.OptionCookie)
			assert.Equal(t, there, hasCookie)
			_, there = e.Option(dns.OptionSubnet)
			assert.Equal(t, there, hasSubnet)
			assert.False(t, hasTimeout, "a query says no timeout")
		}
		again := new(dns.EDNS)
		if hasCookie {
			require.NoError(t, again.SetCookie(cookie))
			got, _ := again.Cookie()
			assert.Equal(t, cookie, got)
		}
		if hasSubnet {
			require.NoError(t, again.SetSubnet(subnet))
			got, _ := again.Subnet()
			assert.Equal(t, subnet, got)
		}
		if hasTimeout {
			again.SetKeepalive(timeout)
			got, _ := again.Keepalive()
			assert.Equal(t, timeout, got)
		}
		for x := range e.ExtendedErrors() {
			again.AddExtendedError(x)
		}
		var codes, got []dns.ExtendedError
		for x := range e.ExtendedErrors() {
			codes = append(codes, x)
		}
		for x := range again.ExtendedErrors() {
			got = append(got, x)
		}
		if e.Check(false) == nil {
			require.Len(t, got, len(codes))
		}
		require.NoError(t, again.Check(false))
	})
}

func FuzzCookie(f *testing.F) {
	f.Add([]byte("clientck"))
	f.Add([]byte("clientckservercookie0001"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := dns.ParseCookie(b)
		valid := len(b) == 8 || len(b) >= 16 && len(b) <= 40
		require.Equal(t, valid, err == nil)
		if err != nil {
			return
		}
		out, err := dns.AppendCookie(nil, c)
		require.NoError(t, err)
		assert.Equal(t, b, out)
	})
}

func FuzzSubnet(f *testing.F) {
	f.Add([]byte("\x00\x01\x18\x00\xc0\x00\x02"))
	f.Add([]byte("\x00\x02\x38\x30\x20\x01\x0d\xb8\x00\x00\x01"))
	f.Add([]byte("\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := dns.ParseSubnet(b)
		if err != nil {
			return
		}
		if s.Prefix.IsValid() {
			assert.Equal(t, s.Prefix, s.Prefix.Masked())
			assert.LessOrEqual(t, int(s.Scope), s.Prefix.Addr().BitLen())
		}
		out, err := dns.AppendSubnet(nil, s)
		require.NoError(t, err)
		assert.Equal(t, b, out)
	})
}

func FuzzExtendedError(f *testing.F) {
	f.Add([]byte("\x00\x16timeout"))
	f.Add([]byte("\x00\x03\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := dns.ParseExtendedError(b)
		require.Equal(t, len(b) >= 2, err == nil)
		if err != nil {
			return
		}
		out := dns.AppendExtendedError(nil, e)
		assert.True(t, bytes.HasPrefix(b, out))
		assert.LessOrEqual(t, len(b)-len(out), 1, "but for a NUL at the end")
		assert.NotEmpty(t, e.String())
	})
}
