package http1

// Status codes (RFC 9110 §15; others as noted).
const (
	StatusContinue           = 100 // RFC 9110 §15.2.1
	StatusSwitchingProtocols = 101 // RFC 9110 §15.2.2
	StatusEarlyHints         = 103 // RFC 8297 §2

	StatusOK               = 200 // RFC 9110 §15.3.1
	StatusCreated          = 201 // RFC 9110 §15.3.2
	StatusAccepted         = 202 // RFC 9110 §15.3.3
	StatusNonAuthoritative = 203 // RFC 9110 §15.3.4
	StatusNoContent        = 204 // RFC 9110 §15.3.5
	StatusResetContent     = 205 // RFC 9110 §15.3.6
	StatusPartialContent   = 206 // RFC 9110 §15.3.7

	StatusMultipleChoices   = 300 // RFC 9110 §15.4.1
	StatusMovedPermanently  = 301 // RFC 9110 §15.4.2
	StatusFound             = 302 // RFC 9110 §15.4.3
	StatusSeeOther          = 303 // RFC 9110 §15.4.4
	StatusNotModified       = 304 // RFC 9110 §15.4.5
	StatusTemporaryRedirect = 307 // RFC 9110 §15.4.8
	StatusPermanentRedirect = 308 // RFC 9110 §15.4.9

	StatusBadRequest           = 400 // RFC 9110 §15.5.1
	StatusUnauthorized         = 401 // RFC 9110 §15.5.2
	StatusPaymentRequired      = 402 // RFC 9110 §15.5.3
	StatusForbidden            = 403 // RFC 9110 §15.5.4
	StatusNotFound             = 404 // RFC 9110 §15.5.5
	StatusMethodNotAllowed     = 405 // RFC 9110 §15.5.6
	StatusNotAcceptable        = 406 // RFC 9110 §15.5.7
	StatusProxyAuthRequired    = 407 // RFC 9110 §15.5.8
	StatusRequestTimeout       = 408 // RFC 9110 §15.5.9
	StatusConflict             = 409 // RFC 9110 §15.5.10
	StatusGone                 = 410 // RFC 9110 §15.5.11
	StatusLengthRequired       = 411 // RFC 9110 §15.5.12
	StatusPreconditionFailed   = 412 // RFC 9110 §15.5.13
	StatusContentTooLarge      = 413 // RFC 9110 §15.5.14
	StatusURITooLong           = 414 // RFC 9110 §15.5.15
	StatusUnsupportedMediaType = 415 // RFC 9110 §15.5.16
	StatusRangeNotSatisfiable  = 416 // RFC 9110 §15.5.17
	StatusExpectationFailed    = 417 // RFC 9110 §15.5.18
	StatusMisdirectedRequest   = 421 // RFC 9110 §15.5.20
	StatusUnprocessableContent = 422 // RFC 9110 §15.5.21
	StatusUpgradeRequired      = 426 // RFC 9110 §15.5.22
	StatusPreconditionRequired = 428 // RFC 6585 §3
	StatusTooManyRequests      = 429 // RFC 6585 §4
	StatusFieldsTooLarge       = 431 // RFC 6585 §5

	StatusInternalServerError = 500 // RFC 9110 §15.6.1
	StatusNotImplemented      = 501 // RFC 9110 §15.6.2
	StatusBadGateway          = 502 // RFC 9110 §15.6.3
	StatusServiceUnavailable  = 503 // RFC 9110 §15.6.4
	StatusGatewayTimeout      = 504 // RFC 9110 §15.6.5
	StatusVersionNotSupported = 505 // RFC 9110 §15.6.6
	StatusInsufficientStorage = 507 // RFC 4918 §11.5
	StatusNetworkAuthRequired = 511 // RFC 6585 §6
)

// statusTexts are the reason phrases that the sections recommend.
var statusTexts = [...]string{
	StatusContinue:             "Continue",
	StatusSwitchingProtocols:   "Switching Protocols",
	StatusEarlyHints:           "Early Hints",
	StatusOK:                   "OK",
	StatusCreated:              "Created",
	StatusAccepted:             "Accepted",
	StatusNonAuthoritative:     "Non-Authoritative Information",
	StatusNoContent:            "No Content",
	StatusResetContent:         "Reset Content",
	StatusPartialContent:       "Partial Content",
	StatusMultipleChoices:      "Multiple Choices",
	StatusMovedPermanently:     "Moved Permanently",
	StatusFound:                "Found",
	StatusSeeOther:             "See Other",
	StatusNotModified:          "Not Modified",
	StatusTemporaryRedirect:    "Temporary Redirect",
	StatusPermanentRedirect:    "Permanent Redirect",
	StatusBadRequest:           "Bad Request",
	StatusUnauthorized:         "Unauthorized",
	StatusPaymentRequired:      "Payment Required",
	StatusForbidden:            "Forbidden",
	StatusNotFound:             "Not Found",
	StatusMethodNotAllowed:     "Method Not Allowed",
	StatusNotAcceptable:        "Not Acceptable",
	StatusProxyAuthRequired:    "Proxy Authentication Required",
	StatusRequestTimeout:       "Request Timeout",
	StatusConflict:             "Conflict",
	StatusGone:                 "Gone",
	StatusLengthRequired:       "Length Required",
	StatusPreconditionFailed:   "Precondition Failed",
	StatusContentTooLarge:      "Content Too Large",
	StatusURITooLong:           "URI Too Long",
	StatusUnsupportedMediaType: "Unsupported Media Type",
	StatusRangeNotSatisfiable:  "Range Not Satisfiable",
	StatusExpectationFailed:    "Expectation Failed",
	StatusMisdirectedRequest:   "Misdirected Request",
	StatusUnprocessableContent: "Unprocessable Content",
	StatusUpgradeRequired:      "Upgrade Required",
	StatusPreconditionRequired: "Precondition Required",
	StatusTooManyRequests:      "Too Many Requests",
	StatusFieldsTooLarge:       "Request Header Fields Too Large",
	StatusInternalServerError:  "Internal Server Error",
	StatusNotImplemented:       "Not Implemented",
	StatusBadGateway:           "Bad Gateway",
	StatusServiceUnavailable:   "Service Unavailable",
	StatusGatewayTimeout:       "Gateway Timeout",
	StatusVersionNotSupported:  "HTTP Version Not Supported",
	StatusInsufficientStorage:  "Insufficient Storage",
	StatusNetworkAuthRequired:  "Network Authentication Required",
}

// StatusText returns the reason phrase for a status code, "" for one that has
// none here.
func StatusText(code int) string {
	if code < 0 || code >= len(statusTexts) {
		return ""
	}
	return statusTexts[code]
}
