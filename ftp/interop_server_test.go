package ftp_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/peers"
	"applayer/internal/testkit"
)

// ours is a server of ours with a folder, and clients of others.
type ours struct {
	t    *testing.T
	root string
	// addr is where it listens, tlsAddr where it begins with TLS.
	addr, tlsAddr string
	// work is where clients put files.
	work string
}

// serveOurs starts a server of the folder of [served] for the user student with
// the password lecture. change may change it first.
func serveOurs(t *testing.T, change func(*ftp.Server)) *ours {
	t.Helper()
	o := &ours{t: t, root: servedFolder(t), work: t.TempDir()}
	dir, err := ftp.Dir(o.root, &ftp.DirOptions{NoSync: true})
	require.NoError(t, err)
	certificate, _ := testkit.Certificate(t)
	s := &ftp.Server{
		Greeting:  "Welcome.",
		TLSConfig: certificate,
		Trace:     trace(t),
		Auth: ftp.AuthenticatorFunc(func(_ context.Context, login ftp.Login) (*ftp.Account, error) {
			if login.User != "student" || login.Password != "lecture" {
				return nil, ftp.ErrRefused
			}
			return &ftp.Account{FS: dir}, nil
		}),
	}
	if change != nil {
		change(s)
	}
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	implicit, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	o.addr, o.tlsAddr = plain.Addr().String(), implicit.Addr().String()
	served := make(chan error, 2)
	go func() { served <- s.Serve(plain) }()
	go func() { served <- s.ServeTLS(implicit) }()
	t.Cleanup(func() {
		s.Close()
		for range 2 {
			assert.ErrorIs(t, <-served, ftp.ErrServerClosed)
		}
		assert.NoError(t, dir.Close())
	})
	return o
}

// url is a path on the server, for curl and wget.
func (o *ours) url(path string) string { return "ftp://student:lecture@" + o.addr + path }

