#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Answers of a forward's target that leave by another way than the call came: who is answered, and whom the target sees.
import os

import netns1
import outside
from gi.repository import GLib
from netns1 import ROOT, nft, run
from callers import Talk, call, serve

OUTSIDE = f'/proc/{os.environ.get("OUTSIDE_PID")}/ns/net'
UPLINK = dict(zip((4, 6), outside.UPLINK_ADDRESSES))
OUTSIDE_ADDRESS = dict(zip((4, 6), outside.ADDRESSES))
LOCALHOST = {4: '127.0.0.1', 6: '::1'}
NETWORKS = 'a', 'b', 'c'
SUBNET = {name: {4: f'10.6{number}.0', 6: f'fd00:6{number}:'} for number, name in enumerate(NETWORKS, 1)}
FAMILIES = 4, 6
EVERYBODY = {4: '0.0.0.0/0', 6: '::/0'}
OUTSIDE_SUBNET = {4: '198.51.100.0/24', 6: 'fd99::/64'}
HALVES = {4: ('0.0.0.0/1', '128.0.0.0/1'), 6: ('::/1', '8000::/1')}


def host(network, number):
    """An address of a network, of each family; 1 is the gateway's."""
    return {4: f'{SUBNET[network][4]}.{number}', 6: f'{SUBNET[network][6]}:{number}'}


def default(way):
    return lambda family: [f'default {way(family)}']


def by(network):
    return lambda family: f'via {host(network, 1)[family]}'


def by_vpn(_family):
    return 'dev vpn'


# Routes of the target, the network that the forward leads by, and who is seen as himself there.
WAYS = {
    'this': (default(by('a')), 'a', {'outside', 'host', 'stranger'}),
    'other': (default(by('b')), 'b', {'outside', 'host', 'stranger'}),
    'better': (lambda family: [f'default {by("a")(family)} metric 20', f'default {by("b")(family)} metric 10'], 'b',
               {'outside', 'host', 'stranger'}),
    'vpn': (default(by_vpn), 'a', set()),
    'none': (lambda family: [], 'a', set()),
    'refused': (default(lambda family: 'metric 5'), 'a', set()),
    'neighbour': (default(lambda family: f'via {host("a", 99)[family]}'), 'a', set()),
    'vpn, but': (lambda family: ['default dev vpn', f'{OUTSIDE_SUBNET[family]} {by("b")(family)}'], 'a', set()),
    'vpn, and': (lambda family: ['default dev vpn', f'{OUTSIDE_SUBNET[family]} {by("a")(family)}'], 'a',
                 {'outside', 'host'}),
    'halves': (lambda family: [f'default {by("b")(family)}', *(f'{half} dev vpn' for half in HALVES[family])], 'b', set()),
    'table': (lambda family: [f'default {by("b")(family)}', 'default dev vpn table 51820'], 'b', set()),
}
TYPES = {'refused': 'unreachable '}

# From where, and what is called: `this` is the gateway of the network that the forward leads by, `else` of the other one.
CALLERS = {
    'outside': (OUTSIDE, UPLINK, OUTSIDE_ADDRESS),
    'host': (None, UPLINK, UPLINK),
    'loopback': (None, LOCALHOST, None),
    'sibling in a': ('in-a', host('a', 1), None),
    'sibling in b': ('in-b', host('b', 1), None),
    'stranger': ('in-c', host('c', 1), host('c', 2)),
}


def q(value):
    return GLib.Variant('q', value)


def ranges():
    """Who is shown as the host, as the kernel has it: {set: elements}."""
    found = {item['set']['name']: item['set'].get('elem', []) for item in nft() if 'set' in item}
    return {name: elements for name, elements in found.items() if '-away' in name and elements}


