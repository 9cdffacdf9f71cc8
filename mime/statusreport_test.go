package mime_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

const deliveryReport = "From: MAILER-DAEMON@mx.example.org\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: multipart/report; report-type=Delivery-Status; boundary=b\r\n\r\n" +
	"--b\r\n\r\nYour message could not be delivered.\r\n" +
	"--b\r\nContent-Type: message/delivery-status\r\n\r\n" +
	"Reporting-MTA: dns; mx.example.org\r\nArrival-Date: Fri, 8 Jul 1994 00:00:00 -0400\r\n\r\n" +
	"Original-Recipient: rfc822;bob@example.org\r\nFinal-Recipient: RFC822 ; robert@example.org\r\nAction: failed\r\n" +
	"Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 no\r\n such user\r\n\r\n" +
	"Final-Recipient: rfc822;carol@example.org\r\nAction: delayed\r\nStatus: 4.4.1\r\n" +
	"\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: hello\r\n\r\ntext\r\n" +
	"--b--\r\n"

func TestReport(t *testing.T) {
	e, err := mime.ParseBytes([]byte(deliveryReport), nil)
	require.NoError(t, err)
	r, err := e.Report()
	require.NoError(t, err)
	assert.Equal(t, "delivery-status", r.Type)
	assert.Equal(t, "1", r.Text.Path())
	assert.Equal(t, "2", r.Status.Path())
	require.NotNil(t, r.Original)
	assert.Equal(t, "message/rfc822", r.Original.MediaType().Name())

	require.Len(t, r.Groups, 3)
	for i, want := range []struct{ field, kind, value string }{
		{"reporting-mta", "dns", "mx.example.org"},
		{"final-recipient", "rfc822", "robert@example.org"},
		{"final-recipient", "rfc822", "carol@example.org"},
	} {
		f, ok := r.Groups[i].Field(want.field)
		require.True(t, ok, want.field)
		kind, value := f.TypedValue()
		assert.Equal(t, want.kind, kind)
		assert.Equal(t, want.value, value)
	}
	assert.Equal(t, "5.1.1", r.Groups[1].Get("Status"))
	f, _ := r.Groups[1].Field("Diagnostic-Code")
	kind, value := f.TypedValue()
	assert.Equal(t, "smtp", kind)
	assert.Equal(t, "550 no such user", value)
	f, _ = r.Groups[1].Field("Action")
	kind, value = f.TypedValue()
	assert.Equal(t, "", kind)
	assert.Equal(t, "failed", value)
}

func TestReportOfOtherKinds(t *testing.T) {
	message := func(kind, status string) string {
		return "Content-Type: multipart/report; report-type=" + kind + "; boundary=b\n\n" +
			"--b\n\ntext\n--b\nContent-Type: message/" + kind + "\n\n" + status + "\n--b--\n"
	}
	tests := []struct{ name, kind, status, field, want string }{
		{"8098-3.1 disposition-notification", "disposition-notification",
			"Reporting-UA: joes-pc.cs.example.com; Foomail 97.1\nFinal-Recipient: rfc822;Joe_Recipient@example.com\nDisposition: manual-action/MDN-sent-manually; displayed\n",
			"Disposition", "manual-action/MDN-sent-manually; displayed"},
		{"5965-3 feedback-report", "feedback-report",
			"Feedback-Type: abuse\nUser-Agent: SomeGenerator/1.0\nVersion: 1\n", "Feedback-Type", "abuse"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := mime.ParseBytes([]byte(message(tt.kind, tt.status)), nil)
			require.NoError(t, err)
			r, err := e.Report()
			require.NoError(t, err)
			assert.Equal(t, tt.kind, r.Type)
			assert.Nil(t, r.Original, "RFC 6522 §3: the third part is optional")
			require.Len(t, r.Groups, 1)
			assert.Equal(t, tt.want, r.Groups[0].Get(tt.field))
		})
	}
}

