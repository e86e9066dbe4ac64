#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rate limits: what `tc` shows, and what really gets through."""
import json
import socket
import threading

import netns1
from netns1 import ROOT, run

DATA = 2_000_000  # bytes


def tc(name, namespace):
    """The root queueing discipline, None if it is the kernel's own."""
    found = json.loads(run('tc', '-json', 'qdisc', 'show', 'dev', name, namespace=namespace).stdout)
    chosen = [entry for entry in found if entry.get('root') and entry['handle'] != '0:']
    return chosen[0] if chosen else None


class Rates(netns1.TestCase):
    def setUp(self):
        super().setUp()
        self.root.create_namespace('web')
        self.outside, self.inside = self.root.call(
            ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', '', 'v0', 'web', 'v1',
            {'addresses': ['10.0.0.1/24'], 'peer-addresses': ['10.0.0.2/24']})

    def limit(self, path, rate):
        self.root.call(path, 'Link', 'SetRateLimit', '(t)', rate)

    def assert_limit(self, rate):
        """Of the link inside: in bytes for tc, in bits on the bus."""
        found = tc('v1', 'web')
        if rate == 0:
            self.assertIsNone(found)
        else:
            self.assertEqual((found['kind'], found['options']['rate']), ('tbf', rate // 8))
            self.assertGreaterEqual(found['options']['burst'], 1514)
        self.assertEqual(self.root.call(self.inside, 'Link', 'GetRateLimit'), rate)

    def test_set(self):
        for up in (True, False):
            self.root.call(self.inside, 'Link', 'SetEnabled', '(b)', up)
            self.assert_limit(0)
            for rate in (8000, 10**7, 10**9, 35 * 10**9, 10**12, 10**6, 0, 0, 8000):  # 35 Gbit/s in bytes needs 33 bits
                self.limit(self.inside, rate)
                self.assert_limit(rate)
            self.limit(self.inside, 0)

    def test_rounded(self):
        self.limit(self.inside, 8007)
        self.assert_limit(8000)

    def test_others(self):
        """What the kernel puts there by itself is no obstacle; what somebody else did is left alone."""
        run('ip', 'link', 'add', 'ifb7', 'type', 'ifb', namespace='web')
        run('ip', 'link', 'set', 'ifb7', 'up', namespace='web')
        path = self.root.link('web', 'ifb7')
        self.limit(path, 10**6)
        self.assertEqual(tc('ifb7', 'web')['options']['rate'], 125000)
        self.limit(path, 0)
        self.assertIsNone(tc('ifb7', 'web'))
        run('tc', 'qdisc', 'add', 'dev', 'v1', 'root', 'tbf', 'rate', '1mbit', 'burst', '16k', 'latency', '50ms',
            namespace='web')
        before = tc('v1', 'web')
        for rate in (0, 10**7):
            with self.assertBusError('Busy'):
                self.limit(self.inside, rate)
        self.assertEqual(tc('v1', 'web'), before)
        self.assertEqual(self.root.call(self.inside, 'Link', 'GetRateLimit'), 0)

    def test_big_packets(self):
        """A packet that is bigger than what may leave at once would never leave."""
        for path in (self.outside, self.inside):
            self.root.call(path, 'Link', 'SetMtu', '(u)', 65535)
        self.limit(self.inside, 10**6)
        self.assertTrue(netns1.can_ping('10.0.0.1', namespace='web'))
        self.assertTrue(netns1.run('ping', '-c1', '-W5', '-M', 'do', '-s', '60000', '10.0.0.1', namespace='web'))

    def seconds_to_send(self, address, namespace):
        """How long it takes to send DATA to the other end."""
        code = ('import socket, sys, time\ns = socket.create_connection((sys.argv[1], 5000))\n'
                f'begin = time.monotonic()\ns.sendall(bytes({DATA}))\ns.shutdown(socket.SHUT_WR)\ns.recv(1)\n'
                'print(time.monotonic() - begin)\n')
        with socket.create_server(('10.0.0.1', 5000)) as server:
            def serve():
                connection, _ = server.accept()
                with connection:
                    while connection.recv(1 << 16):
                        pass
            thread = threading.Thread(target=serve)
            thread.start()
            seconds = run('/usr/bin/python3', '-c', code, address, namespace=namespace).stdout
            thread.join()
            return float(seconds)

    def test_throughput(self):
        """Sending so much takes so long at least; a busy machine can only be slower."""
        self.assertTrue(netns1.can_ping('10.0.0.1', namespace='web'))
        free = self.seconds_to_send('10.0.0.1', 'web')
        self.limit(self.inside, 8 * DATA)  # a second's worth
        limited = self.seconds_to_send('10.0.0.1', 'web')
        self.assertGreater(limited, 0.8)
        self.limit(self.inside, 0)
        self.limit(self.outside, 8 * DATA)  # what arrives: answers only
        self.assertLess(min(free, self.seconds_to_send('10.0.0.1', 'web')), limited / 2)

    def test_by_netnsctl(self):
        netnsctl = netns1.netnsctl
        netnsctl('link', 'set', 'web', 'v1', 'rate', '10mbit', 'mtu', '1400', uid=None)
        self.assert_limit(10**7)
        self.assertEqual(json.loads(netnsctl('--json=short', 'link', 'rate', 'web', 'v1', uid=None).stdout),
                         {'bits-per-second': 10**7})
        netnsctl('link', 'set', 'web', 'v1', 'rate', 'off', uid=None)
        self.assert_limit(0)


if __name__ == '__main__':
    netns1.main()