class World(netns1.TestCase):
    def setUp(self):
        super().setUp()
        run('conntrack', '-F')
        self.addCleanup(self.filter_paths, 0, None)
        for network in NETWORKS:
            self.manager('CreateNetwork', '(sa{sv})', network,
                         {'subnets': [f'{SUBNET[network][4]}.0/24', f'{SUBNET[network][6]}:/64'], 'nat': True})
        for name, networks in (('web', 'ab'), ('in-a', 'a'), ('in-b', 'b'), ('in-c', 'c')):
            self.root.create_namespace(name)
            for network in networks:
                self.manager('Connect', '(ssa{sv})', name, network,
                             {'default-route': False} if name == 'web' else {})
        # A link that leads nowhere.
        run('sh', '-ec', 'ip link add vpn type veth peer name nowhere; echo 0 > /proc/sys/net/ipv6/conf/vpn/accept_dad;'
            'ip address add 10.99.0.2/24 dev vpn; ip address add fd00:99::2/64 dev vpn; ip link set nowhere up;'
            'ip link set vpn up', namespace='web')
        serve(self, 'web', 'web', 80, 81)

    def manager(self, method, signature, *values):
        return self.root.call(ROOT, 'Manager', method, signature, *values)

    def forward(self, protocol='tcp', **options):
        return self.manager('CreateForward', '(ssqa{sv})', 'web', protocol, 80,
                            {'listen-port': q(8080), 'scope': 'public',
                             **{key.replace('_', '-'): value for key, value in options.items()}})

    def filter_paths(self, value, *places):
        for place in places:
            run('sh', '-ec', f'echo {value} > /proc/sys/net/ipv4/conf/all/rp_filter', namespace=place)

    def set_routes(self, routes, families=FAMILIES, kind=''):
        """Replaces all routes of the target that it did not get by its addresses."""
        for family in families:
            old = [f'{line.split(" proto ")[0]}' for line in self.list_routes(family)]
            lines = [f'ip -{family} route del {route}' for route in old]
            lines += [f'ip -{family} route add {kind}{route} proto 99' for route in routes(family)]
            run('sh', '-ec', '\n'.join(lines), namespace='web')

    def list_routes(self, family):
        lines = run('ip', f'-{family}', 'route', 'show', 'table', 'all', 'proto', '99', namespace='web').stdout
        return [line.strip() for line in lines.splitlines() if line.strip()]

    def wait_until_seen(self, seen, family=4, protocol='tcp', place=OUTSIDE):
        netns1.wait_for(lambda: call(place, protocol, UPLINK[family], 8080, timeout=2) == f'web {seen} 1')


class Matrix(World):
    def assert_way(self, way, protocol):
        routes, network, themselves = WAYS[way]
        self.set_routes(routes, kind=TYPES.get(way, ''))
        for family in FAMILIES:
            gateway = host(network, 1)[family]
            self.wait_until_seen(OUTSIDE_ADDRESS[family] if 'outside' in themselves else gateway, family, protocol)
            for name, (place, called, own) in CALLERS.items():
                with self.subTest(f'default route {way}, {name}, {protocol}, IPv{family}'):
                    # What was seen from outside may be of the routes before.
                    seen = f'web {own[family] if name in themselves else gateway} 1'
                    netns1.wait_for(lambda: call(place, protocol, called[family], 8080, timeout=2) == seen, what=seen)

    def test_filtered(self):
        """Every way of the default route, everybody who calls, with each filter of reverse paths."""
        self.forward()
        self.forward('udp')
        for value in (0, 1, 2):
            self.filter_paths(value, None, 'web')
            for way in WAYS if value == 1 else ('this', 'other', 'vpn', 'none'):
                with self.subTest(f'rp_filter {value}'):
                    self.assert_way(way, 'udp' if value == 2 else 'tcp')


