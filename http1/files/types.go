package files

import (
	"path"
	"strings"

	"applayer/internal/ascii"
)

// unknownType is the media type of what has none in the table: octets, which a
// browser saves and does not interpret (RFC 9110 §8.3).
const unknownType = "application/octet-stream"

// TypeOf returns the media type of a file by its name: by the extension, in
// any case. Types of text say that it is in UTF-8. A name without an extension
// that is known gets application/octet-stream.
func TypeOf(name string) string {
	if t := typeIn(mediaTypes, name); t != "" {
		return t
	}
	return unknownType
}

// typeOf is TypeOf, the server's own types first.
func (s *FileServer) typeOf(name string) string {
	if t := typeIn(s.Types, name); t != "" {
		return t
	}
	return TypeOf(name)
}

func typeIn(types map[string]string, name string) string {
	ext := path.Ext(name)
	if t := types[ext]; t != "" || len(types) == 0 {
		return t
	}
	for i := range len(ext) {
		if ascii.Lower(ext[i]) != ext[i] {
			return types[strings.ToLower(ext)]
		}
	}
	return ""
}

const utf8Text = "; charset=utf-8"

// mediaTypes are those of the IANA registry that files on the Web commonly
// have, and where it has none the ones in use.
var mediaTypes = map[string]string{
	// Pages and their parts.
	".html":        "text/html" + utf8Text,
	".htm":         "text/html" + utf8Text,
	".xhtml":       "application/xhtml+xml",
	".xht":         "application/xhtml+xml",
	".css":         "text/css" + utf8Text,
	".js":          "text/javascript" + utf8Text, // RFC 9239 §6
	".mjs":         "text/javascript" + utf8Text,
	".cjs":         "text/javascript" + utf8Text,
	".wasm":        "application/wasm",
	".json":        "application/json", // RFC 8259 §11: no charset
	".map":         "application/json",
	".jsonld":      "application/ld+json",
	".geojson":     "application/geo+json",
	".webmanifest": "application/manifest+json",
	".xml":         "text/xml" + utf8Text,
	".xsl":         "application/xslt+xml",
	".xslt":        "application/xslt+xml",
	".dtd":         "application/xml-dtd",
	".rss":         "application/rss+xml",
	".atom":        "application/atom+xml",
	".rdf":         "application/rdf+xml",
	".vtt":         "text/vtt" + utf8Text,
	".appcache":    "text/cache-manifest" + utf8Text,
	".ics":         "text/calendar" + utf8Text,
	".vcf":         "text/vcard" + utf8Text,
	".ttl":         "text/turtle" + utf8Text,
	".torrent":     "application/x-bittorrent",

	// Text, and programs as text.
	".txt":      "text/plain" + utf8Text,
	".text":     "text/plain" + utf8Text,
	".log":      "text/plain" + utf8Text,
	".conf":     "text/plain" + utf8Text,
	".ini":      "text/plain" + utf8Text,
	".diff":     "text/x-diff" + utf8Text,
	".patch":    "text/x-diff" + utf8Text,
	".md":       "text/markdown" + utf8Text,
	".markdown": "text/markdown" + utf8Text,
	".csv":      "text/csv" + utf8Text,
	".tsv":      "text/tab-separated-values" + utf8Text,
	".yaml":     "application/yaml", // RFC 9512 §2.1
	".yml":      "application/yaml",
	".toml":     "application/toml",
	".sql":      "application/sql",
	".go":       "text/plain" + utf8Text,
	".c":        "text/x-c" + utf8Text,
	".h":        "text/x-c" + utf8Text,
	".cc":       "text/x-c" + utf8Text,
	".cpp":      "text/x-c" + utf8Text,
	".hpp":      "text/x-c" + utf8Text,
	".java":     "text/x-java-source" + utf8Text,
	".py":       "text/x-python" + utf8Text,
	".rs":       "text/plain" + utf8Text,
	".ts":       "text/plain" + utf8Text, // as a program; a transport stream is .m2ts
	".sh":       "application/x-sh",
	".pl":       "text/x-perl" + utf8Text,
	".rb":       "text/x-ruby" + utf8Text,
	".php":      "text/plain" + utf8Text,
	".tex":      "application/x-tex",
	".bib":      "text/x-bibtex" + utf8Text,
	".srt":      "application/x-subrip",

	// Images.
	".png":  "image/png",
	".apng": "image/apng",
	".jpg":  "image/jpeg",
	".jpeg": "image/jpeg",
	".jpe":  "image/jpeg",
	".jfif": "image/jpeg",
	".gif":  "image/gif",
	".webp": "image/webp",
	".avif": "image/avif",
	".heic": "image/heic",
	".heif": "image/heif",
	".jxl":  "image/jxl",
	".jp2":  "image/jp2",
	".svg":  "image/svg+xml",
	".ico":  "image/vnd.microsoft.icon",
	".cur":  "image/vnd.microsoft.icon",
	".bmp":  "image/bmp",
	".tif":  "image/tiff",
	".tiff": "image/tiff",
	".psd":  "image/vnd.adobe.photoshop",
	".djvu": "image/vnd.djvu",
	".pbm":  "image/x-portable-bitmap",
	".pgm":  "image/x-portable-graymap",
	".ppm":  "image/x-portable-pixmap",
	".xpm":  "image/x-xpixmap",

	// Sound.
	".mp3":  "audio/mpeg",
	".m4a":  "audio/mp4",
	".aac":  "audio/aac",
	".ogg":  "audio/ogg",
	".oga":  "audio/ogg",
	".opus": "audio/ogg",
	".wav":  "audio/wav",
	".flac": "audio/flac",
	".weba": "audio/webm",
	".mid":  "audio/midi",
	".midi": "audio/midi",
	".aif":  "audio/aiff",
	".aiff": "audio/aiff",
	".au":   "audio/basic",
	".wma":  "audio/x-ms-wma",
	".m3u":  "audio/mpegurl",

	// Video, and what it is streamed by.
	".mp4":  "video/mp4",
	".m4v":  "video/mp4",
	".m4s":  "video/iso.segment", // a segment of MPEG-DASH
	".mpd":  "application/dash+xml",
	".m3u8": "application/vnd.apple.mpegurl",
	".webm": "video/webm",
	".ogv":  "video/ogg",
	".mpg":  "video/mpeg",
	".mpeg": "video/mpeg",
	".m2ts": "video/mp2t",
	".mov":  "video/quicktime",
	".qt":   "video/quicktime",
	".avi":  "video/x-msvideo",
	".mkv":  "video/matroska",
	".mka":  "audio/matroska",
	".wmv":  "video/x-ms-wmv",
	".flv":  "video/x-flv",
	".3gp":  "video/3gpp",
	".3g2":  "video/3gpp2",

	// Fonts (RFC 8081 §4.4).
	".woff":  "font/woff",
	".woff2": "font/woff2",
	".ttf":   "font/ttf",
	".otf":   "font/otf",
	".ttc":   "font/collection",
	".eot":   "application/vnd.ms-fontobject",

	// Documents.
	".pdf":  "application/pdf",
	".ps":   "application/postscript",
	".eps":  "application/postscript",
	".ai":   "application/postscript",
	".rtf":  "application/rtf",
	".epub": "application/epub+zip",
	".mobi": "application/x-mobipocket-ebook",
	".doc":  "application/msword",
	".dot":  "application/msword",
	".xls":  "application/vnd.ms-excel",
	".ppt":  "application/vnd.ms-powerpoint",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".odt":  "application/vnd.oasis.opendocument.text",
	".ods":  "application/vnd.oasis.opendocument.spreadsheet",
	".odp":  "application/vnd.oasis.opendocument.presentation",
	".odg":  "application/vnd.oasis.opendocument.graphics",
	".vsd":  "application/vnd.visio",
	".kml":  "application/vnd.google-earth.kml+xml",
	".kmz":  "application/vnd.google-earth.kmz",
	".gpx":  "application/gpx+xml",

	// Archives, packages and images of disks.
	".zip":   "application/zip",
	".gz":    "application/gzip",
	".tgz":   "application/gzip",
	".bz2":   "application/x-bzip2",
	".xz":    "application/x-xz",
	".zst":   "application/zstd",
	".br":    "application/x-brotli",
	".7z":    "application/x-7z-compressed",
	".rar":   "application/vnd.rar",
	".tar":   "application/x-tar",
	".cpio":  "application/x-cpio",
	".jar":   "application/java-archive",
	".war":   "application/java-archive",
	".class": "application/java-vm",
	".apk":   "application/vnd.android.package-archive",
	".deb":   "application/vnd.debian.binary-package",
	".rpm":   "application/x-rpm",
	".cab":   "application/vnd.ms-cab-compressed",
	".iso":   "application/vnd.efi.iso",
	".dmg":   "application/x-apple-diskimage",
	".swf":   "application/vnd.adobe.flash.movie",

	// Keys, certificates and mail.
	".pem":   "application/x-pem-file",
	".crt":   "application/x-x509-ca-cert",
	".cer":   "application/pkix-cert",
	".der":   "application/x-x509-ca-cert",
	".crl":   "application/pkix-crl",
	".p7s":   "application/pkcs7-signature",
	".p7m":   "application/pkcs7-mime",
	".p12":   "application/x-pkcs12",
	".pfx":   "application/x-pkcs12",
	".asc":   "application/pgp-keys",
	".sig":   "application/pgp-signature",
	".eml":   "message/rfc822",
	".mbox":  "application/mbox",
	".pcap":  "application/vnd.tcpdump.pcap",
	".warc":  "application/warc",
	".mhtml": "multipart/related",
}
