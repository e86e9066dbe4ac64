# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real traffic between namespaces, for tests: servers that say who they are and who called (lib/echo.py)."""
import os
import subprocess

import netns1

ECHO = os.path.join(netns1.TESTS, 'lib', 'echo.py')
SHORT = 3  # seconds for an answer that must not come


def in_namespace(place, *command):
    """The command line that runs a program in a namespace: a name, a path, or None for the host."""
    if place is None:
        return list(command)
    return ['nsenter', f'--net={place if "/" in place else f"/run/netns/{place}"}', '--', *command]


def serve(test, place, name, *ports):
    """Answers in a namespace until the test ends."""
    process = subprocess.Popen(in_namespace(place, '/usr/bin/python3', ECHO, 'serve', name, *map(str, ports)),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    test.addCleanup(process.stdout.close)
    test.addCleanup(process.wait)
    test.addCleanup(process.kill)
    assert process.stdout.readline() == 'ready\n', f'{name} does not serve'
    return process


def call(place, protocol, address, port, size=1, timeout=netns1.PATIENCE - 5):
    """The answer, such as `web 10.1.0.1 1`: who answered, whom it saw, and how many bytes came."""
    return netns1.run('/usr/bin/python3', ECHO, 'call', protocol, address, str(port), str(size),
                      str(timeout), namespace=place).stdout.strip()


class Talk:
    """One UDP flow that goes on."""

    def __init__(self, test, place, address, port):
        self.process = subprocess.Popen(in_namespace(place, '/usr/bin/python3', ECHO, 'talk', address, str(port)),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        test.addCleanup(self.close)

    def say(self, timeout=netns1.PATIENCE):
        self.process.stdin.write(f'{timeout}\n')
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def connections(port):
    """What conntrack has of calls to a port of the host."""
    lines = []
    for family in ('ipv4', 'ipv6'):
        for protocol in ('tcp', 'udp'):
            lines += netns1.run('conntrack', '-L', '-f', family, '-p', protocol, '--orig-port-dst',
                                str(port)).stdout.splitlines()
    return lines
