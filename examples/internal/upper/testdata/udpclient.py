"""Sends lines to an upper-casing server as datagrams, waits for one after each
and prints it. usage: udpclient.py HOST PORT | PATH OWNPATH"""
import socket
import sys

if "/" in sys.argv[1]:
    client = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    client.bind(sys.argv[2])
    server = sys.argv[1]
else:
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server = (sys.argv[1], int(sys.argv[2]))
for line in sys.stdin:
    client.sendto(line.rstrip("\n").encode(), server)
    reply, _ = client.recvfrom(2048)
    print(reply.decode(), flush=True)
client.close()