class Following(World):
    def setUp(self):
        super().setUp()
        self.filter_paths(1, None, 'web')

    def test_calls(self):
        """The route changes by a call, which answers when the rules are right; and one family without the other."""
        self.forward()
        path = f'{ROOT}/namespace/web'
        for family, other in (FAMILIES, reversed(FAMILIES)):
            gateway = host('a', 1)[family]
            self.root.call(path, 'Namespace', 'AddRoute', '(ssa{sv})', EVERYBODY[family], gateway, {})
            self.assertEqual(call(OUTSIDE, 'tcp', UPLINK[family], 8080), f'web {OUTSIDE_ADDRESS[family]} 1')
            self.assertEqual(call(OUTSIDE, 'tcp', UPLINK[other], 8080), f'web {host("a", 1)[other]} 1')
            self.root.call(path, 'Namespace', 'RemoveRoute', '(ssa{sv})', EVERYBODY[family], gateway, {})
            self.assertEqual(call(OUTSIDE, 'tcp', UPLINK[family], 8080), f'web {gateway} 1')

    def test_open(self):
        """A flow is answered whichever way the routes change while it is open."""
        self.set_routes(default(by('a')))
        self.forward('udp')
        for family in FAMILIES:
            with self.subTest(family):
                gateway, themselves = f'web {host("a", 1)[family]} 1', f'web {OUTSIDE_ADDRESS[family]} 1'
                talk = Talk(self, OUTSIDE, UPLINK[family], 8080)
                self.assertEqual(talk.say(), themselves)
                self.set_routes(lambda _family: [], (family,))
                self.wait_until_seen(host('a', 1)[family], family, 'udp')
                self.assertEqual(talk.say(), gateway)
                self.set_routes(default(by('a')), (family,))
                self.wait_until_seen(OUTSIDE_ADDRESS[family], family, 'udp')
                self.assertEqual(talk.say(), gateway)  # it goes on as it is

    def test_restart(self):
        """What happened to the routes meanwhile is followed."""
        self.set_routes(default(by('b')))
        path = self.forward()
        self.assertEqual(self.root.get(path, 'Forward', 'TargetAddress'), host('b', 2)[4])
        for routes, seen in ((lambda family: [], host('a', 1)), (default(by('b')), OUTSIDE_ADDRESS),
                             (default(by_vpn), host('a', 1)), (default(by('a')), OUTSIDE_ADDRESS)):
            netns1.NETNSD.stop()
            self.set_routes(routes)
            netns1.NETNSD.start()
            for family in FAMILIES:
                self.wait_until_seen(seen[family], family)
        self.set_routes(default(by_vpn))
        for family in FAMILIES:
            self.wait_until_seen(host('a', 1)[family], family)
        before = ranges()
        netns1.NETNSD.stop()
        with self.unchanged():
            netns1.NETNSD.start()
            self.root.get(path, 'Forward', 'TargetAddress')
        netns1.wait_for(lambda: ranges() == before)

    def test_restored(self):
        """Somebody flushes the rules; and the sets are those of an earlier version, which had none."""
        self.forward()
        run('nft', 'flush', 'ruleset')
        self.wait_until_seen(host('a', 1)[4])
        netns1.NETNSD.stop()
        run('nft', 'delete', 'table', 'inet', 'netnsd')
        run('sh', '-ec', 'sed -i /^Away=/d /run/netnsd/forwards/1')
        netns1.NETNSD.start()
        self.wait_until_seen(host('a', 1)[4])

    def test_elements(self):
        """One address of the host, several ports, and nothing that stays."""
        paths = [self.forward(listen_address=UPLINK[family], count=q(2)) for family in FAMILIES]
        self.assertEqual(set(ranges()), {'one4-away4', 'one6-away6'})
        for family in FAMILIES:
            for port in (8080, 8081):
                self.assertEqual(call(OUTSIDE, 'tcp', UPLINK[family], port), f'web {host("a", 1)[family]} 1')
        self.set_routes(default(by('a')))
        # The other network that it is in.
        netns1.wait_for(lambda: [len(found) for found in ranges().values()] == [2, 2])
        for path in paths:
            self.root.call(path, 'Forward', 'Delete')
        self.assertEqual(ranges(), {})

    def test_many_routes(self):
        """More routes than are looked at, and more than there are ranges for: all are shown as the host."""
        self.set_routes(default(by('a')))
        self.forward()
        for count, odd in ((40, 1), (300, 0)):
            with self.subTest(count):
                run('ip', '-batch', '-', namespace='web', input=''.join(
                    f'route add 172.16.{number * (1 + odd) % 256}.{number * (1 + odd) // 256 * 8}/30 dev vpn\n'
                    for number in range(count)))
                self.wait_until_seen(host('a', 1)[4])
                self.assertEqual(len(ranges()['any-away4']), 1)
                run('sh', '-ec', "ip route show dev vpn | grep ^172 | sed 's/^/route del /' | ip -batch -", namespace='web')
                self.wait_until_seen(OUTSIDE_ADDRESS[4])


if __name__ == '__main__':
    netns1.main()
