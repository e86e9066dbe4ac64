#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What bob waits for while alice does what anybody can do on the bus (lib/attack.py), with the rights that every active
session has. Runs inside tests/sandbox; prints a table and fails for nothing but a crash or a call that fails.

  fairness.py [SECONDS [KIND ...]]"""
import json
import os
import statistics
import subprocess
import sys
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TESTS, 'lib'))
sys.dont_write_bytecode = True

import attack  # noqa: E402
import rules  # noqa: E402
from gi.repository import Gio, GLib  # noqa: E402
from services import Service  # noqa: E402

ROOT, NAME = '/org/example/NetNS1', 'org.example.NetNS1'
ALICE, BOB = 1000, 1001
NAMESPACES = 40


def as_user(uid, *arguments, **options):
    return subprocess.Popen(['setpriv', f'--reuid={uid}', f'--regid={uid}', '--clear-groups', '/usr/bin/python3', *arguments],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, **options)


class Bob:
    """Milliseconds of simple calls."""

    def __init__(self):
        self.connection = Gio.bus_get_sync(Gio.BusType.SYSTEM)
        self.times = {'GetId': [], 'Get': [], 'CreateNamespace': [], 'Delete': []}

    def call(self, path, interface, method, arguments, destination=NAME):
        begin = time.perf_counter()
        self.connection.call_sync(destination, path, interface, method, arguments, None, 0, 60000, None)
        self.times.setdefault(method, []).append((time.perf_counter() - begin) * 1000)

    def work(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end or len(self.times['Delete']) < 3:
            for _ in range(10):
                self.call('/', 'org.freedesktop.DBus', 'GetId', None, 'org.freedesktop.DBus')
                self.call(ROOT, 'org.freedesktop.DBus.Properties', 'Get', GLib.Variant('(ss)', (f'{NAME}.Manager', 'Version')))
            self.call(ROOT, f'{NAME}.Manager', 'CreateNamespace', GLib.Variant('(sa{sv})', ('bobs', {})))
            self.call(f'{ROOT}/namespace/bobs', f'{NAME}.Namespace', 'Delete', GLib.Variant('(a{sv})', ({},)))
        print(json.dumps(self.times))


def memory(pid):
    with open(f'/proc/{pid}/status') as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith('VmRSS'))


def measure(kind, seconds):
    attacker = as_user(ALICE, attack.__file__, kind) if kind else None
    if attacker and attacker.stdout.readline() != 'ready\n':
        raise RuntimeError(f'{kind} did not begin')
    bob = as_user(BOB, os.path.abspath(__file__), '--bob', str(seconds))
    highest = 0
    while bob.poll() is None:
        highest = max(highest, memory(Service('netnsd').pid))
        time.sleep(0.05)
    times = json.loads(bob.stdout.read())
    if attacker:
        attacker.kill()
        attacker.wait()
    time.sleep(2.5)  # memory is given back when there is nothing to do
    cells = ''.join(f'{statistics.median(values):9.1f}{max(values):9.1f}' for values in times.values())
    print(f'  {kind or "nobody":24}{cells}{highest:9.0f}{memory(Service("netnsd").pid):9.0f}', flush=True)


def main():
    if sys.argv[1:2] == ['--bob']:
        Bob().work(float(sys.argv[2]))
        return
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5
    rules.set_rules(rules.allow_only('create-namespace', 'configure-own'))
    connection = Gio.bus_get_sync(Gio.BusType.SYSTEM)
    for number in range(NAMESPACES):
        connection.call_sync(NAME, ROOT, f'{NAME}.Manager', 'CreateNamespace', GLib.Variant('(sa{sv})', (f'n{number}', {})),
                             None, 0, -1, None)
    print('  ms: median, worst     the bus itself    Get               CreateNamespace   Delete            MiB: most, after')
    for kind in sys.argv[2:] or (None, *attack.KINDS):
        measure(kind, seconds)


if __name__ == '__main__':
    main()
