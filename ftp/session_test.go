package ftp_test

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// step is a command and how the replies to it begin, one a line.
type step struct{ line, want string }

// steps checks a dialogue.
func (d *driven) steps(t *testing.T, steps []step) {
	t.Helper()
	for _, s := range steps {
		got := strings.Split(d.do(s.line), "\n")
		want := strings.Split(s.want, "\n")
		require.Len(t, got, len(want), "%s: %q", s.line, got)
		for i := range want {
			assert.Truef(t, strings.HasPrefix(got[i], want[i]), "%s: got %q, want %q", s.line, got[i], want[i])
			assert.NotContains(t, got[i], "§", "replies are ASCII (RFC 2640 §4.1)")
		}
	}
}

// files is a directory that the dialogues are about.
func files(t testing.TB) *ftp.DirFS {
	root := tree(t, map[string]string{"a.txt": "one\ntwo\n", "sub/b.bin": "\x00\x01\x02\x03", "sub/deep/c": "c", `q"q/x`: "x"})
	require.NoError(t, os.Chtimes(filepath.Join(root, "a.txt"), time.Time{}, time.Date(2024, 2, 29, 12, 34, 56, 0, time.UTC)))
	return openDir(t, root, &ftp.DirOptions{NoSync: true})
}

var dialogues = []struct {
	name  string
	login bool
	opts  *ftp.SessionOptions
	steps []step
}{
	{"959-5.4 what works before login, and what does not", false, nil, []step{
		{"SYST", "215 UNIX Type: L8"}, {"FEAT", "211 Features:"}, {"HELP", "214 "}, {"NOOP", "200 "}, {"OPTS UTF8 ON", "200 "},
		{"CLNT x 1", "200 "}, {"AUTH TLS", "502 "}, {"PBSZ 0", "503 "}, {"PROT P", "503 "}, {"HOST a.example", "504 "},
		{"PWD", "530 "}, {"CWD /", "530 "}, {"RETR a.txt", "530 "}, {"STOR x", "530 "}, {"LIST", "530 "}, {"PASV", "530 "},
		{"TYPE I", "530 "}, {"SITE CHMOD 777 a.txt", "530 "}, {"SITE CPFR /etc/passwd", "530 "}, {"STAT", "530 "}, {"ABOR", "530 "},
		{"RNTO x", "530 "}, {"SIZE a.txt", "530 "}, {"ACCT x", "503 "}, {"PASS p", "503 "}, {"QUIT", "221 "},
	}},
	{"959-4.1.1 login", false, nil, []step{
		{"USER", "501 "}, {"USER u", "331 "}, {"NOOP", "200 "}, {"PASS p", "230 "}, {"PWD", `257 "/"`}, {"ACCT x", "202 "},
		{"USER u", "331 "}, {"PWD", "530 "}, {"PASS p", "230 "}, {"PASS p", "503 "},
	}},
	{"959-6 account", false, nil, []step{
		{"USER acct", "331 "}, {"ACCT a", "503 "}, {"PASS p", "332 "}, {"PWD", "530 "}, {"ACCT b", "530 "}, {"ACCT a", "503 "},
		{"USER acct", "331 "}, {"PASS p", "332 "}, {"ACCT a", "230 "},
	}},
	{"2577-5 three refusals", false, nil, []step{
		{"USER u", "331 "}, {"PASS x", "530 Login incorrect."}, {"PASS p", "503 "}, {"USER nobody", "331 "}, {"PASS p", "530 Login incorrect."},
		{"USER u", "331 "}, {"PASS ", "421 "},
	}},
	{"959 verbs unknown and not built", true, nil, []step{
		{"XYZZ", "500 "}, {"SMNT x", "502 "}, {"LPRT 1", "502 "}, {"LPSV", "502 "}, {"ADAT x", "502 "}, {"MIC x", "502 "}, {"12", "500 "}, {"NOOPNOOP", "500 "},
		{"RETR a\x00b", "501 "},
	}},
	{"959-4.1.1 directories", true, nil, []step{
		{"CWD sub/deep", "250 "}, {"PWD", `257 "/sub/deep"`}, {"XPWD", `257 "/sub/deep"`}, {"CDUP", "250 "}, {"XCUP", "250 "}, {"PWD", `257 "/" `},
		{"CDUP", "250 "}, {"PWD", `257 "/" `}, {"CWD ../../..", "250 "}, {"PWD", `257 "/" `}, {"CWD a.txt", "550 "}, {"CWD nowhere", "550 "},
		{`CWD q"q`, "250 "}, {"PWD", `257 "/q""q" `}, {"XCWD /sub", "250 "}, {"CWD a\rb", "550 "}, {"CWD", "501 "},
		{"CWD " + strings.Repeat("a", 256), "550 "}, {"CWD " + strings.Repeat("a/", 129), "550 "}, {"EPSV", "229 "}, {"STOR " + strings.Repeat("a", 256), "553 "}, {"EPSV", "229 "}, {"RETR " + strings.Repeat("a", 256), "550 "}, {"EPSV", "229 "}, {"STOR a\rb", "553 "},
	}},
	{"959-4.1.2 parameters", true, nil, []step{
		{"TYPE A", "200 "}, {"TYPE A N", "200 "}, {"TYPE I", "200 "}, {"TYPE L 8", "200 "}, {"type i", "200 "}, {"TYPE", "501 "}, {"TYPE L", "501 "},
		{"TYPE I N", "501 "}, {"TYPE AA", "501 "}, {"TYPE A T", "504 "}, {"TYPE E", "504 "}, {"TYPE L 36", "504 "}, {"TYPE X", "504 "},
		{"STRU F", "200 "}, {"STRU R", "200 "}, {"STRU P", "504 "}, {"STRU", "501 "}, {"STRU FF", "501 "},
		{"MODE S", "200 "}, {"MODE B", "504 "}, {"MODE C", "504 "}, {"MODE Z", "504 "}, {"MODE", "501 "}, {"MODE SS", "501 "},
	}},
	{"2577-3 PORT and EPRT", true, nil, []step{
		{"PORT 192,0,2,7,200,1", "200 "}, {"PORT 192,0,2,8,200,1", "504 "}, {"PORT 192,0,2,7,3,255", "504 "}, {"PORT 192,0,2,7,0,25", "504 "},
		{"PORT 192,0,2,7,256,1", "501 "}, {"PORT x", "501 "}, {"PORT", "501 "},
		{"EPRT |1|192.0.2.7|51201|", "200 "}, {"EPRT |1|192.0.2.8|51201|", "504 "}, {"EPRT |1|192.0.2.7|25|", "504 "}, {"EPRT |2|::1|51201|", "504 "},
		{"EPRT |3|x|51201|", "522 Network protocol not supported, use (1,2)"}, {"EPRT x", "501 "},
	}},
	{"FXP where it is allowed", true, &ftp.SessionOptions{AllowForeignData: true}, []step{
		{"PORT 192,0,2,8,200,1", "200 "}, {"PORT 192,0,2,8,0,25", "504 "},
	}},
	{"2428-3 PASV and EPSV", true, nil, []step{
		{"PASV", "227 Entering Passive Mode (192,0,2,1,156,64)."}, {"EPSV", "229 Entering Extended Passive Mode (|||40000|)"}, {"EPSV 1", "229 "},
		{"EPSV 2", "522 Network protocol not supported, use (1)"}, {"EPSV 3", "522 "}, {"EPSV x", "501 "},
	}},
	{"2428-4 EPSV ALL holds for the connection", true, nil, []step{
		{"PASV", "227 "}, {"EPSV ALL", "200 "}, {"LIST", "425 "}, {"PASV", "501 "}, {"PORT 192,0,2,7,200,1", "501 "}, {"EPRT |1|192.0.2.7|51201|", "501 "},
		{"EPSV", "229 "}, {"NLST", "150 \n226 "}, {"ABOR", "226 "}, {"PASV", "501 "}, {"EPSV all", "200 "}, {"REIN", "220 "}, {"USER u", "331 "}, {"PASS p", "230 "}, {"PASV", "501 "},
	}},
	{"425 without a data connection, and one transfer each", true, nil, []step{
		{"RETR a.txt", "425 "}, {"STOR new", "425 "}, {"EPSV", "229 "}, {"RETR a.txt", "150 \n226 "}, {"RETR a.txt", "425 "},
		{"PORT 192,0,2,7,200,1", "200 "}, {"NLST", "150 \n226 "}, {"NLST", "425 "},
	}},
	{"450/550 what cannot be sent", true, nil, []step{
		{"EPSV", "229 "}, {"RETR nowhere", "550 "}, {"RETR a.txt", "425 "}, {"EPSV", "229 "}, {"RETR sub", "550 "}, {"EPSV", "229 "}, {"RETR", "501 "}, {"RETR a.txt", "150 \n226 "},
		{"EPSV", "229 "}, {"STOR sub", "550 "}, {"EPSV", "229 "}, {"STOR no/where", "550 "}, {"EPSV", "229 "}, {"MLSD a.txt", "501 "}, {"EPSV", "229 "}, {"LIST nowhere", "550 "},
	}},
	{"3659-5 REST", true, nil, []step{
		{"TYPE I", "200 "}, {"REST 4", "350 "}, {"TYPE I", "200 "}, {"EPSV", "229 "}, {"RETR a.txt", "150 Sending a.txt (4 bytes).\n226 "},
		{"EPSV", "229 "}, {"RETR a.txt", "150 Sending a.txt (8 bytes).\n226 "},
		{"EPSV", "229 "}, {"REST 4", "350 "}, {"NOOP", "200 "}, {"RETR a.txt", "150 Sending a.txt (8 bytes).\n226 "},
		{"EPSV", "229 "}, {"REST 4", "350 "}, {"XXXX", "500 "}, {"RETR a.txt", "150 Sending a.txt (8 bytes).\n226 "},
		{"EPSV", "229 "}, {"REST 9", "350 "}, {"RETR a.txt", "554 "}, {"EPSV", "229 "}, {"REST 9", "350 "}, {"STOR a.txt", "554 "},
		{"REST -1", "501 "}, {"REST x", "501 "}, {"REST 9223372036854775808", "501 "}, {"REST", "501 "},
		{"TYPE A", "200 "}, {"EPSV", "229 "}, {"REST 4", "350 "}, {"STOR a.txt", "554 "},
	}},
	{"959-5.4 RNFR is forgotten by any command but RNTO", true, nil, []step{
		{"RNTO x", "503 "}, {"RNFR nowhere", "550 "}, {"RNTO x", "503 "}, {"RNFR a.txt", "350 "}, {"NOOP", "200 "}, {"RNTO x", "503 "},
		{"RNFR a.txt", "350 "}, {"YYYY", "500 "}, {"RNTO x", "503 "}, {"RNFR a.txt", "350 "}, {"RNTO sub/x", "250 "}, {"RNTO y", "503 "}, {"SIZE sub/x", "213 "}, {"RNFR sub/x", "350 "}, {"RNFR sub/x", "350 "}, {"RNTO a.txt", "250 "},
		{"RNFR a.txt", "350 "}, {"RNTO no/where", "550 "}, {"RNFR a.txt", "350 "}, {"RNTO a\rb", "553 "},
	}},
	{"959-4.1.3 files and directories", true, nil, []step{
		{"MKD new", `257 "/new" `}, {"XMKD new/er", `257 "/new/er" `}, {"MKD new", "550 "}, {"MKD no/where", "550 "}, {"DELE new", "550 "}, {"RMD a.txt", "550 "},
		{"RMD new", "5"}, {"XRMD new/er", "250 "}, {"RMD new", "250 "}, {"RMD new", "550 "}, {"DELE a.txt", "250 "}, {"DELE a.txt", "550 "}, {"DELE", "501 "},
		{"RMD /", "5"},
	}},
	{"3659 SIZE and MDTM", true, nil, []step{
		{"TYPE I", "200 "}, {"SIZE a.txt", "213 8"}, {"TYPE A", "200 "}, {"SIZE a.txt", "213 10"}, {"STRU R", "200 "}, {"SIZE a.txt", "550 "}, {"SIZE sub", "550 "}, {"SIZE no", "550 "},
		{"MDTM a.txt", "213 20240229123456"}, {"MDTM no", "550 "}, {"MDTM", "501 "},
		{"MFMT 20200102030405 a.txt", "213 Modify=20200102030405; /a.txt"}, {"MDTM a.txt", "213 20200102030405"},
		{"MFMT 20200102030405", "501 "}, {"MFMT 20201302030405 a.txt", "501 "}, {"MFMT 20200102030405 no", "550 "},
	}},
	{"3659-7 MLST and its options", true, nil, []step{
		{"OPTS MLST type;size;nonsense;", "200 MLST OPTS type;size;"}, {"MLST a.txt", "250 Listing /a.txt /  type=file;size=8; /a.txt / End."},
		{"MLST", "250 Listing / /  type=dir; / / End."}, {"OPTS MLST", "200 MLST OPTS"}, {"MLST sub", "250 Listing /sub /   /sub / End."}, {"MLST no", "550 "},
		{"OPTS MLST a b", "501 "}, {"OPTS UTF8", "200 "}, {"OPTS UTF8 OFF", "501 "}, {"OPTS", "501 "}, {"OPTS X Y", "501 "},
	}},
	{"959-4.1.3 STAT", true, nil, []step{
		{"STAT", "211 Status: /  Logged in as u from 192.0.2.7 /  TYPE ASCII, STRU file, MODE stream"}, {"STAT a.txt", "213 Status: / -rw"}, {"STAT sub", "212 Status: / "}, {"STAT no", "550 "},
	}},
	{"959-4.1.3 HELP, ABOR and ALLO", true, nil, []step{
		{"HELP RETR", "214 Syntax: RETR <path>"}, {"HELP noop", "214 Syntax: NOOP"}, {"HELP XYZZ", "501 "}, {"HELP SMNT", "501 "}, {"HELP", "214 Commands:"},
		{"ABOR", "226 "}, {"EPSV", "229 "}, {"ABOR", "225 "}, {"RETR a.txt", "150 \n226 "},
		{"ALLO 10", "200 "}, {"ALLO 10 R 5", "200 "}, {"ALLO 9223372036854775807", "452 "}, {"ALLO", "501 "}, {"ALLO x", "501 "}, {"ALLO 1 X 2", "501 "}, {"ALLO 1 R", "501 "},
	}},
	{"SITE", true, nil, []step{
		{"SITE HELP", "214 "}, {"SITE CHMOD 600 a.txt", "200 "}, {"STAT a.txt", "213 Status: / -rw-------"}, {"SITE CHMOD 4755 a.txt", "501 "}, {"SITE CHMOD 9 a.txt", "501 "},
		{"SITE CHMOD 600", "501 "}, {"SITE CHMOD 600 no", "550 "}, {"SITE UMASK", "200 "}, {"SITE UMASK 077", "200 "}, {"SITE UMASK", "200 The umask is 077."}, {"SITE UMASK 8", "501 "},
		{"EPSV", "229 "}, {"STOR mine", "150 \n226 "}, {"STAT mine", "213 Status: / -rw-------"}, {"MKD dir", "257 "}, {"STAT -d dir", "213 Status: / drwx------"},
		{"SITE IDLE 60", "200 "}, {"SITE IDLE 9", "501 "}, {"SITE IDLE 3601", "501 "}, {"SITE IDLE x", "501 "}, {"SITE EXEC id", "504 "}, {"SITE CPFR a", "504 "}, {"SITE", "501 "},
	}},
	{"2640-4 LANG", false, nil, []step{
		{"LANG", "200 "}, {"LANG en", "200 "}, {"LANG EN-us", "200 "}, {"LANG de", "504 "}, {"LANG de_DE", "501 "}, {"LANG aaaaaaaaa", "501 "},
	}},
	{"7151-3 HOST", false, &ftp.SessionOptions{Host: func(name string) (string, bool) { return "Welcome.", name == "ftp.example" }}, []step{
		{"HOST ftp.example", "220 Welcome."}, {"HOST FTP.Example", "220 Welcome."}, {"HOST other.example", "504 "}, {"HOST 192.0.2.1", "220 "}, {"HOST 192.0.2.2", "504 "},
		{"HOST 192.0.2.1:2112", "501 "}, {"HOST [2001:db8::1]:21", "501 "}, {"HOST [2001:db8::1]", "504 "}, {"HOST a..b", "501 "}, {"HOST -a", "501 "}, {"HOST", "501 "},
		{"HOST " + strings.Repeat("a.", 127) + "a", "501 "}, {"USER u", "331 "}, {"HOST ftp.example", "220 "}, {"PASS p", "503 "}, {"USER u", "331 "}, {"PASS p", "230 "}, {"HOST ftp.example", "503 "},
	}},
	{"4217 order of AUTH, PBSZ, PROT and CCC", false, &ftp.SessionOptions{TLS: ftp.TLSReady, AllowCCC: true}, []step{
		{"AUTH KERBEROS_V4", "504 "}, {"PROT P", "503 "}, {"PBSZ 0", "503 "}, {"USER u", "331 "}, {"AUTH SSL", "234 "}, {"PASS p", "503 "}, {"AUTH TLS", "503 "}, {"PROT P", "503 "}, {"PBSZ x", "501 "},
		{"PBSZ 1024", "200 PBSZ=0"}, {"PROT S", "536 "}, {"PROT E", "536 "}, {"PROT X", "504 "}, {"PROT PP", "504 "}, {"PROT P", "200 "}, {"PROT C", "200 "}, {"PROT p", "200 "},
		{"CCC", "530 "}, {"USER u", "331 "}, {"PASS p", "230 "}, {"USER v", "503 "}, {"USER u", "331 "}, {"USER v", "503 "}, {"PASS p", "230 "}, {"CCC", "200 "}, {"PBSZ 0", "503 "}, {"PROT C", "503 "}, {"CCC", "533 "}, {"REIN", "220 "}, {"AUTH TLS", "234 "},
	}},
	{"4217-13 REIN ends TLS", true, &ftp.SessionOptions{TLS: ftp.TLSReady}, []step{
		{"AUTH TLS", "534 "}, {"CCC", "533 "}, {"REIN", "220 "}, {"AUTH TLS-C", "234 "}, {"USER u", "331 "}, {"PASS p", "230 "}, {"CCC", "534 "}, {"REIN", "220 "}, {"PWD", "530 "}, {"AUTH TLS", "234 "},
	}},
	{"implicit TLS", true, &ftp.SessionOptions{TLS: ftp.TLSReady, Implicit: true, AllowCCC: true}, []step{
		{"AUTH TLS", "534 "}, {"PBSZ 0", "200 "}, {"PROT P", "200 "}, {"CCC", "534 "}, {"REIN", "220 "}, {"AUTH TLS", "503 "}, {"PROT P", "503 "}, {"PBSZ 0", "200 "},
	}},
	{"431 without a usable certificate", false, &ftp.SessionOptions{TLS: ftp.TLSUnusable}, []step{{"AUTH TLS", "431 "}, {"AUTH X", "504 "}}},
	{"TLS required", false, &ftp.SessionOptions{TLS: ftp.TLSReady, RequireTLS: true}, []step{
		{"USER u", "530 TLS is required"}, {"AUTH TLS", "234 "}, {"USER u", "331 "}, {"PASS p", "230 "}, {"EPSV", "229 "}, {"LIST", "522 "}, {"EPSV", "229 "}, {"PBSZ 0", "200 "}, {"PROT P", "200 "}, {"LIST", "150 \n226 "},
	}},
}