func TestReportRefuses(t *testing.T) {
	for name, message := range map[string]string{
		"no multipart":         "Content-Type: text/plain\n\nx",
		"another multipart":    "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n--b\n\n--b--\n",
		"6522-3 one part":      "Content-Type: multipart/report; boundary=b\n\n--b\n\nx\n--b--\n",
		"6522-3 no part":       "Content-Type: multipart/report; boundary=b\n\nx\n",
		"2046-5.1 no boundary": "Content-Type: multipart/report\n\nx\n",
	} {
		t.Run(name, func(t *testing.T) {
			e, err := mime.ParseBytes([]byte(message), nil)
			require.NoError(t, err)
			_, err = e.Report()
			assert.ErrorIs(t, err, mime.ErrNoReport)
		})
	}
	e, err := mime.ParseBytes([]byte(deliveryReport), &mime.Options{Limits: mime.Limits{MaxHeaderBytes: 200}})
	require.NoError(t, err)
	_, err = e.Report()
	assert.Equal(t, &mime.LimitError{Name: "MaxHeaderBytes", Max: 200}, err)
}

func TestParseFieldGroups(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string // the groups as they are written
		defects  []mime.Defect
	}{
		{"empty", "", nil, nil},
		{"empty lines", "\r\n\n", nil, nil},
		{"3464-2.1 groups", "A: 1\r\nB: 2\r\n\r\nC: 3\r\n", []string{"A: 1\r\nB: 2\r\n\r\n", "C: 3\r\n"}, nil},
		{"empty lines around", "\n\nA: 1\n\n\nC: 3\n\n\n", []string{"A: 1\n\n", "C: 3\n\n"}, nil},
		{"no line end", "A: 1\n\nC: 3", []string{"A: 1\n\n", "C: 3"}, nil},
		{"3464-2.1 text instead of a group", "A: 1\r\n\r\ntext\r\n\r\nC: 3", []string{"A: 1\r\n\r\n"},
			[]mime.Defect{{Code: mime.DefectNotFields, Offset: 8, Ref: "RFC 3464 §2.1"}}},
		{"5322-2.2 line without colon", "A: 1\r\n\r\nC: 3\r\ntext\r\n", []string{"A: 1\r\n\r\n", "C: 3\r\ntext\r\n"},
			[]mime.Defect{{Code: mime.DefectNoColon, Offset: 14, Ref: "RFC 5322 §2.2"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			groups, defects, err := mime.ParseFieldGroups([]byte(tt.in), nil)
			require.NoError(t, err)
			var got []string
			for _, g := range groups {
				b, err := g.AppendText(nil)
				require.NoError(t, err)
				got = append(got, string(b))
			}
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.defects, defects)
			_, _, err = mime.ParseFieldGroups([]byte(tt.in), &mime.Options{Strict: true})
			assert.Equal(t, len(tt.defects) > 0, err != nil, "%v", err)
		})
	}
}

// What is read of groups is in the input, in its order; reading ends.
func FuzzParseFieldGroups(f *testing.F) {
	f.Add("A: 1\r\nB: 2\r\n\r\nC: 3\r\n")
	f.Add("\n\nA: 1\n\ntext")
	f.Fuzz(func(t *testing.T, s string) {
		groups, _, err := mime.ParseFieldGroups([]byte(s), nil)
		if err != nil {
			t.Fatal(err)
		}
		rest := s
		for _, g := range groups {
			b, _ := g.AppendText(nil)
			_, after, found := strings.Cut(rest, string(b))
			if len(b) == 0 || !found {
				t.Fatalf("%q: %q is not in %q", s, b, rest)
			}
			rest = after
		}
		_, _, err = mime.ParseFieldGroups([]byte(s), &mime.Options{Strict: true})
		if _, ok := errors.AsType[*mime.ParseError](err); err != nil && !ok {
			if _, ok := errors.AsType[*mime.LimitError](err); !ok {
				t.Fatal(err)
			}
		}
	})
}

// Without a limit, all is read and not nothing.
func TestReportWithoutLimits(t *testing.T) {
	e, err := mime.ParseBytes([]byte("Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n"+
		"--b\r\nContent-Type: message/delivery-status\r\n\r\nA: b\r\n\r\nC: d\r\n--b--\r\n"),
		&mime.Options{Limits: mime.Limits{MaxHeaderBytes: -1}})
	require.NoError(t, err)
	r, err := e.Report()
	require.NoError(t, err)
	assert.Len(t, r.Groups, 2)
}
