package smtp_test

import (
	"fmt"

	"applayer/smtp"
)

func ExampleRefuse() {
	err := smtp.Refuse(550, smtp.EnhancedCode{5, 1, 1}, "No such mailbox here.")
	fmt.Println(err)
	fmt.Println(err.Temporary())
	// Output:
	// smtp: reply 550 5.1.1: "No such mailbox here."
	// false
}
