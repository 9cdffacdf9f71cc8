package pop3_test

import (
	"errors"
	"fmt"

	"applayer/pop3"
)

func ExampleParseResponse() {
	r, n, err := pop3.ParseResponse([]byte("-ERR [IN-USE] Another session has the maildrop.\r\n"), nil)
	fmt.Println(r.Status, r.Code.Is(pop3.CodeInUse), r.Text, n, err)
	// Output: -ERR true Another session has the maildrop. 49 <nil>
}

func ExampleRefuse() {
	var err error = pop3.Refuse(pop3.CodeInUse, "Another session has the maildrop.")
	refused, _ := errors.AsType[*pop3.ReplyError](err)
	fmt.Println(err)
	fmt.Println(refused.Temporary(), errors.Is(err, pop3.ErrInUse))
	// Output:
	// pop3: refused [IN-USE]: "Another session has the maildrop."
	// true true
}

func ExampleMachine() {
	var m pop3.Machine
	fmt.Println(m.Do(pop3.EventCommand))
	for _, e := range []pop3.Event{pop3.EventUser, pop3.EventPass, pop3.EventLogin, pop3.EventCommand, pop3.EventQuit} {
		if err := m.Do(e); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(m.State())
	// Output:
	// pop3: peer: no Command in state Authorization (RFC 1939 §5)
	// Update
}