func TestSessionDialogues(t *testing.T) {
	for _, tt := range dialogues {
		t.Run(tt.name, func(t *testing.T) {
			var opts ftp.SessionOptions
			if tt.opts != nil {
				opts = *tt.opts
			}
			d := drive(t, files(t), &opts)
			if tt.login {
				d.login()
			}
			d.steps(t, tt.steps)
		})
	}
}

// What the transfers carry is what the names stand for.
func TestSessionTransfers(t *testing.T) {
	d := drive(t, files(t), nil).login()
	d.steps(t, []step{{"TYPE I", "200 "}, {"CWD sub", "250 "}, {"EPSV", "229 "}, {"RETR ../a.txt", "150 \n226 "}})
	assert.Equal(t, "one\ntwo\n", d.data)
	d.steps(t, []step{{"EPSV", "229 "}, {"NLST", "150 \n226 "}})
	assert.Equal(t, "b.bin\r\n", d.data)
	d.steps(t, []step{{"EPSV", "229 "}, {"MLSD /", "150 \n226 "}})
	assert.Contains(t, d.data, "; a.txt\r\n")
	assert.Contains(t, d.data, "type=dir;")
	d.steps(t, []step{{"EPSV", "229 "}, {"LIST -a", "150 \n226 "}})
	assert.Contains(t, d.data, " deep\r\n")

	d.upload = "new"
	d.steps(t, []step{{"EPSV", "229 "}, {"STOR n", "150 \n226 "}, {"EPSV", "229 "}, {"APPE n", "150 \n226 "}, {"EPSV", "229 "}, {"RETR n", "150 \n226 "}})
	assert.Equal(t, "newnew", d.data)
	d.steps(t, []step{{"EPSV", "229 "}, {"REST 1", "350 "}, {"STOR n", "150 \n226 "}, {"EPSV", "229 "}, {"RETR n", "150 \n226 "}})
	assert.Equal(t, "nnewew", d.data)

	// RFC 1123 §4.1.2.9: STOU tells the name, and takes nobody's.
	got := d.doAll("EPSV", "STOU n")
	name, ok := strings.CutPrefix(strings.Split(got, "\n")[0], "150 FILE: ")
	require.True(t, ok, got)
	assert.NotEqual(t, "n", name)
	d.steps(t, []step{{"EPSV", "229 "}, {"RETR " + name, "150 \n226 "}})
	assert.Equal(t, "new", d.data)
	assert.Contains(t, d.doAll("EPSV", "STOU"), "150 FILE: ")
}

