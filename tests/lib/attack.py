# SPDX-License-Identifier: LGPL-2.1-or-later
# What a user can do on the bus to keep the service busy, without any right: a process that does it until it is killed.
#
#   attack.py KIND      see KINDS at the end; prints `ready` when it is under way
#
# Messages are bytes, because a library would be slower than the service.
import os
import select
import signal
import socket
import struct
import sys
import time

import gi

gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib  # noqa: E402

SERVICE, ROOT = 'org.example.NetNS1', '/org/example/NetNS1'
PROPERTIES = 'org.freedesktop.DBus.Properties'
BURST, FLOOD = 500, 250000


def connect():
    """A connection that has said Hello."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(os.environ['DBUS_SYSTEM_BUS_ADDRESS'].removeprefix('unix:path='))
    connection.sendall(b'\0AUTH EXTERNAL ' + str(os.geteuid()).encode().hex().encode() + b'\r\n')
    while b'OK' not in connection.recv(4096):
        pass
    connection.sendall(b'NEGOTIATE_UNIX_FD\r\n')
    while b'AGREE_UNIX_FD' not in connection.recv(4096):
        pass
    connection.sendall(b'BEGIN\r\n' + message('Hello', None, 'org.freedesktop.DBus', 'org.freedesktop.DBus',
                                             '/org/freedesktop/DBus'))
    connection.recv(65536)
    return connection


def message(method, body=None, interface=PROPERTIES, destination=SERVICE, path=ROOT, serial=1, reply=True, descriptors=0):
    call = Gio.DBusMessage.new_method_call(destination, path, interface, method)
    call.set_serial(serial)
    if not reply:
        call.set_flags(Gio.DBusMessageFlags.NO_REPLY_EXPECTED)
    if body is not None:
        call.set_body(body)
    if descriptors:
        call.set_unix_fd_list(Gio.UnixFDList.new_from_array([os.open('/dev/null', os.O_RDONLY) for _ in range(descriptors)]))
    return bytes(call.to_blob(Gio.DBusCapabilityFlags.UNIX_FD_PASSING))


def get(**options):
    return message('Get', GLib.Variant('(ss)', (f'{SERVICE}.Manager', 'Version')), **options)


def objects(**options):
    return message('GetManagedObjects', None, 'org.freedesktop.DBus.ObjectManager', **options)


def introspect(**options):
    return message('Introspect', None, 'org.freedesktop.DBus.Introspectable', **options)


def ready():
    print('ready', flush=True)


def flood(make):
    """A quarter of a million, as fast as the bus takes them, none of which wants a reply."""
    connection = connect()
    burst = make(reply=False) * BURST
    ready()
    for _ in range(FLOOD // BURST):
        connection.sendall(burst)
    print('done', flush=True)
    signal.pause()


def never_read(make, connections=5):
    """Asks for more until the bus takes nothing more, and reads no answer."""
    sockets = [connect() for _ in range(connections)]
    for connection in sockets:
        connection.setblocking(False)
    serial = 1
    ready()
    while True:
        sent = False
        for connection in sockets:
            serial += 1
            try:
                connection.send(make(serial=serial))
                sent = True
            except BlockingIOError:
                pass
            except ConnectionError:
                sockets.remove(connection)
        if not sent:
            time.sleep(0.01)


def ask(make, connections=5, under_way=600):
    """Connections with always as many questions under way, more than the service takes of one, which read all answers.
    Few connections: the bus passes on what it has for the service in the order in which it came."""
    poll = select.poll()
    sockets = {}
    serial = 1
    for _ in range(connections):
        connection = connect()
        serial = send_many(connection, make, serial, under_way)
        sockets[connection.fileno()] = connection, Messages()
        poll.register(connection, select.POLLIN)
    ready()
    while True:
        for number, _ in poll.poll():
            connection, messages = sockets[number]
            serial = send_many(connection, make, serial, messages.count(connection.recv(1 << 20)))


class Messages:
    """How many messages there are in what comes over a connection in parts."""
    LENGTHS = struct.Struct('<4xI4xI')  # of the body, of the fields of the header

    def __init__(self):
        self.rest = b''
        self.missing = 0

    def count(self, data):
        ended = at = 0
        if self.missing > 0:
            at = min(self.missing, len(data))
            self.missing -= at
            ended += self.missing == 0
        elif self.rest:
            data, self.rest = self.rest + data, b''
        while at < len(data):
            if len(data) - at < self.LENGTHS.size:
                self.rest = data[at:]
                break
            body, fields = self.LENGTHS.unpack_from(data, at)
            at += self.LENGTHS.size + -(-fields // 8) * 8 + body
            ended += at <= len(data)
            self.missing = max(at - len(data), 0)
        return ended


def send_many(connection, make, serial, count):
    connection.sendall(b''.join(make(serial=serial + number) for number in range(count)))
    return serial + count


def leave():
    """Connections that ask, and go at the first answer."""
    ready()
    while True:
        connection = connect()
        send_many(connection, objects, 1, 100)
        connection.recv(1)
        connection.close()


def lingering():
    """A socket that takes 20 s to close: data that nobody takes from it, and the wish to wait for that. No longer, because
    once in a while the bus, which has a copy, is the last one to close it; a call on the bus may take 25 s."""
    server = socket.create_server(('127.0.0.1', 0))
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    client.connect(server.getsockname())
    peer, _ = server.accept()
    client.setblocking(False)
    try:
        while True:
            client.send(b'x' * 65536)
    except BlockingIOError:
        pass
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 20))
    return client, peer, server


def hand_in(make, count=1):
    """Calls with such sockets, of which the service has the last descriptor. One after another: the bus itself would hang
    in one that it does not pass on."""
    connection = connect()
    kept = []
    refused = False
    for number in range(count):
        client, peer, server = lingering()
        call = make(serial=number + 2, descriptors=1)
        socket.send_fds(connection, [call[:16]], [client.fileno()])
        client.close()
        connection.sendall(call[16:])
        kept += [peer, server]
        if count > 1:
            refused = refused or b'LimitsExceeded' in connection.recv(1 << 16)
    ready()
    if refused:
        print('refused', flush=True)
    signal.pause()


KINDS = {
    'flood-get': lambda: flood(get),
    'flood-objects': lambda: flood(objects),
    'flood-introspect': lambda: flood(introspect),
    'never-read-objects': lambda: never_read(objects),
    'never-read-introspect': lambda: never_read(introspect),
    'ask-get': lambda: ask(get),
    'ask-objects': lambda: ask(objects),
    'ask-introspect': lambda: ask(introspect),
    'leave': leave,
    'hand-in-get': lambda: hand_in(get),
    'hand-in-silently': lambda: hand_in(lambda **options: get(reply=False, **options)),
    'hand-in-many': lambda: hand_in(get, 300),
}

if __name__ == '__main__':
    KINDS[sys.argv[1]]()
