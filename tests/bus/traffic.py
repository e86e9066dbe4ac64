# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real packets: servers that echo inside namespaces, and what becomes of who calls them.

  with traffic.Echo('web', tcp=[80, 81], udp=[53]):
      traffic.call('10.0.0.2', 80)                    # 'answer', 'refused' or 'silence'
      traffic.call('fd00::2', 53, 'udp', namespace='db')

Run as a program it is the server or the caller."""
import os
import selectors
import socket
import subprocess
import sys
import time

SHORT = 1  # seconds for an answer that must not come


def enter(namespace):
    """A name in /run/netns, a path, or None for here."""
    if namespace is None:
        return []
    return ['nsenter', f'--net={namespace if "/" in namespace else f"/run/netns/{namespace}"}', '--']


class Echo:
    """A process in a namespace that answers on IPv4 and IPv6 until the end of the block."""

    def __init__(self, namespace, tcp=(), udp=()):
        words = [f'tcp:{port}' for port in tcp] + [f'udp:{port}' for port in udp]
        prefix = enter(namespace)
        self.process = subprocess.Popen([*prefix, '/usr/bin/python3', os.path.abspath(__file__), 'serve', *words],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != 'ready\n':
            raise AssertionError('the server did not start')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def call(address, port, protocol='tcp', namespace=None, timeout=SHORT):
    """What becomes of a call: `answer`, `refused` or `silence`."""
    prefix = enter(namespace)
    result = subprocess.run([*prefix, '/usr/bin/python3', os.path.abspath(__file__), 'call', address, str(port),
                             protocol, str(timeout)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            check=True)
    return result.stdout.strip()


def answers(address, port, protocol='tcp', namespace=None):
    """Whether one comes in the end."""
    import netns1  # which the programs do without
    return call(address, port, protocol, namespace, netns1.PATIENCE) == 'answer'


# ---- the programs

def listen(word):
    protocol, port = word.split(':')
    kind = socket.SOCK_STREAM if protocol == 'tcp' else socket.SOCK_DGRAM
    server = socket.socket(socket.AF_INET6, kind)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.bind(('::', int(port)))
    if protocol == 'tcp':
        server.listen(16)
    return server


def echo(connection):
    """Whether the caller is still there."""
    try:
        data = connection.recv(1024)
        connection.sendall(data)
        return data != b''
    except OSError:  # it gave up, after its packets were held back
        return False


def serve(words):
    selector = selectors.DefaultSelector()
    for word in words:
        selector.register(listen(word), selectors.EVENT_READ, word.split(':')[0])
    print('ready', flush=True)
    while True:
        for key, _ in selector.select():
            if key.data == 'tcp':
                selector.register(key.fileobj.accept()[0], selectors.EVENT_READ, 'connection')
            elif key.data == 'udp':
                key.fileobj.sendto(*key.fileobj.recvfrom(1024))
            elif not echo(key.fileobj):
                selector.unregister(key.fileobj)
                key.fileobj.close()


def try_once(address, port, protocol, timeout):
    kind = socket.SOCK_STREAM if protocol == 'tcp' else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, kind) as client:
        client.settimeout(timeout)
        try:
            client.connect((address, port))
            client.send(b'hello')
            return 'answer' if client.recv(1024) == b'hello' else 'silence'
        except (ConnectionRefusedError, ConnectionResetError, PermissionError):
            return 'refused'
        except OSError:
            return 'silence'


def make_call(address, port, protocol, timeout):
    """Again and again: a datagram gets lost, and a neighbour is not found while its link comes up."""
    end = time.monotonic() + timeout
    while True:
        result = try_once(address, port, protocol, timeout if protocol == 'tcp' else min(timeout, SHORT))
        if result != 'silence' or time.monotonic() >= end:
            return result
        time.sleep(0.01)


if __name__ == '__main__':
    if sys.argv[1] == 'serve':
        serve(sys.argv[2:])
    else:
        print(make_call(sys.argv[2], int(sys.argv[3]), sys.argv[4], float(sys.argv[5])))
