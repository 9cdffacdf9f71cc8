package ftp_test

import (
	"context"
	"crypto/subtle"
	"fmt"
	"log"
	"testing/fstest"

	"applayer/ftp"
)

// Everybody may look at the public files, bob may do all that there is to do.
func ExampleAuthenticatorFunc() {
	public := ftp.ReadOnly(fstest.MapFS{"welcome": {Data: []byte("hello")}})
	auth := ftp.AuthenticatorFunc(func(ctx context.Context, l ftp.Login) (*ftp.Account, error) {
		switch {
		case l.User == "anonymous":
			return &ftp.Account{FS: public, Rights: ftp.RightsRead}, nil
		case l.User == "bob" && subtle.ConstantTimeCompare([]byte(l.Password), []byte("secret")) == 1:
			return &ftp.Account{FS: public, Home: "/"}, nil
		}
		return nil, ftp.ErrRefused
	})
	account, err := auth.Authenticate(context.Background(), ftp.Login{User: "bob", Password: "secret"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("bob may delete:", account.Rights.Has(ftp.RightDelete))
	_, err = auth.Authenticate(context.Background(), ftp.Login{User: "bob", Password: "guess"})
	fmt.Println(err)
	// Output:
	// bob may delete: true
	// ftp: login refused
}