// file is a path of the client's.
func (o *ours) file(name, text string) string {
	o.t.Helper()
	path := filepath.Join(o.work, name)
	require.NoError(o.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(o.t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

// got is what a client put into a file of its own.
func (o *ours) got(name string) string { return diskFile(o.t, o.work, name) }

// stored is what is in a file of the server.
func (o *ours) stored(name string) string { return diskFile(o.t, o.root, name) }

// run runs a client that must succeed, and returns what it printed.
func (o *ours) run(name string, args ...string) string {
	o.t.Helper()
	out := peers.Run(o.t, name, args...)
	require.Zero(o.t, out.Exit, "%s%s", out.Stdout, out.Stderr)
	return out.Stdout
}

func (o *ours) curl(args ...string) string {
	o.t.Helper()
	return o.run("curl", append([]string{"--silent", "--show-error", "--max-time", "15"}, args...)...)
}

func TestInteropServerCurl(t *testing.T) {
	o := serveOurs(t, nil)
	readme := served["readme.txt"]
	for _, way := range []string{"--ftp-pasv", "--disable-epsv", "--ftp-port -", "--ftp-port - --disable-eprt"} {
		assert.Equal(t, readme, o.curl(append(strings.Fields(way), o.url("/readme.txt"))...), way)
	}
	assert.Equal(t, "la la la\nnested\n", o.curl(o.url("/music/la%20la.txt"), o.url("/two%20words.txt")), "two files of a session")
	assert.Equal(t, "Aufgabe 1\n", o.curl(o.url("/aufgabe-%C3%A4.txt")))
	assert.Equal(t, readme[10:], o.curl("--continue-at", "10", o.url("/readme.txt")))
	assert.Equal(t, readme[5:10], o.curl("--range", "5-9", o.url("/readme.txt")))
	assert.Equal(t, readme, o.curl("--use-ascii", o.url("/readme.txt")), "curl turns CR LF back")
	assert.Equal(t, "la la.txt\n", strings.ReplaceAll(o.curl("--list-only", o.url("/music/")), "\r", ""), "the names that RETR takes")
	list := o.curl(o.url("/"))
	assert.Regexp(t, `(?m)^-rw-r--r-- +1 \S+ +\S+ +34 Feb 29  2020 readme.txt\r?$`, list)
	assert.Regexp(t, `(?m)^drwxr-xr-x .* music\r?$`, list)
	assert.Equal(t, "Last-Modified: Sat, 29 Feb 2020 03:04:05 GMT\r\nContent-Length: 34\r\nAccept-ranges: bytes\r\n", o.curl("--head", o.url("/readme.txt")))

	o.curl("--upload-file", o.file("up.txt", "first\n"), o.url("/up.txt"))
	assert.Equal(t, "first\n", o.stored("up.txt"))
	o.curl("--append", "--upload-file", o.file("up.txt", "second\n"), o.url("/up.txt"))
	assert.Equal(t, "first\nsecond\n", o.stored("up.txt"))
	o.curl("--continue-at", "-", "--upload-file", o.file("up.txt", "first\nsecond\nthird\n"), o.url("/up.txt"))
	assert.Equal(t, "first\nsecond\nthird\n", o.stored("up.txt"))
	o.curl("--ftp-create-dirs", "--upload-file", o.file("up.txt", "deep\n"), o.url("/a/b/c/up.txt"))
	assert.Equal(t, "deep\n", o.stored("a/b/c/up.txt"))

	assert.Equal(t, readme, o.curl(
		"--quote", `MKD new "folder"`, "--quote", "RNFR up.txt", "--quote", `RNTO new "folder"/up.txt`, "--quote", `SITE CHMOD 600 new "folder"/up.txt`,
		"--quote", "MDTM readme.txt", "--quote", "STAT", "--quote", "STAT music", "--quote", "HELP", "--quote", "*NOSUCH", "--quote", "*CWD none",
		"--quote", `-DELE new "folder"/up.txt`, "--quote", `-RMD new "folder"`, o.url("/readme.txt")))
	assert.NoDirExists(t, filepath.Join(o.root, `new "folder"`))

	for _, tt := range []struct {
		name string
		exit int
		args []string
	}{
		{"a file that is not there", 78, []string{o.url("/none.txt")}},
		{"a folder that is not there", 9, []string{o.url("/none/")}},
		{"a wrong password", 67, []string{"ftp://student:wrong@" + o.addr + "/readme.txt"}},
		{"beyond the end", 36, []string{"--continue-at", "100", o.url("/readme.txt")}},
		{"out of the root", 9, []string{"--path-as-is", o.url("/../../etc/passwd")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := peers.Run(t, "curl", append([]string{"--silent", "--show-error", "--max-time", "15"}, tt.args...)...)
			assert.Equal(t, tt.exit, out.Exit, "%s", out.Stderr)
			assert.Empty(t, out.Stdout)
		})
	}
}

func TestInteropServerCurlTLS(t *testing.T) {
	for _, version := range []string{"--tlsv1.3", "--tls-max 1.2"} {
		for _, reuse := range []ftp.TLSReuse{ftp.TLSReusePrefer, ftp.TLSReuseRequire} {
			if version != "--tlsv1.3" && reuse == ftp.TLSReuseRequire {
				// In TLS 1.2 curl wants sessions by their IDs, which crypto/tls has
				// not, and takes no tickets.
				continue
			}
			t.Run(fmt.Sprint(version, " ", reuse), func(t *testing.T) {
				o := serveOurs(t, func(s *ftp.Server) { s.RequireTLS, s.TLSReuse = true, reuse })
				// With an active data connection curl 7.88 fails under TLS, also with
				// vsftpd.
				for _, data := range [][]string{nil, {"--disable-epsv"}} {
					args := slices.Concat(strings.Fields(version), []string{"--insecure", "--ssl-reqd"}, data)
					assert.Equal(t, served["readme.txt"], o.curl(append(args, o.url("/readme.txt"))...))
					o.curl(append(args, "--upload-file", o.file("up.txt", "secret\n"), o.url("/up.txt"))...)
					assert.Equal(t, "secret\n", o.stored("up.txt"))
				}
				assert.Equal(t, served["readme.txt"], o.curl(append(strings.Fields(version), "--insecure", "ftps://student:lecture@"+o.tlsAddr+"/readme.txt")...))
				out := peers.Run(t, "curl", "--silent", o.url("/readme.txt"))
				assert.Equal(t, 67, out.Exit, "without TLS")
			})
		}
	}
}

func (o *ours) lftp(commands string) string {
	o.t.Helper()
	return o.run("env", "LC_ALL=C.UTF-8", "lftp", "--norc", "-u", "student,lecture", "-e",
		"set net:max-retries 1; set cmd:fail-exit yes; set ssl:verify-certificate no; "+commands+"; bye", o.addr)
}

func TestInteropServerLftp(t *testing.T) {
	for _, way := range []string{"set ftp:ssl-allow no", "set ftp:ssl-allow no; set ftp:passive-mode no", "set ftp:ssl-allow no; set ftp:prefer-epsv yes", "set ftp:ssl-force yes; set ftp:ssl-protect-data yes", "set ftp:ssl-force yes; set ftp:ssl-protect-data yes; set ftp:passive-mode no", "set ftp:ssl-allow no; set ftp:use-mlsd no; set ftp:use-feat no"} {
		t.Run(way, func(t *testing.T) {
			o := serveOurs(t, func(s *ftp.Server) {
				if s.RequireTLS = strings.Contains(way, "ssl-force"); s.RequireTLS {
					s.TLSReuse = ftp.TLSReuseRequire
				}
			})
			assert.Equal(t, served["readme.txt"], o.lftp(way+"; cat readme.txt"))
			assert.Contains(t, o.lftp(way+"; ls"), "readme.txt")
			assert.Contains(t, o.lftp(way+"; cls -l music"), "la la.txt")
			o.lftp(way + "; mirror . " + o.work + "/m")
			for name, text := range served {
				if !strings.HasSuffix(name, "/") {
					assert.Equal(t, text, o.got("m/"+name), name)
				}
			}
			info, err := os.Stat(filepath.Join(o.work, "m", "readme.txt"))
			require.NoError(t, err)
			assert.Equal(t, oldAndNew, info.ModTime().UTC())
			up := filepath.Dir(o.file("up/one.txt", "one\n"))
			require.NoError(t, os.Chtimes(o.file("up/sub/zwölf.txt", "zwölf\n"), oldAndNew, oldAndNew))
			o.lftp(way + "; mirror -R " + up + " up")
			assert.Equal(t, "one\n", o.stored("up/one.txt"))
			assert.Equal(t, "zwölf\n", o.stored("up/sub/zwölf.txt"))
			info, err = os.Stat(filepath.Join(o.root, "up", "sub", "zwölf.txt"))
			require.NoError(t, err)
			if !strings.Contains(way, "use-feat no") {
				assert.Equal(t, oldAndNew, info.ModTime().UTC())
			}
			o.lftp(way + "; mv up/one.txt up/eins.txt; chmod 600 up/eins.txt; mkdir -p up/x/y; rmdir up/x/y")
			info, err = os.Stat(filepath.Join(o.root, "up", "eins.txt"))
			require.NoError(t, err)
			assert.Equal(t, os.FileMode(0o600), info.Mode())
			o.lftp(way + "; rm -r up")
			assert.NoDirExists(t, filepath.Join(o.root, "up"))
			part := o.file("part", served["readme.txt"][:7])
			o.lftp(way + "; get -c readme.txt -o " + part)
			assert.Equal(t, served["readme.txt"], o.got("part"))
			o.lftp(way + "; pget -n 3 readme.txt -o " + filepath.Join(o.work, "three"))
			assert.Equal(t, served["readme.txt"], o.got("three"))
		})
	}
}

func TestInteropServerNcftp(t *testing.T) {
	o := serveOurs(t, nil)
	host, port, err := net.SplitHostPort(o.addr)
	require.NoError(t, err)
	who := []string{"-u", "student", "-p", "lecture", "-P", port}
	for _, way := range []string{"-F", "-E"} { // passive, active
		o.run("ncftpget", append(who, way, host, o.work, "/readme.txt", "/two words.txt")...)
		assert.Equal(t, served["readme.txt"], o.got("readme.txt"))
		assert.Equal(t, "nested\n", o.got("two words.txt"))
		o.run("ncftpput", append(who, way, host, "/music", o.file("up.txt", way))...)
		assert.Equal(t, way, o.stored("music/up.txt"))
		require.NoError(t, os.RemoveAll(o.work))
		require.NoError(t, os.Mkdir(o.work, 0o755))
	}
	o.run("ncftpget", append(who, "-R", "-T", host, o.work, "/music")...)
	assert.Equal(t, "deeper\n", o.got("music/deep/er.txt"))
	o.run("ncftpput", append(who, "-R", "-m", host, "/up", filepath.Dir(filepath.Dir(o.file("tree/a/b.txt", "b\n"))))...)
	assert.Equal(t, "b\n", o.stored("up/tree/a/b.txt"))
	assert.Contains(t, o.run("ncftpls", append([]string{"-l"}, append(who, "ftp://"+host+"/")...)...), "readme.txt")
}

// session runs a client that takes commands from standard input.
func (o *ours) session(client string, args []string, commands ...string) peers.Output {
	o.t.Helper()
	host, port, err := net.SplitHostPort(o.addr)
	require.NoError(o.t, err)
	in := "lcd " + o.work + "\nuser student lecture\n" + strings.Join(commands, "\n") + "\nbye\n"
	return peers.RunInput(o.t, in, client, append(args, host, port)...)
}

func TestInteropServerTnftp(t *testing.T) {
	for _, way := range []string{"", "-A"} { // active
		t.Run(way, func(t *testing.T) {
			o := serveOurs(t, nil)
			args := []string{"-n", "-v"}
			if way != "" {
				args = append(args, way)
			}
			o.file("neu.txt", "neu\n")
			o.file("rest.txt", served["readme.txt"][:10])
			out := o.session("tnftp", args, "epsv4 on", "ls", "get readme.txt", "binary", "get mixed.txt", "ascii", "get mixed.txt ascii.txt",
				"binary", "put neu.txt", "append neu.txt", "size neu.txt", "modtime readme.txt", "cd music", "pwd", "mget *", "mls * x", "cdup",
				"rename neu.txt alt.txt", "mkdir d", "rmdir d", "chmod 600 alt.txt", "features", "restart 10", "get readme.txt rest.txt", "quote STAT", "prompt off")
			text := out.Stdout + out.Stderr
			assert.Equal(t, served["readme.txt"], o.got("readme.txt"), text)
			assert.Equal(t, served["mixed.txt"], o.got("mixed.txt"))
			assert.Equal(t, served["mixed.txt"], o.got("ascii.txt"), "there and back")
			assert.Equal(t, "neu\nneu\n", o.stored("alt.txt"), text)
			assert.Contains(t, text, "neu.txt\t8")
			assert.Contains(t, text, "readme.txt\tSat, 29 Feb 2020 03:04:05")
			assert.Contains(t, text, "Remote directory: /music")
			assert.Equal(t, served["readme.txt"], o.got("rest.txt"), text)
		})
	}
}

func TestInteropServerInetutils(t *testing.T) {
	for _, way := range []string{"passive", "type"} { // it is active unless told
		t.Run(way, func(t *testing.T) {
			o := serveOurs(t, nil)
			o.file("neu.txt", "neu\n")
			out := o.session("inetutils-ftp", []string{"-n", "-v"}, way, "system", "dir", "nlist music", "binary", "get readme.txt", "ascii", "get mixed.txt ascii.txt",
				"binary", "put neu.txt", "append neu.txt", "size neu.txt", "modtime readme.txt", "rename neu.txt alt.txt", "chmod 600 alt.txt", "umask", "idle",
				"sunique", "put neu.txt alt.txt", "mkdir d", "rmdir d", "cd music", "pwd", "cdup", "rhelp", "status", "delete alt.txt", "cd none")
			text := out.Stdout + out.Stderr
			assert.Equal(t, served["readme.txt"], o.got("readme.txt"), text)
			assert.Equal(t, served["mixed.txt"], o.got("ascii.txt"), "there and back")
			assert.Contains(t, text, "\n213 8")
			assert.Contains(t, text, "215 UNIX Type: L8")
			assert.NoFileExists(t, filepath.Join(o.root, "alt.txt"))
			unique, err := filepath.Glob(filepath.Join(o.root, "alt.txt*"))
			require.NoError(t, err)
			require.Len(t, unique, 1, text)
			assert.Equal(t, "neu\n", o.stored(filepath.Base(unique[0])))
		})
	}
}

// TestInteropServerAbort: ^C at a terminal makes these clients say ABOR behind
// urgent Telnet commands, and the session goes on.
func TestInteropServerAbort(t *testing.T) {
	for _, client := range []string{"inetutils-ftp -n -v", "tnftp -n -v", "tnftp -n -v -A"} {
		t.Run(client, func(t *testing.T) {
			o := serveOurs(t, func(s *ftp.Server) {
				authenticate := s.Auth
				s.Auth = ftp.AuthenticatorFunc(func(ctx context.Context, login ftp.Login) (*ftp.Account, error) {
					account, err := authenticate.Authenticate(ctx, login)
					if account != nil {
						account.ReadRate = 1 << 20 // the file takes a minute
					}
					return account, err
				})
			})
			require.NoError(t, os.Truncate(o.long(), 64<<20))
			host, port, err := net.SplitHostPort(o.addr)
			require.NoError(t, err)
			p := testkit.StartEnv(t, []string{"TERM=dumb", "LC_ALL=C", "HOME=" + o.work}, testkit.Program(t, "socat"), "-",
				"EXEC:"+testkit.Program(t, strings.Fields(client)[0])+strings.TrimPrefix(client, strings.Fields(client)[0])+" "+host+" "+port+",pty,setsid,ctty,echo=0")
			say := func(line string) {
				_, err := fmt.Fprint(p.Stdin, line)
				require.NoError(t, err)
			}
			p.WaitLine("220 ")
			say("user student lecture\n")
			p.WaitLine("230 ")
			say("lcd " + o.work + "\nbinary\nget long.txt\n")
			p.WaitLine("1") // 125 or 150
			say("\x03")
			p.WaitLine("426 ")
			p.WaitLine("226 ")
			say("get readme.txt\nbye\n")
			p.Wait()
			assert.Equal(t, served["readme.txt"], o.got("readme.txt"))
		})
	}
}

// long makes a file in the server's folder.
func (o *ours) long() string {
	path := filepath.Join(o.root, "long.txt")
	require.NoError(o.t, os.WriteFile(path, nil, 0o644))
	return path
}

func TestInteropServerWget(t *testing.T) {
	o := serveOurs(t, nil)
	o.run("wget", "-nv", "-r", "-nH", "-P", o.work, o.url("/"))
	for name, text := range served {
		if !strings.HasSuffix(name, "/") && !strings.HasPrefix(name, " ") { // wget loses a space
			assert.Equal(t, text, o.got(name), name)
		}
	}
	o.file("readme.txt", served["readme.txt"][:15])
	o.run("wget", "-nv", "-c", "-P", o.work, o.url("/readme.txt"))
	assert.Equal(t, served["readme.txt"], o.got("readme.txt"))
	o.run("wget", "-nv", "-N", "--no-passive-ftp", "-P", o.work, o.url("/mixed.txt"))
	info, err := os.Stat(filepath.Join(o.work, "mixed.txt"))
	require.NoError(t, err)
	assert.Equal(t, "2020-02-29", info.ModTime().UTC().Format("2006-01-02"))
	o.run("wget", "-nv", "-P", filepath.Join(o.work, "glob"), o.url("/m*.txt"))
	assert.Equal(t, served["mixed.txt"], o.got("glob/mixed.txt"))
}

// ftplibScript is a session of Python's ftplib; it fails by an exception.
const ftplibScript = `
import ftplib, io, ssl, sys
host, port, secure = sys.argv[1], int(sys.argv[2]), sys.argv[3] == 'TLS'
f = ftplib.FTP_TLS(context=ssl._create_unverified_context()) if secure else ftplib.FTP()
f.connect(host, port, timeout=15)
f.login('student', 'lecture')
if secure: f.prot_p()
for passive in True, False:
    f.set_pasv(passive)
    assert f.pwd() == '/', f.pwd()
    assert f.nlst('music') == ['music/la la.txt'], f.nlst('music')
    facts = dict(f.mlsd(facts=['type', 'size', 'modify']))
    assert facts['readme.txt'] == {'type': 'file', 'size': '34', 'modify': '20200229030405'}, facts
    lines = []; f.retrlines('LIST -a', lines.append); assert any(l.endswith(' readme.txt') for l in lines), lines
    f.storlines('STOR lines.txt', io.BytesIO(b'a\nb\r\n'))
    f.storbinary('STOR b.bin', io.BytesIO(bytes(range(256))))
    f.storbinary('APPE b.bin', io.BytesIO(b'more'))
    got = []; f.retrbinary('RETR b.bin', got.append, rest=250); assert b''.join(got) == bytes(range(250, 256)) + b'more', got
    assert f.size('b.bin') == 260
    f.rename('b.bin', 'c.bin'); f.delete('c.bin'); f.delete('lines.txt')
    assert f.mkd('d "e"') == '/d "e"'; f.cwd('d "e"'); assert f.pwd() == '/d "e"'; f.cwd('..'); f.rmd('d "e"')
    try: f.cwd('none'); assert False
    except ftplib.error_perm as e: assert str(e).startswith('550'), e
    with f.transfercmd('RETR readme.txt') as conn: assert conn.recv(100).startswith(b'Files') or secure
    assert f.getmultiline()[0] in '24'
    assert f.abort()[:3] in ('225', '226')
    assert f.sendcmd('STAT').startswith('211')
f.quit()
print('done')
`

func TestInteropServerFtplib(t *testing.T) {
	o := serveOurs(t, nil)
	host, port, err := net.SplitHostPort(o.addr)
	require.NoError(t, err)
	for _, way := range []string{"clear", "TLS"} {
		assert.Equal(t, "done\n", o.run("python3", "-c", ftplibScript, host, port, way))
	}
}
