// Client is the lecture's user agent: it writes mail and shows mail.
package main

import "applayer/examples/internal/cli"

func main() { cli.Main(program()) }

func program() *cli.Program {
	return &cli.Program{
		Name:     "client",
		Synopsis: "COMMAND [FLAGS] [ARGUMENTS]",
		About: `
Client writes a message to a file and shows one that is in a file. To send it
over the network and to fetch mail is not built yet.`,
		Example: `client send -out m.eml -from alice@crepes.fr -to bob@hamburger.edu -subject Pickles -attach menu.pdf letter.txt
client show -save attachments m.eml`,
		Commands: []*cli.Program{sendProgram(), showProgram(), {Name: "pop"}, {Name: "imap"}},
	}
}
