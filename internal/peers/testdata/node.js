// A server for tests; see peers.Node.
const crypto = require('crypto')
const fs = require('fs')
const path = require('path')
const [port, root, cert, key] = process.argv.slice(2)

const routes = {
  '/echo': (request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/octet-stream', Trailer: 'X-Length, X-SHA-256' })
    const sum = crypto.createHash('sha256')
    let length = 0
    request.on('data', (octets) => {
      length += octets.length
      sum.update(octets)
      response.write(octets)
    })
    request.on('end', () => {
      response.addTrailers({ 'X-Length': String(length), 'X-SHA-256': sum.digest('hex') })
      response.end()
    })
  },
  '/headers': (request, response) => {
    const body = JSON.stringify(request.rawHeaders)
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) })
    response.end(body)
  },
  '/early': (request, response) => {
    response.writeEarlyHints({ link: '</a.css>; rel=preload; as=style' })
    response.writeEarlyHints({ link: '</b.css>; rel=preload; as=style' })
    response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': 5 })
    response.end('early')
  },
  '/close': (request) => {
    request.socket.end('HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end')
  },
}

function serveFile(request, response) {
  const name = path.join(root, path.normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname)))
  fs.stat(name, (fault, found) => {
    if (fault || !found.isFile()) {
      response.writeHead(404, { 'Content-Length': 0 })
      response.end()
      return
    }
    response.writeHead(200, { 'Content-Length': found.size })
    if (request.method === 'HEAD') {
      response.end()
      return
    }
    fs.createReadStream(name).pipe(response)
  })
}

function answer(request, response) {
  const route = routes[request.url.split('?')[0]]
  if (route) {
    route(request, response)
  } else {
    serveFile(request, response)
  }
}

const server = cert
  ? require('https').createServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) }, answer)
  : require('http').createServer(answer)

server.on('upgrade', (request, socket) => {
  if (request.url !== '/upgrade' || request.headers.upgrade !== 'echo') {
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    return
  }
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
  socket.pipe(socket)
})
