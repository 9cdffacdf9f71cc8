package mime_test

import "applayer/mime"

// damagedWords are messages with damaged encoded words.
var damagedWords = []damaged{
	{"2047-2 space within Q", "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe an Bob?=\r\n\r\n",
		[]string{"Subject: Gr\u00fc\u00dfe an Bob"}, []mime.DefectCode{"bad-encoded-word"}},
	{"2047-2 word longer than 75", "Subject: =?utf-8?Q?" + a2000 + "?=\r\n\r\n",
		[]string{"Subject: " + a2000}, []mime.DefectCode{"long-line", "long-encoded-word"}},
	{"2047-5 words without a space between them", "Subject: =?utf-8?Q?a?==?utf-8?Q?b?=\r\n\r\n",
		[]string{"Subject: ab"}, []mime.DefectCode{"encoded-word-out-of-place", "encoded-word-out-of-place"}},
	{"2047-5 word within a word of text", "Subject: pre=?utf-8?Q?=C3=BC?=post\r\n\r\n",
		[]string{`Subject: preüpost`}, []mime.DefectCode{"encoded-word-out-of-place"}},
	{"2047-5 character split between words", "Subject: =?utf-8?B?w7w=?= =?utf-8?B?w58=?= =?utf-8?B?4oI=?= =?utf-8?B?rA==?=\r\n\r\n",
		[]string{"Subject: \u00fc\u00df\u20ac"}, nil},
	{"2047-4.1 base64 without padding", "Subject: =?utf-8?B?w7w?=\r\n\r\n",
		[]string{"Subject: \u00fc"}, []mime.DefectCode{"bad-encoded-word"}},
	{"2047-4.2 equals sign before what is no hexadecimal", "Subject: =?utf-8?Q?100=ZZ?=\r\n\r\n",
		[]string{"Subject: 100=ZZ"}, []mime.DefectCode{"bad-encoded-word"}},
	{"2047-2 unknown charset", "Subject: =?x-none?Q?a=C3?=\r\n\r\n",
		[]string{"Subject: =?x-none?Q?a=C3?="}, []mime.DefectCode{"unknown-charset"}},
	{"2047-2 unknown encoding", "Subject: =?utf-8?X?a?=\r\n\r\n",
		[]string{"Subject: =?utf-8?X?a?="}, nil},
	{"2047-2 word that does not end", "Subject: =?utf-8?Q?a\r\n\r\n",
		[]string{"Subject: a"}, []mime.DefectCode{"unclosed-encoded-word"}},
	{"2231-5 word with a language", "Subject: =?utf-8*de?Q?Gr=C3=BC=C3=9Fe?=\r\n\r\n",
		[]string{"Subject: Gr\u00fc\u00dfe"}, nil},
	{"2047-4.2 octets that the charset has not", "Subject: =?utf-8?Q?a=FFb?=\r\n\r\n",
		[]string{"Subject: a\ufffdb"}, []mime.DefectCode{"bad-character"}},
	{"2047-5 encoded line end is no line end", "Subject: =?utf-8?Q?a=0D=0ABcc:_b=40x.example?=\r\n\r\n",
		[]string{"Subject: a  Bcc: b@x.example", "Bcc: "}, []mime.DefectCode{"control-character-in-text"}},
	{"2047-4.2 us-ascii with an octet of windows-1252", "Subject: =?us-ascii?Q?=93a=94?=\r\n\r\n",
		[]string{"Subject: \u201ca\u201d"}, []mime.DefectCode{"unlabelled-8bit"}},
}
