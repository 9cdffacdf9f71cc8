// Package peers starts the servers of others on loopback, for tests of ours
// against them: the web servers nginx, Apache httpd, lighttpd, Squid, Python's
// http.server and a server of Node.js; the name servers BIND, NSD, Knot DNS and
// PowerDNS, and the resolvers Unbound, PowerDNS Recursor and Knot Resolver; the
// FTP servers vsftpd, ProFTPD, Pure-FTPd, the ftpd of GNU inetutils and Python's
// pyftpdlib, and inetutils' telnetd; the mail servers Postfix, with its
// smtp-sink, Exim and Dovecot. [Run] runs their clients against ours.
//
// Each server runs in the foreground from a configuration of its own in a
// folder of the test's own, as root or not, on a free port of 127.0.0.1, and
// ends with the test. Where a program is not installed the test is skipped, or
// fails if APPLAYER_INTEROP=require is set in the environment. Only tests
// import it.
//
// FTP and mail servers that a distribution does not let be installed beside each
// other are looked for in a folder into which their packages were unpacked:
// /usr/local/lib/applayer/programs, or what APPLAYER_PROGRAMS says.
package peers
