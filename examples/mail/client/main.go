// Client is the lecture's user agent: it writes and sends mail, fetches it and
// shows it.
package main

import "applayer/examples/internal/cli"

func main() { cli.Main(program()) }

func program() *cli.Program {
	return &cli.Program{
		Name:     "client",
		Synopsis: "COMMAND [FLAGS] [ARGUMENTS]",
		About: `
Client writes a message to a file or sends it, fetches mail by POP3, and shows a
message that is in a file.`,
		Example: `client send -out m.eml -from alice@crepes.fr -to bob@hamburger.edu -subject Pickles -attach menu.pdf letter.txt
client pop -server 127.0.0.1:8110 -user bob -pass hungry inbox
client show -save attachments m.eml`,
		Commands: []*cli.Program{sendProgram(), showProgram(), popProgram(), {Name: "imap"}},
	}
}
