// Package ftp is the File Transfer Protocol (RFC 959) with the extensions that
// are in use: commands and replies, listings and facts, a server and a client.
package ftp
