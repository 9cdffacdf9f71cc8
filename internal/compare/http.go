package main

var httpSubjects = []subject{
	{name: "http-parse-request", implementations: []implementation{
		{name: "applayer", bench: parseRequest}, {name: "offsets", bench: parseRequestHead},
		{name: "net/http", bench: parseRequestNetHTTP}, {name: "fasthttp", bench: parseRequestFastHTTP},
	}},
	{name: "http-parse-response", implementations: []implementation{
		{name: "applayer", bench: parseResponse}, {name: "net/http", bench: parseResponseNetHTTP},
		{name: "fasthttp", bench: parseResponseFastHTTP},
	}},
	{name: "http-chunk-read", implementations: []implementation{
		{name: "applayer", bench: readChunks}, {name: "net/http", bench: readChunksNetHTTP},
	}},
	{name: "http-chunk-write", implementations: []implementation{
		{name: "applayer", bench: writeChunks}, {name: "net/http", bench: writeChunksNetHTTP},
	}},
	{name: "http-set-cookie", implementations: []implementation{
		{name: "applayer", bench: parseSetCookie}, {name: "net/http", bench: parseSetCookieNetHTTP},
		{name: "fasthttp", bench: parseSetCookieFastHTTP},
	}},
	{name: "http-request", implementations: httpInMemory()},
	{name: "http-request-tcp", implementations: httpOverTCP(), drive: keepAlive},
	{name: "http-pipelined", implementations: httpOverTCP(), drive: pipelined},
	{name: "http-client", implementations: httpClients()},
	{name: "http-idle", implementations: httpOverTCP(), drive: driveHTTPIdle, unit: "B/conn"},
	{name: "http-idle-tls", implementations: httpIdleTLS(), unit: "B/conn"},
	httpFile("http-file-1k", fileSmall),
	httpFile("http-file-64k", fileMiddle),
	httpFile("http-file-10m", fileLarge),
}