// doAll gives several commands and returns the replies to the last.
func (d *driven) doAll(lines ...string) (got string) {
	for _, line := range lines {
		got = d.do(line)
	}
	return got
}

// What becomes of a transfer decides the reply, and a broken upload leaves no
// trace.
func TestSessionTransferOutcomes(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"ABOR", ftp.ErrTransferAborted, "426 "},
		{"no data connection", ftp.ErrTransferNoData, "425 "},
		{"TLS", ftp.ErrTransferTLS, "522 "},
		{"the peer", ftp.ErrTransferPeer, "426 "},
		{"no space", ftp.ErrNoSpace, "452 "},
		{"quota", ftp.ErrQuota, "552 "},
		{"anything else", os.ErrProcessDone, "451 "},
		{"a server behind this one", &ftp.ReplyError{Code: 450, Text: "a\r\n226 b"}, "450 a??226 b"},
		{"a server behind this one that makes no sense", &ftp.ReplyError{Code: 226}, "451 "},
	}
	for _, tt := range tests {
		d := drive(t, files(t), nil).login()
		d.fail = tt.err
		d.steps(t, []step{{"EPSV", "229 "}, {"STOR n", "150 \n" + tt.want}})
		d.fail = nil
		d.steps(t, []step{{"SIZE n", "550 "}, {"EPSV", "229 "}, {"RETR a.txt", "150 \n226 "}})
	}
}

