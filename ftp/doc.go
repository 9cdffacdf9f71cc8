// Package ftp is the File Transfer Protocol (RFC 959) with the extensions that
// are in use: a server, a client, and the commands, replies and listings that
// they speak in.
//
// # Where to start
//
// A [Server] lets in whom an [Authenticator] knows, to the files of an [FS]:
//
//	dir, err := ftp.Dir("/srv/ftp", nil)
//	s := &ftp.Server{Auth: ftp.AuthenticatorFunc(
//		func(ctx context.Context, l ftp.Login) (*ftp.Account, error) {
//			if l.User != "anonymous" {
//				return nil, ftp.ErrRefused
//			}
//			return &ftp.Account{FS: dir, Rights: ftp.RightsRead}, nil
//		})}
//	err = s.ListenAndServe("tcp", ":21")
//
// A [Client] gets and puts files one at a time, a [Pool] several at once:
//
//	c, err := ftp.Dial(ctx, "tcp", "ftp.example.org:21", nil)
//	r, err := c.Retrieve(ctx, "pub/file", 0)
//
// # Two connections
//
// What is asked for and answered goes over the control connection, as lines
// within a Telnet stream: a [Command] from the client, a [Reply] with a code of
// three digits from the server. A [Conn] reads and writes them. Each file and
// each listing has a data connection of its own, whose end is the file's. The
// client makes it to a port that the server names (PASV, EPSV), or waits for it
// at a port that it names itself (PORT, EPRT), and the server keeps what the
// session is at: who is logged in, in which directory, with which TYPE.
//
// [Machine] holds that order as three tables: the dialogue of RFC 959 §6, the
// data connection with EPSV ALL (RFC 2428 §4), and what TLS protects
// (RFC 4217). [WriteStates] prints them. A [Session] adds what each verb does, and has no
// sockets and no clock: it takes a command and gives [Action] values, which
// Server carries out, and so may a test or a simulation.
//
// # Implemented
//
// RFC 959 but for what few ever built: TYPE A with format N, I, and L 8; STRU F
// and R; MODE S. RFC 1123 §4.1 on it. TLS by RFC 4217 with RFC 2228's PBSZ, PROT
// and CCC, and implicitly (ftps). EPRT and EPSV (RFC 2428), FEAT and OPTS
// (RFC 2389), SIZE, MDTM, REST, MLST and MLSD (RFC 3659), UTF-8 and LANG
// (RFC 2640), HOST (RFC 7151), MFMT and CLNT as in use; SITE CHMOD, UMASK and
// IDLE. The names of RFC 775 (XPWD and the like) are taken for those they became.
//
// Not there: TYPE E, carriage control, STRU P, MODE B, C and Z (504), SMNT, LPRT
// and LPSV, other mechanisms of RFC 2228 than TLS (502), HASH, RANG, COMB, AVBL
// (500).
//
// # Files
//
// An [FS] opens, describes and lists; what else it can do it tells by further
// interfaces ([CreateFS], [RemoveFS], [RenameFS] and others), and a command that
// needs one which is missing is answered 502 or 550. [Dir] serves a directory
// that no name leads out of, [ReadOnly] any [fs.FS]. An upload takes its name
// when all of it has come and is safe, and 226 is sent after that.
//
// # The client's side
//
// A call of a [Client] is bounded by its context. One that is cancelled in a
// transfer aborts it (ABOR), and the session can be used on. A [Reader] gives
// io.EOF only after the server's 226 and the announced size. Data connections go
// to the server's own address whatever PASV answers, by EPSV as long as that
// works. [Pool.Download] and [Pool.Upload] go on where a connection broke,
// [Pool.DownloadSegments] takes one file by several, [Pool.MirrorDown] and
// [Pool.MirrorUp] make one tree like another, and [Pool.FS] is an [fs.FS].
//
// # TLS
//
// The three ways: none, AUTH TLS where a client asks for it, and
// [Server.RequireTLS], which refuses passwords and files in the clear;
// [Server.ServeTLS] begins with TLS. Octets that came in the clear never count
// as said within TLS (CVE-2011-0411): the session ends. Data connections under
// PROT P resume the TLS of their own control connection, by a mark in the ticket
// that no other session has ([TLSReuse]), and an upload without close_notify at
// its end is not stored.
//
// # Limits
//
// [Limits] bounds lines, replies, paths and listings, [Timeouts] the waits (a
// minute until the login, 5 minutes idle, 30 s for a data connection, a minute
// without an octet on it), [sockets.Limits] connections. Zero is the default,
// negative is none. A wrong password is answered after a second, the third ends
// the session. A session has one data port at most, for its client's address
// alone, and goes to no other host and to no port below 1024 (RFC 2577). An idle
// session takes less than 16 KiB.
//
// # Errors
//
// [ParseError] tells of octets outside the grammar, [ProtocolError] of a command
// out of order, [LimitError] of a limit that was reached; each has the reply that
// a server gives. [ReplyError] is a server's refusal, which errors.Is knows as
// [ErrNotLoggedIn], [ErrNotFound], [ErrDataConn], [ErrNoSpace], [ErrTLSRequired],
// fs.ErrNotExist and fs.ErrPermission.
//
// # Concurrency
//
// A Server's and a Pool's methods may be called from several goroutines; a
// Client is for one user at a time and says [ErrBusy] to another; Conn, Session
// and Machine are for one goroutine at a time, but that a Conn may be read and
// written at once. File systems are called from all sessions.
package ftp
