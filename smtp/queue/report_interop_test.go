package queue_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/smtp"
)

// Python's email package reads a report as we mean it.
func TestInteropPythonReadsReport(t *testing.T) {
	python := testkit.Program(t, "python3")
	const script = `
import email, email.policy, json, sys
m = email.message_from_bytes(open(sys.argv[1], "rb").read(), policy=email.policy.default)
parts = list(m.iter_parts())
status = parts[1].get_payload()
json.dump({
    "type": m.get_content_type(), "report": m.get_param("report-type"), "from": m["From"].addresses[0].addr_spec,
    "kinds": [p.get_content_type() for p in parts], "text": parts[0].get_content(),
    "groups": [dict((k, str(v)) for k, v in g.items()) for g in status],
    "subject": parts[2].get_payload(0)["Subject"],
    "defects": [str(d) for p in m.walk() for d in p.defects],
}, sys.stdout)
`
	env := envelope(bob, carol)
	env.EnvelopeID = "QQ314159"
	env.To[0].Original = smtp.OriginalRecipient{Type: "rfc822", Address: "Bob@burgers.example"}
	reports := reported(t, env, text, refuse(550, smtp.EnhancedCode{5, 1, 1}, "No such user here, and a text that is long enough to have its field folded"), time.Minute)
	require.Len(t, reports, 1)
	name := filepath.Join(t.TempDir(), "report.eml")
	require.NoError(t, os.WriteFile(name, []byte(reports[0].text), 0o600))
	out, err := exec.Command(python, "-c", script, name).Output()
	require.NoError(t, err)
	var got struct {
		Type, Report, From, Text, Subject string
		Kinds, Defects                    []string
		Groups                            []map[string]string
	}
	require.NoError(t, json.Unmarshal(out, &got), string(out))
	assert.Equal(t, "multipart/report", got.Type)
	assert.Equal(t, "delivery-status", got.Report)
	assert.Equal(t, "MAILER-DAEMON@mx.crepes.fr", got.From)
	assert.Equal(t, []string{"text/plain", "message/delivery-status", "message/rfc822"}, got.Kinds)
	assert.Contains(t, got.Text, "<bob@hamburger.edu>")
	assert.Equal(t, "ketchup", got.Subject)
	assert.Empty(t, got.Defects)
	require.Len(t, got.Groups, 3)
	assert.Equal(t, "QQ314159", got.Groups[0]["Original-Envelope-Id"])
	assert.Equal(t, "rfc822; bob@hamburger.edu", got.Groups[1]["Final-Recipient"])
	assert.Equal(t, "failed", got.Groups[1]["Action"])
	assert.Equal(t, "5.1.1", got.Groups[2]["Status"])
	assert.Equal(t, "smtp; 550 5.1.1 No such user here, and a text that is long enough to have its field folded", got.Groups[2]["Diagnostic-Code"])
}
