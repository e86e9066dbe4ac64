#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long it takes to find namespaces without a name, each held by a process, for somebody who looks for the first time,
and what it costs to go on looking. Runs inside tests/sandbox; fails for nothing but a wrong answer.

  tests/sandbox --build BUILD -- tests/bench/discovery.py [--counts 50,500,2000]"""
import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'lib'))
sys.dont_write_bytecode = True

from gi.repository import Gio, GLib  # noqa: E402
from services import Service  # noqa: E402

NETNSD = Service('netnsd')
TIMES = 5

# One program that starts all the others: `sleep` in a namespace of its own each, ready when its line comes.
HOLDERS = '''
import ctypes, os, signal, sys
library = ctypes.CDLL(None)
for _ in range(int(sys.argv[1])):
    if os.fork() == 0:
        os.close(1)
        library.prctl(1, signal.SIGKILL)
        assert library.unshare(0x40000000) == 0
        signal.pause()
sys.stdin.read()
'''


def connect():
    return Gio.DBusConnection.new_for_address_sync(
        os.environ['DBUS_SYSTEM_BUS_ADDRESS'],
        Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)


def look(connection):
    """Milliseconds until the answer is there, and how many namespaces without a name are in it."""
    begin = time.monotonic()
    reply = connection.call_sync('org.example.NetNS1', '/org/example/NetNS1', 'org.freedesktop.DBus.ObjectManager',
                                 'GetManagedObjects', None, GLib.VariantType('(a{oa{sa{sv}}})'), 0, -1, None)
    elapsed = (time.monotonic() - begin) * 1000
    objects, = reply.unpack()
    return elapsed, sum(interfaces.get('org.example.NetNS1.Namespace', {}).get('Source') == 'process'
                        for interfaces in objects.values())


def used(pid):
    with open(f'/proc/{pid}/stat') as file:
        fields = file.read().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def holding():
    """How many namespaces processes live in, besides the host's."""
    inodes = set()
    for pid in filter(str.isdigit, os.listdir('/proc')):
        with contextlib.suppress(OSError):  # it has ended
            inodes.add(os.stat(f'/proc/{pid}/ns/net').st_ino)
    return len(inodes) - 1


def measure(count):
    holders = subprocess.Popen(['/usr/bin/python3', '-c', HOLDERS, str(count)], stdin=subprocess.PIPE)
    try:
        while holding() != count:
            time.sleep(0.1)
        first, again = [], []
        for _ in range(TIMES):
            pid = NETNSD.restart() or NETNSD.pid
            connection = connect()
            elapsed, found = look(connection)
            assert found == count, f'{found} found, not {count}'
            first.append(elapsed)
            other = connect()
            time.sleep(1.5)  # the next search by itself is not near
            again.append(look(other)[0])
            other.close_sync(None)
        before = used(NETNSD.pid)
        time.sleep(10)
        print(f'  {count:6} {statistics.median(first):9.1f} ms {max(first):9.1f} ms {statistics.median(again):9.1f} ms '
              f'{(used(NETNSD.pid) - before) * 10:7.1f} %', flush=True)
        connection.close_sync(None)
    finally:
        holders.stdin.close()
        subprocess.run(['pkill', '-KILL', '-P', str(holders.pid)], check=False)
        holders.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--counts', default='50,500,2000')
    counts = [int(count) for count in parser.parse_args().counts.split(',')]
    print('namespaces without a name, one process in each (budget: 500 within 250 ms)')
    print('   count  first look      slowest   another look    of a core, while somebody looks')
    for count in counts:
        measure(count)


if __name__ == '__main__':
    main()
