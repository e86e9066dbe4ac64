#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who answers, and who asked: traffic for tests.

  echo.py serve NAME PORT...              answers by TCP and UDP, over IPv4 and IPv6, `NAME ADDRESS-OF-THE-CALLER`
  echo.py call PROTOCOL ADDRESS PORT [N]  prints the answer, or `refused`, `silent` or `unreachable`
  echo.py talk ADDRESS PORT               sends a datagram from one and the same port for each line that it reads"""
import errno
import selectors
import socket
import sys

TIMEOUT = 3
ENDS = {errno.ECONNREFUSED: 'refused', errno.ECONNRESET: 'refused', errno.ENOTCONN: 'refused', errno.EPIPE: 'refused',
        errno.EHOSTUNREACH: 'unreachable',
        errno.ENETUNREACH: 'unreachable', errno.EACCES: 'unreachable'}


def host_of(address):
    return address[0].removeprefix('::ffff:')


def listen(kind, port):
    server = socket.socket(socket.AF_INET6, kind)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(('::', port))
    if kind == socket.SOCK_STREAM:
        server.listen(64)
    return server


def answer(server, name):
    if server.type == socket.SOCK_DGRAM:
        data, sender = server.recvfrom(65536)
        server.sendto(f'{name} {host_of(sender)} {len(data)}'.encode(), sender)
        return
    connection, sender = server.accept()
    with connection:
        connection.settimeout(TIMEOUT)
        count = 0
        while data := connection.recv(65536):
            count += len(data)
        connection.sendall(f'{name} {host_of(sender)} {count}'.encode())


def serve(name, *ports):
    selector = selectors.DefaultSelector()
    for port in ports:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            selector.register(listen(kind, int(port)), selectors.EVENT_READ)
    print('ready', flush=True)
    while True:
        for key, _ in selector.select():
            try:
                answer(key.fileobj, name)
            except OSError:
                pass  # the caller has gone


def open_socket(protocol, address):
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    caller = socket.socket(family, socket.SOCK_STREAM if protocol == 'tcp' else socket.SOCK_DGRAM)
    caller.settimeout(TIMEOUT)
    return caller


def call(protocol, address, port, size='1'):
    caller = open_socket(protocol, address)
    try:
        caller.connect((address, int(port)))
        caller.sendall(b'x' * int(size))
        if protocol == 'tcp':
            caller.shutdown(socket.SHUT_WR)
        return caller.recv(65536).decode() or 'refused'
    except TimeoutError:
        return 'silent'
    except OSError as error:
        return ENDS.get(error.errno) or str(error)


def talk(address, port):
    caller = open_socket('udp', address)
    caller.connect((address, int(port)))
    for _ in sys.stdin:
        caller.send(b'x')
        try:
            print(caller.recv(65536).decode(), flush=True)
        except TimeoutError:
            print('silent', flush=True)
        except OSError as error:
            print(ENDS.get(error.errno, str(error)), flush=True)


if __name__ == '__main__':
    verb, *words = sys.argv[1:]
    if verb == 'serve':
        serve(*words)
    elif verb == 'talk':
        talk(*words)
    else:
        print(call(*words))
