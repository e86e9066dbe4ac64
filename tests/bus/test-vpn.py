#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Networks while a VPN is up: its routes and rules are those of a real one (OpenVPN, wg-quick, Tailscale)."""
import ipaddress

import netns1
from netns1 import ROOT, run


def tunnel(peer='peer', mtu=1400):
    """The end of a VPN, a link tun0 without neighbours of its own, and what is behind it."""
    run('ip', 'netns', 'add', peer)
    run('ip', '-batch', '-', input=f'''
link add tun0 mtu {mtu} type veth peer name tun1 netns {peer}
link set tun0 up
address add 10.8.0.2/24 dev tun0
address add fd08::2/64 dev tun0 nodad
''')
    run('ip', '-batch', '-', namespace=peer, input=f'''
link set lo up
link set tun1 mtu {mtu} up
address add 10.8.0.1/24 dev tun1
address add fd08::1/64 dev tun1 nodad
address add 203.0.113.7/32 dev lo
''')


class Vpn(netns1.TestCase):
    def setUp(self):
        super().setUp()
        tunnel()
        self.addCleanup(run, 'ip', 'netns', 'del', 'peer')
        self.root.create_namespace('web')

    def routes(self, *routes):
        for route in routes:
            family = '-6' if ':' in route else '-4'
            run('ip', family, 'route', 'add', *route.split())

    def create(self, name, **options):
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', name, {'nat': True, **options})
        return [ipaddress.ip_network(subnet) for subnet in self.root.get(f'{ROOT}/network/{name}', 'Network', 'Subnets')]

    def connect(self, network='lan'):
        self.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'web', network, {})

    def assert_reached(self, *addresses):
        for address in addresses:
            self.assertTrue(netns1.can_ping(address, namespace='web'), address)


class Subnets(Vpn):
    def assert_in(self, subnets, *ranges):
        for subnet, wide in zip(subnets, ranges, strict=True):
            self.assertTrue(subnet.subnet_of(ipaddress.ip_network(wide)), f'{subnet} is not in {wide}')

    def test_halves(self):
        """OpenVPN's redirect-gateway def1, and what is meant by it."""
        for family, halves in (('IPv4', ('0.0.0.0/1 via 10.8.0.1', '128.0.0.0/1 via 10.8.0.1')),
                               ('IPv6', ('::/1 via fd08::1', '8000::/1 via fd08::1', '2000::/3 via fd08::1'))):
            with self.subTest(family):
                self.routes(*halves)
        self.assert_in(self.create('lan', ipv6=True), '10.213.0.0/24', 'fd00::/8')
        self.create('named', subnets=['192.168.77.0/24', 'fd00:77::/64'])
        self.connect()
        self.assert_reached('203.0.113.7')

    def test_private_ranges(self):
        """Those that are a VPN's are used last."""
        for number, (route, subnet) in enumerate((('10.0.0.0/8 via 10.8.0.1', '172.16.0.0/24'),
                                                  ('172.16.0.0/12 via 10.8.0.1', '192.168.0.0/24'),
                                                  ('192.168.0.0/16 via 10.8.0.1', '10.213.0.0/24'))):
            with self.subTest(route):
                self.routes(route)
                self.assert_in(self.create(f'n{number}'), subnet)
        self.routes('fc00::/7 via fd08::1')
        self.assert_in(self.create('lan', ipv6=True), '10.213.1.0/24', 'fd00::/8')
        self.connect()
        self.assert_reached('10.213.1.1', '10.8.0.1')

    def test_named(self):
        self.routes('10.0.0.0/8 via 10.8.0.1', '10.99.7.0/25 via 10.8.0.1', 'fd00::/8 via fd08::1')
        for subnet, words in (('10.0.0.0/8', 'tun0'), ('10.99.7.0/24', '10.99.7.0/25'), ('10.8.0.128/25', 'tun0'),
                              ('fd08::/80', 'tun0')):
            with self.subTest(subnet), self.assertRaisesRegex(Exception, words):
                self.create('refused', subnets=[subnet])
        for subnet in ('10.98.0.0/24', 'fd00:1::/64'):
            with self.subTest(subnet):
                self.create('four' if '.' in subnet else 'six', subnets=[subnet])


if __name__ == '__main__':
    netns1.main()
