package mime

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"applayer/internal/ascii"
)

// Filename returns the name that a sender gives the file in a part: that of the
// disposition, or else, as older programs write it, the media type's parameter
// "name" (RFC 2046 §4.5.1 came before RFC 2183). Everything in this package
// that asks for a name asks here, so that no two readers of a message can see
// two names (CVE-2024-39929). The name is for people: see [SafeFilename].
func Filename(d Disposition, m MediaType) string {
	if name := d.Filename(); name != "" {
		return name
	}
	return m.Get("name")
}

// percentDecoded returns s with its percent signs decoded, if each has two
// digits behind it and the outcome is text. Else they stand for themselves.
func percentDecoded(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	b, bad := appendPercentDecoded(nil, s)
	if bad || !utf8.Valid(b) {
		return s
	}
	return string(b)
}

const (
	// longestFilename is how long a safe name is in octets: what encrypted file
	// systems leave of 255.
	longestFilename = 143
	// longestExtension is how much of a long name's end is kept as an extension.
	longestExtension = 24
)

// SafeFilename returns a name under which a file can be stored on any system and
// in any folder, made of the one that a sender gave (RFC 2183 §2.3): its last
// component, without control characters and those that change the direction of
// text, with an underscore for what some system gives a meaning (separators,
// wildcards, a dot or hyphen in front, blanks and dots at the end, the names of
// devices), and of at most 143 octets, the extension kept. A name of which
// nothing is left is "attachment-N" with the number n. The caller takes care
// that no file of that name is there already.
func SafeFilename(name string, n int) string {
	name = strings.ToValidUTF8(name, "_")
	name = baseName(name)
	name = strings.Map(safeRune, name)
	name = strings.Trim(name, " ")
	name = shortened(name)
	name = strings.TrimRight(name, " .")
	switch {
	case strings.Trim(name, "._ -~") == "":
		return "attachment-" + strconv.Itoa(n)
	case strings.IndexByte(".-~", name[0]) >= 0:
		name = "_" + name[1:] // hidden, an option, a home
	case isDevice(name):
		name = shortened("_" + name)
	}
	return name
}

// baseName returns the last component of a path with either kind of separator.
func baseName(path string) string {
	path = strings.TrimRight(path, `/\ `)
	return path[strings.LastIndexAny(path, `/\`)+1:]
}

// safeRune maps a character of a name to what may stand for it, or to -1.
func safeRune(r rune) rune {
	switch {
	case strings.ContainsRune(`<>:"|?*`, r): // for Windows
		return '_'
	case r == '\u2044' || r == '\u2215' || r == '\u29f8' || r == '\uff0f' || r == '\uff3c' || r == '\ufe68' || r == '\uff1a':
		return '_' // look like separators, and some systems make them one
	case r == utf8.RuneError:
		return '_'
	case unicode.Is(unicode.Zs, r):
		return ' '
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp), isNoncharacter(r):
		return -1 // U+202E turns "gpj.exe" around
	}
	return r
}

// isNoncharacter tells whether no character will ever be there.
func isNoncharacter(r rune) bool { return r&0xfffe == 0xfffe || r >= 0xfdd0 && r <= 0xfdef }

// shortened shortens a long name before its extension.
func shortened(name string) string {
	if len(name) <= longestFilename {
		return name
	}
	ext := name[strings.LastIndexByte(name, '.')+1:]
	if len(ext) > longestExtension || len(ext) == len(name) {
		return wholeRunes(name, longestFilename)
	}
	return strings.TrimRight(wholeRunes(name, longestFilename-len(ext)-1), " .") + "." + ext
}

// wholeRunes returns the characters of s that fit into n octets.
func wholeRunes(s string, n int) string {
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// isDevice tells whether Windows takes a name, whatever its extension, for a
// device.
func isDevice(name string) bool {
	name, _, _ = strings.Cut(name, ".")
	name = strings.TrimRight(name, " ")
	for _, d := range []string{"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"} {
		if ascii.EqualFold(name, d) {
			return true
		}
	}
	if len(name) < 4 || !ascii.EqualFold(name[:3], "com") && !ascii.EqualFold(name[:3], "lpt") {
		return false
	}
	switch name[3:] {
	case "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³":
		return true
	}
	return false
}