// Rights are checked before anything of a file is opened.
func TestSessionRights(t *testing.T) {
	tests := []struct {
		right ftp.Rights
		lines []string
	}{
		{ftp.RightRead, []string{"RETR a.txt"}},
		{ftp.RightWrite, []string{"STOR x", "APPE a.txt", "STOU", "SITE CHMOD 600 a.txt", "MFMT 20200102030405 a.txt"}},
		{ftp.RightList, []string{"LIST", "NLST", "MLSD", "STAT a.txt", "MLST a.txt"}},
		{ftp.RightRename, []string{"RNFR a.txt"}},
		{ftp.RightMkdir, []string{"MKD x"}},
		{ftp.RightDelete, []string{"DELE a.txt", "RMD sub"}},
	}
	for _, tt := range tests {
		d := drive(t, files(t), nil)
		d.auth = func(ftp.Login) (*ftp.Account, error) {
			return &ftp.Account{FS: d.fs, Rights: ftp.RightsAll &^ tt.right}, nil
		}
		d.login()
		for _, line := range tt.lines {
			d.do("EPSV")
			assert.Equal(t, "550 Permission denied.", d.do(line), line)
		}
	}
}

// A file system that can only be read answers all else by 502 or 550, and FEAT
// tells nothing that it cannot do.
func TestSessionReadOnly(t *testing.T) {
	d := drive(t, ftp.ReadOnly(fstest.MapFS{"a.txt": {Data: []byte("hello\n")}}), nil).login()
	d.steps(t, []step{
		{"EPSV", "229 "}, {"RETR a.txt", "150 \n226 "}, {"EPSV", "229 "}, {"STOR x", "550 "}, {"DELE a.txt", "502 "}, {"RMD x", "502 "}, {"MKD x", "502 "},
		{"RNFR a.txt", "502 "}, {"SITE CHMOD 600 a.txt", "502 "}, {"SITE UMASK 022", "502 "}, {"MFMT 20200102030405 a.txt", "502 "}, {"ALLO 5", "202 "},
	})
	assert.NotContains(t, d.do("FEAT"), "MFMT")
}

