#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# netnsd-broker, which opens the sockets that the service may not open: it can end at any time, or take its time, and hears
# nobody else.
import os
import select
import signal
import socket
import subprocess
import threading
import unittest

import netns1
import echo
from callers import serve
from gi.repository import GLib
from netns1 import ROOT, wait_for

SOCKET = '/run/netnsd/broker'
MORE_THAN_IN_STOCK = 80


def find_broker():
    """Its process id, 0 while there is none."""
    found = subprocess.run(['pgrep', '-P', str(netns1.NETNSD.pid), '-x', 'netnsd-broker'], capture_output=True, text=True)
    return int(found.stdout or 0)


class Broker(netns1.TestCase):
    def setUp(self):
        super().setUp()
        self.caller = self.alice if netns1.IS_ROOT else self.root
        self.caller.create_namespace('web')

    def open_socket(self):
        self.caller.call(f'{ROOT}/namespace/web', 'Namespace', 'OpenSocket', '(iii)', socket.AF_INET, socket.SOCK_DGRAM, 0)

    def forward(self):
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan',
                       {'subnets': ['10.1.0.0/24', 'fd00:1::/64'], 'nat': True})
        self.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'web', 'lan', {})
        serve(self, 'web', 'web', 80)
        for protocol in ('tcp', 'udp'):
            self.root.call(ROOT, 'Manager', 'CreateForward', '(ssqa{sv})', 'web', protocol, 80,
                           {'listen-port': GLib.Variant('q', 8080)})

    def call_many(self):
        """Over ::1, where the service itself carries it. Each says one thing, once."""
        callers = [echo.open_socket(('tcp', 'udp')[i % 2], '::1', 8080, netns1.PATIENCE) for i in range(MORE_THAN_IN_STOCK)]
        for caller in callers:
            self.addCleanup(caller.close)
            caller.sendall(b'x')
            if caller.type == socket.SOCK_STREAM:
                caller.shutdown(socket.SHUT_WR)
        return callers

    def assert_answered(self, callers):
        self.assertEqual({caller.recv(1000) for caller in callers}, {b'web fd00:1::1 1'})

    def test_ends(self):
        """Nobody notices, whatever it was about to do."""
        self.forward()
        for signal_number in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
            os.kill(wait_for(find_broker), signal_number)
            self.open_socket()
            os.kill(wait_for(find_broker), signal_number)
            self.assert_answered(self.call_many())

    def test_takes_its_time(self):
        """Who has to wait for a socket waits, and nobody else does."""
        self.forward()
        self.assert_answered(self.call_many()[:2])
        broker = wait_for(find_broker)
        os.kill(broker, signal.SIGSTOP)
        self.addCleanup(os.kill, broker, signal.SIGCONT)
        callers = [caller for _ in range(3) for caller in self.call_many()]
        for _ in range(100):
            self.assertEqual(self.caller.get(f'{ROOT}/namespace/web', 'Namespace', 'Name'), 'web')
        callers[-1].settimeout(1)
        with self.assertRaises(TimeoutError):
            callers[-1].recv(1000)
        callers[-1].settimeout(netns1.PATIENCE)
        os.kill(broker, signal.SIGCONT)
        self.assert_answered(callers)

    def test_not_seen(self):
        """It is in a namespace for a moment, which is nobody's business, and no reason to keep or to end anything."""
        holder = subprocess.Popen(['ip', 'netns', 'exec', 'web', 'sleep', '1000'])
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        wait_for(lambda: [pid for pid, *_ in self.caller.call(f'{ROOT}/namespace/web', 'Namespace', 'ListProcesses')
                          if pid == holder.pid])
        working, stop = [], threading.Event()

        def work():
            while not stop.is_set():
                self.open_socket()
                working.append(1)

        thread = threading.Thread(target=work)
        self.addCleanup(thread.join)
        self.addCleanup(stop.set)
        thread.start()
        broker = wait_for(find_broker)
        for _ in range(150):  # seen in the second round already if it is
            with self.assertRaises(netns1.BusError) as context:
                self.root.call(f'{ROOT}/namespace/web', 'Namespace', 'Delete', '(a{sv})', {})
            self.assertIn(f'({holder.pid})', str(context.exception))
            self.assertNotIn('netnsd', str(context.exception))
            self.assertEqual([pid for pid, *_ in self.root.call(f'{ROOT}/namespace/web', 'Namespace', 'ListProcesses')],
                             [holder.pid])
        stop.set()
        thread.join()
        self.assertGreater(len(working), 10)
        self.root.call(f'{ROOT}/namespace/web', 'Namespace', 'Delete', '(a{sv})', {'kill': GLib.Variant('b', True)})
        self.assertEqual(find_broker(), broker)

    def test_ends_with_the_service(self):
        for signal_number in (signal.SIGTERM, signal.SIGKILL):
            broker = wait_for(find_broker)
            pidfd = os.pidfd_open(broker)
            self.addCleanup(os.close, pidfd)
            netns1.NETNSD.stop(signal_number)
            self.assertTrue(select.select([pidfd], [], [], netns1.PATIENCE)[0])
            netns1.NETNSD.start()

    @unittest.skipUnless(netns1.IS_ROOT, 'needs another user')
    def test_hears_nobody_else(self):
        program = ('import socket; s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.connect("%s");'
                   's.settimeout(%d); print(s.recv(100))' % (SOCKET, netns1.PATIENCE))
        command = ['setpriv', '--reuid', str(netns1.ALICE), '--clear-groups', '/usr/bin/python3', '-c', program]
        self.assertIn('PermissionError', subprocess.run(command, capture_output=True, text=True).stderr)
        os.chmod(SOCKET, 0o666)
        self.assertEqual(subprocess.run(command, capture_output=True, text=True).stdout, "b''\n")


if __name__ == '__main__':
    netns1.main()
