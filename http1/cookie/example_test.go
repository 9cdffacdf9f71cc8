package cookie_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

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

func ExampleJar() {
	jar := cookie.NewJar(&cookie.JarOptions{BlockThirdParty: true})
	shop, _ := url.Parse("https://www.shop.example/cart/")
	ad, _ := url.Parse("https://banners.example/ad.gif")

	// What the responses set; nil means that the shop's is the page itself.
	fmt.Println(jar.SetCookie(shop, nil, "id=1678; Domain=shop.example; Path=/; Max-Age=1209600"))
	fmt.Println(jar.SetCookie(shop, nil, "cart=42"))
	fmt.Println(jar.SetCookie(ad, shop, "track=7; SameSite=None; Secure"))

	// What the next requests carry.
	help, _ := url.Parse("http://help.shop.example/")
	fmt.Printf("%q\n", jar.Cookie(shop, nil, "GET"))
	fmt.Printf("%q\n", jar.Cookie(help, nil, "GET"))
	fmt.Printf("%q\n", jar.Cookie(ad, shop, "GET"))
	// Output:
	// <nil>
	// <nil>
	// cookie: "track" of "banners.example": third party (RFC 6265 §7.1)
	// "cart=42; id=1678"
	// "id=1678"
	// ""
}

func ExampleOpenFileJar() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	// Another program may have the jar open: wait no longer than this.
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	jar, err := cookie.OpenFileJar(ctx, filepath.Join(dir, "cookies.txt"), &cookie.FileJarOptions{KeepSession: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	u, _ := url.Parse("http://www.amazon.com/")
	fmt.Println(jar.SetCookie(u, nil, "id=1678; Domain=amazon.com"))
	fmt.Println(jar.Close())

	text, _ := os.ReadFile(filepath.Join(dir, "cookies.txt"))
	fmt.Print(strings.ReplaceAll(string(text), "\t", " "))
	// Output:
	// <nil>
	// <nil>
	// # Netscape HTTP Cookie File
	// .amazon.com TRUE / FALSE 0 id 1678
}

func ExampleSessions() {
	sessions, err := cookie.NewSessions(nil) // in memory
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sessions.Close()

	// The first visit: the request has no Cookie field.
	x, fresh, err := sessions.Visit("")
	fmt.Println(fresh, err)
	x.Data = []byte("cart: 1 book")
	if err := sessions.Update(x); err != nil {
		fmt.Println(err)
	}
	field := sessions.SetCookie(x) // the response's Set-Cookie

	// The next: the user agent brings back what it was given.
	sent, _, _ := strings.Cut(field, ";")
	x, fresh, err = sessions.Visit(sent)
	fmt.Println(fresh, err, string(x.Data))

	// An id that was not issued here is unknown, not trusted.
	_, err = sessions.Find("id=1678")
	fmt.Println(err)
	// Output:
	// true <nil>
	// false <nil> cart: 1 book
	// cookie: no session
}

func ExampleOpenFileDatabase() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "sessions")
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	field := ""
	for range 2 { // the server starts, and starts again
		database, err := cookie.OpenFileDatabase(ctx, name)
		if err != nil {
			fmt.Println(err)
			return
		}
		sessions, err := cookie.NewSessions(&cookie.SessionOptions{Database: database})
		if err != nil {
			fmt.Println(err)
			return
		}
		x, fresh, err := sessions.Visit(field)
		fmt.Println(fresh, err)
		field = "id=" + x.ID
		if err := sessions.Close(); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// true <nil>
	// false <nil>
}
