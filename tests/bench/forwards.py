#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether the thousandth port forward takes as long as the first ones (budget: at most twice as long). Runs inside
tests/sandbox; prints a table and fails for nothing but a crash."""
import os
import statistics
import subprocess
import sys
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TESTS, 'lib'))
sys.dont_write_bytecode = True

import gi  # noqa: E402

gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib  # noqa: E402

from services import Service  # noqa: E402

COUNT, PART = 1000, 100
ROOT, NAME = '/org/example/NetNS1', 'org.example.NetNS1'


class Caller:
    def __init__(self):
        self.connection = Gio.bus_get_sync(Gio.BusType.SYSTEM)

    def manager(self, method, signature, *values):
        """Seconds that a call takes."""
        begin = time.perf_counter()
        self.connection.call_sync(NAME, ROOT, f'{NAME}.Manager', method, GLib.Variant(signature, values), None, 0, -1, None)
        return time.perf_counter() - begin


def main():
    caller = Caller()
    caller.manager('CreateNetwork', '(sa{sv})', 'lan', {'subnets': GLib.Variant('as', ['10.1.0.0/24', 'fd00:1::/64']),
                                                        'nat': GLib.Variant('b', True)})
    caller.manager('CreateNamespace', '(sa{sv})', 'web', {})
    caller.manager('Connect', '(ssa{sv})', 'web', 'lan', {})
    times = [caller.manager('CreateForward', '(ssqa{sv})', 'web', 'tcp', 80,
                            {'listen-port': GLib.Variant('q', 10000 + number)}) * 1000 for number in range(COUNT)]
    first, last = statistics.median(times[:PART]), statistics.median(times[-PART:])
    for start in range(0, COUNT, PART):
        part = times[start:start + PART]
        print(f'  forwards {start + 1:4} to {start + PART:4}: median {statistics.median(part):7.2f} ms, '
              f'mean {statistics.mean(part):7.2f} ms')
    print(f'  last hundred / first hundred: {last / first:.2f} (budget 2)')
    status = subprocess.run(['grep', 'VmRSS', f'/proc/{Service("netnsd").pid}/status'], capture_output=True, text=True,
                            check=True).stdout.split()
    print(f'  memory of the service: {int(status[1]) / 1024:.1f} MiB', flush=True)


if __name__ == '__main__':
    main()
