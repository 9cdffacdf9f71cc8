// Package zone serves zones of the Domain Name System: it keeps their records
// and finds what they say to a question.
package zone
