#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# All or nothing, for port forwards: rules, settings, held ports and files.
import socket

import faults
import netns1
from gi.repository import GLib


def q(value):
    return GLib.Variant('q', value)


class Forwards(faults.TestCase):
    def setUp(self):
        super().setUp()
        self.make_namespaces('web')
        self.manager('CreateNetwork', '(sa{sv})', 'lan', {'subnets': ['10.1.0.0/24', 'fd00:1::/64'], 'nat': True})
        self.manager('Connect', '(ssa{sv})', 'web', 'lan', {})

    def create(self, listen=8080, **options):
        return self.manager('CreateForward', '(ssqa{sv})', 'web', 'udp', 80, {'listen-port': q(listen), **options})

    def delete(self, number=1):
        self.root.call(f'{netns1.ROOT}/forward/{number}', 'Forward', 'Delete')

    def assert_free(self, port):
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as other:
            other.bind(('::', port))

    def assert_refused(self, error, before, why):
        super().assert_refused(error, before, why)
        if f'{netns1.ROOT}/forward/1' not in before.tree:
            self.assert_free(8080)

    def test_first(self):
        """The frame of the rules comes and goes with it, and the settings of the bridge."""
        self.walk(self.create, self.delete, at_least=12)
        self.walk(self.delete, self.create, at_least=9)

    def test_second(self):
        """Only elements."""
        self.create(9090)
        self.walk(lambda: self.create(count=q(3)), lambda: self.delete(2), at_least=4)
        self.walk(lambda: self.delete(2), self.create, at_least=4)

    def test_network_without_nat(self):
        """Forwarding is switched on for it."""
        self.manager('CreateNetwork', '(sa{sv})', 'bare', {'subnets': ['10.3.0.0/24']})
        self.manager('Disconnect', '(ss)', 'web', 'lan')
        self.network('lan', 'Delete')
        self.manager('Connect', '(ssa{sv})', 'web', 'bare', {})
        self.walk(self.create, self.delete, at_least=16)


if __name__ == '__main__':
    netns1.main()
