#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who answers, and who asked: traffic for tests.

  echo.py serve NAME PORT...              answers by TCP and UDP, over IPv4 and IPv6, `NAME ADDRESS-OF-THE-CALLER`
  echo.py call PROTOCOL ADDRESS PORT SIZE SECONDS
                              prints the answer, `refused` or `unreachable`, or `silent` if none comes within so long
  echo.py talk ADDRESS PORT   sends a datagram from one and the same port for each line that it reads, which says for how
                              many seconds it waits for the answer

A datagram that is not answered is sent again, as anything may get lost between machines that have just been connected."""
import contextlib
import errno
import selectors
import socket
import sys
import time

PATIENCE = 60
AGAIN = 1  # s, until a datagram is sent again
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
        connection.settimeout(PATIENCE)
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


def open_socket(protocol, address, port, timeout):
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    caller = socket.socket(family, socket.SOCK_STREAM if protocol == 'tcp' else socket.SOCK_DGRAM)
    caller.settimeout(timeout)
    caller.connect((address, int(port)))
    return caller


def ask_stream(caller, size):
    caller.sendall(b'x' * size)
    caller.shutdown(socket.SHUT_WR)
    return caller.recv(65536).decode() or 'refused'


def ask_datagram(caller, size, timeout):
    end = time.monotonic() + timeout
    caller.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while caller.recv(65536):  # late answers to what was sent twice
            pass
    while (left := end - time.monotonic()) > 0:
        caller.settimeout(min(left, AGAIN))
        caller.send(b'x' * size)
        with contextlib.suppress(TimeoutError):
            return caller.recv(65536).decode()
    raise TimeoutError


def say(function, *arguments):
    try:
        print(function(*arguments), flush=True)
    except TimeoutError:
        print('silent', flush=True)
    except OSError as error:
        print(ENDS.get(error.errno) or str(error), flush=True)


def call(protocol, address, port, size, timeout):
    caller = open_socket(protocol, address, port, timeout)
    return ask_stream(caller, size) if protocol == 'tcp' else ask_datagram(caller, size, timeout)


def talk(address, port):
    caller = open_socket('udp', address, port, PATIENCE)
    for line in sys.stdin:
        say(ask_datagram, caller, 1, float(line))


if __name__ == '__main__':
    verb, *words = sys.argv[1:]
    if verb == 'serve':
        serve(*words)
    elif verb == 'talk':
        talk(*words)
    else:
        *place, size, timeout = words
        say(call, *place, int(size), float(timeout))