// RFC 2389 §3.2: what FEAT tells depends on what is built and on TLS.
func TestSessionFeatures(t *testing.T) {
	d := drive(t, files(t), &ftp.SessionOptions{TLS: ftp.TLSReady, AllowCCC: true, Host: func(string) (string, bool) { return "", true }})
	feat := d.do("FEAT")
	for _, f := range []string{" AUTH TLS ", " CLNT ", " EPRT ", " EPSV ", " HOST ", " LANG EN* ", " MDTM ", " MFMT ", " MLST type*;size*;modify*;perm*;", " PBSZ ", " PROT ", " REST STREAM ", " SIZE ", " TVFS ", " UTF8 "} {
		assert.Contains(t, feat, " / "+f, "%s", feat)
	}
	assert.NotContains(t, feat, " CCC")
	d.doAll("AUTH TLS", "USER u", "PASS p", "EPSV ALL", "OPTS MLST size;")
	feat = d.do("FEAT")
	assert.NotContains(t, feat, "AUTH")
	assert.NotContains(t, feat, "EPRT")
	assert.Contains(t, feat, " CCC ")
	assert.Contains(t, feat, " MLST type;size*;")
	assert.NotContains(t, drive(t, files(t), nil).do("FEAT"), "AUTH")
}

// A home directory is where a session begins; one that cannot be is the root.
func TestSessionHome(t *testing.T) {
	d := drive(t, files(t), nil)
	d.auth = func(ftp.Login) (*ftp.Account, error) { return &ftp.Account{FS: d.fs, Home: "/sub"}, nil }
	d.login()
	assert.Equal(t, `257 "/sub" is the current directory.`, d.do("PWD"))
	assert.Equal(t, "u", d.s.User())
	assert.Equal(t, d.fs, d.s.Account().FS)
	d.do("REIN")
	assert.Empty(t, d.s.User())
}

