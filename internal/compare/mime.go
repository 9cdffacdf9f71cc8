package main

// mimeSubjects are what is done with whole messages: 1200 of them, 110 MB.
var mimeSubjects = []subject{
	{name: "mime-read", implementations: []implementation{
		{name: "net/mail", bench: readStandardMail},
		{name: "go-message", bench: readEmersionMail}, {name: "enmime", bench: readEnmimeMail},
	}},
	{name: "mime-read-gmime", implementations: []implementation{
		{name: "gmime", bench: readGMimeMail},
	}, programs: []string{"gcc", "pkg-config"}},
}
