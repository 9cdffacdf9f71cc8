# A server of pyftpdlib: its port, its folder, the file of certificate and key
# ("" without TLS), and a file with users, name and password in turn, one a line.
import logging
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

port, root, certificate, users = sys.argv[1:5]
logging.basicConfig(level=logging.WARNING)
handler = FTPHandler
if certificate:
    from pyftpdlib.handlers import TLS_FTPHandler as handler
    handler.certfile = certificate
handler.authorizer = DummyAuthorizer()
lines = open(users).read().splitlines()
for name, password in zip(lines[::2], lines[1::2]):
    handler.authorizer.add_user(name, password, root, perm='elradfmwMT')
handler.auth_failed_timeout = 0
for line in sys.argv[5:]:
    exec(line)
FTPServer(('127.0.0.1', int(port)), handler).serve_forever()
