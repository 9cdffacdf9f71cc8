package mime_test

import (
	"strings"

	"applayer/mime"
)

// a2000 is a word of 2,000 letters.
var a2000 = strings.Repeat("a", 2000)

// damagedHeaders are messages with damaged fields.
var damagedHeaders = []damaged{
	{"7103-7.1.1 line without a colon among the fields", "Subject: a\r\nthis is no field\r\nTo: b@x.example\r\n\r\nc\r\n",
		[]string{"Subject: a", "To: b@x.example", `tree: text/plain "c\r\n"`}, []mime.DefectCode{"no-colon"}},
	{"7103-7.1.3 first line is a folded one", " folded\r\nSubject: a\r\n\r\nb\r\n",
		[]string{`tree: text/plain " folded\r\nSubject: a\r\n\r\nb\r\n"`}, []mime.DefectCode{"no-header"}},
	{"5322-4.5 space before the colon", "Subject : a\r\nTo\t: b@x.example\r\n\r\nc\r\n",
		[]string{"Subject: a", "To: b@x.example"}, nil},
	{"5322-2.2 field without a name", "Subject: s\r\n: a\r\nTo: b@x.example\r\n\r\nc\r\n",
		[]string{"To: b@x.example"}, []mime.DefectCode{"no-colon"}},
	{"5322-2.2 space within a name", "Subject: s\r\nX My Field: a\r\nTo: b@x.example\r\n\r\nc\r\n",
		[]string{"To: b@x.example"}, []mime.DefectCode{"no-colon"}},
	{"5322-3.6.8 octets beyond ASCII in a name", "Subject: s\r\nBetr\xe4ff: a\r\nTo: b@x.example\r\n\r\nc\r\n",
		[]string{"To: b@x.example"}, []mime.DefectCode{"no-colon"}},
	{"5322-4.2 blank folded line", "Subject: a\r\n \r\n b\r\nTo: b@x.example\r\n\r\nc\r\n",
		[]string{"Subject: a  b", "To: b@x.example", `tree: text/plain "c\r\n"`}, nil},
	{"5322-4.2 many blank folded lines", "To: b@x.example\r\n \r\n\t\r\n \r\n , c@x.example\r\n\r\nc\r\n",
		[]string{"To: b@x.example, c@x.example", `tree: text/plain "c\r\n"`}, nil},
	{"7103-7.1.2 two From fields: the first counts", "From: a@x.example\r\nFrom: b@x.example\r\n\r\nc\r\n",
		[]string{"From: a@x.example"}, []mime.DefectCode{"duplicate-field"}},
	{"7103-7.3 two Subject fields", "Subject: a\r\nSubject: b\r\n\r\nc\r\n",
		[]string{"Subject: a"}, []mime.DefectCode{"duplicate-field"}},
	{"7103-7.3 two Content-Type fields: the first counts", "Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\n<p>\r\n",
		[]string{`tree: text/plain "<p>\r\n"`}, []mime.DefectCode{"duplicate-field"}},
	{"7103-7.3 two Content-Transfer-Encoding fields: the first counts", "Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: 7bit\r\n\r\nYQ==\r\n",
		[]string{`tree: text/plain base64 "a"`}, []mime.DefectCode{"duplicate-field"}},
	{"5322-3.6.1 date with two digits of the year", "Date: Fri, 21 Nov 97 09:55:06 GMT\r\n\r\n",
		[]string{"Date: 1997-11-21T09:55:06Z"}, nil},
	{"5322-4.3 date with three digits of the year", "Date: Sat, 1 Jan 100 00:00:00 +0000\r\n\r\n",
		[]string{"Date: 2000-01-01T00:00:00Z"}, nil},
	{"5322-3.3 date without a zone", "Date: Fri, 15 Nov 2002 13:58:49\r\n\r\n",
		[]string{"Date: 2002-11-15T13:58:49Z (zone unknown)"}, []mime.DefectCode{"no-zone"}},
	{"5322-3.3 date whose day of the week is wrong", "Date: Mon, 15 Nov 2002 13:58:49 +0100\r\n\r\n",
		[]string{"Date: 2002-11-15T13:58:49+01:00"}, []mime.DefectCode{"day-name"}},
	{"5322-4.3 date with a named zone", "Date: 15 Nov 2002 13:58 EST (Friday)\r\n\r\n",
		[]string{"Date: 2002-11-15T13:58:00-05:00"}, nil},
	{"5322-4.3 date with a military zone, which means nothing", "Date: 15 Nov 2002 13:58:49 A\r\n\r\n",
		[]string{"Date: 2002-11-15T13:58:49Z (zone unknown)"}, nil},
	{"5322-3.3 date as asctime has it", "Date: Fri Nov 15 13:58:49 2002\r\n\r\n",
		[]string{"Date: 2002-11-15T13:58:49Z (zone unknown)"}, []mime.DefectCode{"date-form", "no-zone"}},
	{"5322-3.3 date as ISO 8601 has it", "Date: 2002-11-15T13:58:49+01:00\r\n\r\n",
		[]string{"Date: 2002-11-15T13:58:49+01:00"}, []mime.DefectCode{"date-form", "date-form"}},
	{"5322-3.3 thirtieth of February", "Date: 30 Feb 2002 13:58:49 +0000\r\n\r\n",
		[]string{"Date: 2002-03-02T13:58:49Z"}, []mime.DefectCode{"date-range"}},
	{"5322-3.3 leap second", "Date: Sat, 31 Dec 2016 23:59:60 +0000\r\n\r\n",
		[]string{"Date: 2017-01-01T00:00:00Z"}, nil},
	{"5322-3.6.4 Message-ID without brackets", "Message-ID: 1@x.example\r\n\r\n",
		[]string{"Message-ID: 1@x.example"}, []mime.DefectCode{"bare-message-identifier"}},
	{"5322-3.6.4 Message-ID with a space in it", "Message-ID: <1 2@x.example>\r\n\r\n",
		[]string{`Message-ID: 12@x.example`}, []mime.DefectCode{"message-identifier"}},
	{"5322-3.6.4 References without separators", "References: <1@x.example><2@x.example>,<3@x.example>\r\n\r\n",
		[]string{"References: 1@x.example 2@x.example 3@x.example"}, []mime.DefectCode{"text-beside-message-identifier"}},
	{"5322-4.5.4 In-Reply-To with a phrase", "In-Reply-To: Your message of \"Sun\" <1@x.example>\r\n\r\n",
		[]string{"In-Reply-To: 1@x.example"}, nil},
	{"6532-3.2 UTF-8 without SMTPUTF8", "Subject: Gr\u00fc\u00dfe\r\nTo: J\u00fcrgen <j@x.example>\r\n\r\n",
		[]string{"Subject: Gr\u00fc\u00dfe", "To: J\u00fcrgen <j@x.example>"}, nil},
	{"7103-7.1.6 raw Latin 1", "Subject: Gr\xfc\xdfe\r\nTo: J\xfcrgen <j@x.example>\r\n\r\n",
		[]string{"Subject: Gr\u00fc\u00dfe", "To: J\u00fcrgen <j@x.example>"}, []mime.DefectCode{"unlabelled-8bit", "unlabelled-8bit"}},
	{"7103-7.1.6 raw octets in the charset of the text", "Subject: \xcf\xf0\xe8\xe2\xe5\xf2\r\nContent-Type: text/plain; charset=windows-1251\r\n\r\n",
		[]string{"Subject: \u041f\u0440\u0438\u0432\u0435\u0442"}, []mime.DefectCode{"unlabelled-8bit"}},
}
