package cookie_test

import (
	"fmt"

	"applayer/http1/cookie"
)

func ExampleParseSetCookie() {
	c, err := cookie.ParseSetCookie("id=1678; Max-Age=1209600; Path=/; HttpOnly", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Name, c.Value, c.MaxAge, c.HttpOnly)
	// Output: id 1678 1209600 true
}

func ExampleAppendSetCookie() {
	field, err := cookie.AppendSetCookie(nil, &cookie.SetCookie{
		Name: "__Host-id", Value: "1678", MaxAge: 1209600, Path: "/",
		Secure: true, HttpOnly: true, SameSite: cookie.SameSiteLax,
	})
	fmt.Println(string(field), err)
	// A line end cannot be smuggled into the header.
	_, err = cookie.AppendSetCookie(nil, &cookie.SetCookie{Name: "id", Value: "1678\r\nLocation: /"})
	fmt.Println(err)
	// Output:
	// __Host-id=1678; Max-Age=1209600; Path=/; Secure; HttpOnly; SameSite=Lax <nil>
	// cookie: cookie-value at byte 4 (RFC 6265 §4.1.1)
}