// An account is released once, however its user leaves.
func TestSessionRelease(t *testing.T) {
	for _, leave := range []string{"USER u", "REIN", "QUIT", ""} {
		d := drive(t, files(t), nil)
		released := 0
		d.auth = func(ftp.Login) (*ftp.Account, error) {
			return &ftp.Account{FS: d.fs, Release: func() { released++ }}, nil
		}
		d.login()
		assert.Zero(t, released)
		if leave != "" {
			d.do(leave)
			assert.Equal(t, 1, released, leave)
		}
		d.perform(d.s.Ended())
		assert.Equal(t, 1, released, leave)
	}
}

// A login without an account is none, whatever the Authenticator says.
func TestSessionNoAccount(t *testing.T) {
	for _, account := range []*ftp.Account{nil, {}} {
		d := drive(t, files(t), nil)
		d.auth = func(ftp.Login) (*ftp.Account, error) { return account, nil }
		d.steps(t, []step{{"USER u", "331 "}, {"PASS p", "530 "}})
	}
}

// While a transfer is under way STAT is answered at once, ABOR cuts it, and the
// rest waits (RFC 959 §4.1.3).
func TestSessionBusy(t *testing.T) {
	d := drive(t, files(t), nil).login()
	_, ok, cut := d.s.HandleBusy(ftp.Command{Verb: ftp.VerbSTAT}, 5)
	assert.False(t, ok || cut, "nothing is under way")
	d.do("EPSV")
	actions := d.s.Handle(ftp.Command{Verb: ftp.VerbRETR, Arg: []byte("a.txt")})
	require.Equal(t, ftp.ActionTransfer, actions[len(actions)-1].Kind)

	actions, ok, cut = d.s.HandleBusy(ftp.Command{Verb: ftp.VerbSTAT}, 5)
	require.True(t, ok)
	assert.False(t, cut)
	assert.Equal(t, "213 Transferring, 5 octets so far.", actions[0].Reply.String())
	for _, verb := range []ftp.Verb{ftp.VerbNOOP, ftp.VerbQUIT, ftp.VerbRETR} {
		_, ok, cut = d.s.HandleBusy(ftp.Command{Verb: verb}, 5)
		assert.False(t, ok || cut, "%v waits", verb)
	}
	_, ok, cut = d.s.HandleBusy(ftp.Command{Verb: ftp.VerbABOR}, 5)
	assert.False(t, ok)
	assert.True(t, cut)
	d.replies = nil
	d.perform(d.s.Transferred(ftp.ErrTransferAborted))
	assert.Equal(t, []string{"426 Transfer aborted."}, d.replies)
	assert.Equal(t, "226 The transfer has ended.", d.do("ABOR"))
	assert.Equal(t, "226 No transfer is under way.", d.do("ABOR"))

	d.do("EPSV")
	d.s.Handle(ftp.Command{Verb: ftp.VerbSTOR, Arg: []byte("n")})
	d.perform(d.s.Ended())
	assert.Equal(t, ftp.StateClosed, d.s.State())
	_, err := d.fs.Stat("n")
	assert.ErrorIs(t, err, os.ErrNotExist)
	assert.Empty(t, d.s.Transferred(nil), "it is over")
}

// Over IPv6 PASV has no address to tell (RFC 2428 §1).
func TestSessionIPv6(t *testing.T) {
	opts := &ftp.SessionOptions{
		Peer:  net.TCPAddrFromAddrPort(netip.MustParseAddrPort("[2001:db8::7]:50000")),
		Local: net.TCPAddrFromAddrPort(netip.MustParseAddrPort("[2001:db8::1]:21")),
	}
	d := drive(t, files(t), opts).login()
	d.steps(t, []step{
		{"PASV", "522 "}, {"EPSV 1", "522 Network protocol not supported, use (2)"}, {"EPSV 2", "229 "}, {"EPSV", "229 "},
		{"EPRT |2|2001:db8::7|50001|", "200 "}, {"EPRT |2|2001:db8::8|50001|", "504 "}, {"HOST [2001:db8::1]", "503 "},
	})
	assert.Equal(t, netip.MustParseAddrPort("[2001:db8::7]:50001"), d.target)
}

// A data port that cannot be opened is 425, and nothing is left of the one
// before.
func TestSessionNoPort(t *testing.T) {
	d := drive(t, files(t), nil).login()
	d.do("EPSV")
	d.noPort = true
	assert.True(t, strings.HasPrefix(d.do("PASV"), "425 "))
	assert.Zero(t, d.ports)
	assert.Equal(t, ftp.DataNone, d.s.Data())
	d.s.ControlTLS(nil)
	assert.Equal(t, "220 FTP server ready.", d.s.Greeting("")[0].Reply.String())
}
