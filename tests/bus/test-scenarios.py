#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# What users do, from beginning to end: the web server with Internet access, a bare veth pair, three namespaces on a
# bridge. Each once with netnsctl and once with busctl, by an ordinary user; the kernel's own tools say whether it
# worked.
import itertools
import json
import os
import unittest

import netns1
from netns1 import can_ping, ip, link, nft, run, sysctl

OUTSIDE = f'/proc/{os.environ["OUTSIDE_PID"]}/ns/net'
OUTSIDE_ADDRESS, OUTSIDE_ADDRESS6 = netns1.outside.ADDRESSES
UPLINK_ADDRESS, UPLINK_ADDRESS6 = netns1.outside.UPLINK_ADDRESSES


class Netnsctl:
    """alice at the command line."""

    @staticmethod
    def do(*arguments):
        """Whether it worked, and what it said when it did not."""
        result = netns1.netnsctl(*arguments, uid=netns1.ALICE, check=False)
        return result.returncode == 0, result.stderr

    def create_network(self, name, *subnets, nat=False):
        options = [word for subnet in subnets for word in ('--subnet', subnet)]
        return self.do('network', 'create', name, *options, *(['--nat'] if nat else []))

    def delete_network(self, name):
        return self.do('network', 'delete', name)

    def create_namespace(self, name):
        return self.do('namespace', 'create', name)

    def delete_namespace(self, name):
        return self.do('namespace', 'delete', name)

    def connect(self, namespace, network, *addresses):
        options = [word for address in addresses for word in ('--address', address)]
        return self.do('connect', namespace, network, *options)

    def disconnect(self, namespace, network):
        return self.do('disconnect', namespace, network)

    def create_veth(self, namespace, name, address, peer_namespace, peer_name, peer_address):
        ends = [f'{place or "@host"}:{end}{"=" + cidr if cidr else ""}'
                for place, end, cidr in ((namespace, name, address), (peer_namespace, peer_name, peer_address))]
        return self.do('veth', 'create', *ends)

    def create_bridge(self, namespace, name):
        return self.do('bridge', 'create', namespace or '@host', name)

    def attach(self, namespace, bridge, name):
        return self.do('bridge', 'attach', namespace or '@host', bridge, name)

    def add_address(self, namespace, name, address):
        return self.do('address', 'add', namespace or '@host', name, address)

    def add_route(self, namespace, destination, gateway):
        return self.do('route', 'add', namespace or '@host', destination, 'via', gateway)


class Busctl:
    """alice, who types calls."""

    @staticmethod
    def call(path, interface, method, *arguments):
        return netns1.busctl('call', netns1.SERVICE, path, f'{netns1.SERVICE}.{interface}', method, *arguments,
                             uid=netns1.ALICE, check=False)

    def do(self, path, interface, method, *arguments):
        result = self.call(path, interface, method, *arguments)
        return result.returncode == 0, result.stderr

    def manager(self, method, *arguments):
        return self.do(netns1.ROOT, 'Manager', method, *arguments)

    @staticmethod
    def strings(values):
        return [str(len(values)), *values]

    def find(self, namespace, name):
        """The path of a link: busctl prints `o "/org/..."`."""
        return self.call(netns1.ROOT, 'Manager', 'GetLink', 'ss', namespace, name).stdout.split('"')[1]

    def create_network(self, name, *subnets, nat=False):
        return self.manager('CreateNetwork', 'sa{sv}', name, '2', 'subnets', 'as', *self.strings(subnets), 'nat', 'b',
                            str(nat).lower())

    def delete_network(self, name):
        return self.do(f'{netns1.ROOT}/network/{name.replace("-", "_2d")}', 'Network', 'Delete')

    def create_namespace(self, name):
        return self.manager('CreateNamespace', 'sa{sv}', name, '0')

    def delete_namespace(self, name):
        return self.do(f'{netns1.ROOT}/namespace/{name}', 'Namespace', 'Delete', 'a{sv}', '0')

    def connect(self, namespace, network, *addresses):
        options = ['1', 'addresses', 'as', *self.strings(addresses)] if addresses else ['0']
        return self.manager('Connect', 'ssa{sv}', namespace, network, *options)

    def disconnect(self, namespace, network):
        return self.manager('Disconnect', 'ss', namespace, network)

    def create_veth(self, namespace, name, address, peer_namespace, peer_name, peer_address):
        options = [[key, 'as', '1', value] for key, value in (('addresses', address), ('peer-addresses', peer_address))
                   if value]
        return self.manager('CreateVeth', 'ssssa{sv}', namespace, name, peer_namespace, peer_name, str(len(options)),
                            *itertools.chain(*options))

    def create_bridge(self, namespace, name):
        return self.manager('CreateBridge', 'ssa{sv}', namespace, name, '0')

    def attach(self, namespace, bridge, name):
        return self.do(self.find(namespace, name), 'Link', 'AttachTo', 'o', self.find(namespace, bridge))

    def add_address(self, namespace, name, address):
        return self.do(self.find(namespace, name), 'Link', 'AddAddress', 'sa{sv}', address, '0')

    def add_route(self, namespace, destination, gateway):
        path = f'{netns1.ROOT}/namespace/{namespace or "_host"}'
        return self.do(path, 'Namespace', 'AddRoute', 'ssa{sv}', destination, gateway, '0')


class Witness:
    """Counts in the world outside from whom pings come."""

    SOURCES = {UPLINK_ADDRESS: 'ip', '10.0.0.0/8': 'ip', UPLINK_ADDRESS6: 'ip6', 'fd00::/16': 'ip6'}

    def __init__(self):
        rules = '; '.join(f'{family} saddr {source} meta l4proto {{ icmp, ipv6-icmp }} counter comment "{source}"'
                          for source, family in self.SOURCES.items())
        run('nft', 'flush ruleset; add table inet witness; '
            'add chain inet witness input { type filter hook input priority 0; }', namespace=OUTSIDE)
        for rule in rules.split('; '):
            run('nft', f'add rule inet witness input {rule}', namespace=OUTSIDE)

    def seen(self, source):
        for item in nft(namespace=OUTSIDE):
            rule = item.get('rule', {})
            if rule.get('comment') == source:
                return next(part['counter']['packets'] for part in rule['expr'] if 'counter' in part)
        raise AssertionError(f'no rule for {source}')


def is_up(info):
    return 'UP' in info['flags']


def others(namespace):
    """The links of a namespace besides lo."""
    return [info for info in ip('link', namespace=namespace) if info['ifname'] != 'lo']


def foreign_tables():
    """The ruleset without the service's own table, as text."""
    def mine(item):
        content = next(iter(item.values()))
        return content.get('table', content.get('name')) == 'netnsd' and content.get('family') == 'inet'
    return json.dumps([item for item in nft() if 'metainfo' not in item and not mine(item)], sort_keys=True)


class Scenarios:
    """Run twice, with client = Netnsctl() and Busctl()."""

    client = None

    def must(self, outcome):
        good, text = outcome
        self.assertTrue(good, text)

    def must_not(self, outcome, *words):
        good, text = outcome
        self.assertFalse(good)
        for word in words:
            self.assertIn(word, text)

    def assertPings(self, namespace, *targets):
        for target in targets:
            self.assertTrue(can_ping(target, namespace=namespace), f'{namespace or "the host"} cannot ping {target}')

    def build_webserver(self):
        client = self.client
        return (client.create_network('br-internal', '10.100.0.0/24', 'fd00:100::/64', nat=True),
                client.create_namespace('webserver'),
                client.connect('webserver', 'br-internal', '10.100.0.2/24', 'fd00:100::2/64'))

    def test_webserver(self):
        """S1"""
        witness = Witness()
        run('nft', 'add table ip mine; add chain ip mine forward { type filter hook forward priority 0; }; '
            'add rule ip mine forward accept comment "by hand"')
        foreign = foreign_tables()
        for outcome in self.build_webserver():
            self.must(outcome)

        self.assertIn('webserver', [line.split()[0] for line in run('ip', 'netns', 'list').stdout.splitlines()])
        bridge = link('br-internal')
        self.assertTrue(is_up(bridge))
        self.assertEqual(bridge['linkinfo']['info_kind'], 'bridge')
        self.assertEqual(netns1.addresses('br-internal'), ['10.100.0.1/24', 'fd00:100::1/64'])
        far_end = link('veth-webserver-h')
        self.assertEqual(far_end['master'], 'br-internal')
        self.assertTrue(is_up(far_end))
        self.assertLessEqual(len(far_end['ifname']), 15)

        self.assertTrue(is_up(link('lo', namespace='webserver')))
        inside = others('webserver')
        self.assertEqual([info['ifname'] for info in inside], ['eth0'])
        self.assertTrue(is_up(inside[0]))
        self.assertEqual(netns1.addresses('eth0', namespace='webserver'), ['10.100.0.2/24', 'fd00:100::2/64'])
        self.assertEqual(netns1.default_route('webserver'), '10.100.0.1')
        self.assertEqual(netns1.default_route('webserver', family=6), 'fd00:100::1')

        self.assertEqual(sysctl('net.ipv4.ip_forward'), '1')
        self.assertEqual(sysctl('net.ipv6.conf.all.forwarding'), '1')
        table = run('nft', 'list', 'table', 'inet', 'netnsd').stdout
        for word in ('masquerade', '10.100.0.0/24', 'fd00:100::/64', 'br-internal'):
            self.assertIn(word, table)
        self.assertEqual(foreign_tables(), foreign)

        self.assertPings('webserver', '10.100.0.1', OUTSIDE_ADDRESS, 'fd00:100::1', OUTSIDE_ADDRESS6)
        if netns1.IS_ROOT:  # alice
            netns1.netnsctl('exec', 'webserver', '--', 'ping', '-n', '-q', '-c1', '-W5', '198.51.100.2')
        self.assertGreater(witness.seen(UPLINK_ADDRESS), 0)
        self.assertGreater(witness.seen(UPLINK_ADDRESS6), 0)
        self.assertEqual(witness.seen('10.0.0.0/8'), 0)
        self.assertEqual(witness.seen('fd00::/16'), 0)

        with self.unchanged():
            for outcome in self.build_webserver():
                self.must_not(outcome)
            self.assert_exists()

    def assert_exists(self):
        """That the three calls of test_webserver, repeated, say Exists."""
        subnets = {'subnets': ['10.100.0.0/24', 'fd00:100::/64'], 'nat': True}
        for method, signature, *values in (('CreateNetwork', '(sa{sv})', 'br-internal', subnets),
                                           ('CreateNamespace', '(sa{sv})', 'webserver', {}),
                                           ('Connect', '(ssa{sv})', 'webserver', 'br-internal',
                                            {'addresses': ['10.100.0.2/24', 'fd00:100::2/64']})):
            with self.subTest(method), self.assertBusError('Exists'):
                self.alice.call(netns1.ROOT, 'Manager', method, signature, *values)

    def test_webserver_taken_away(self):
        """S1 backwards: nothing remains, and the sysctls are given back."""
        before = netns1.snapshot()
        for outcome in self.build_webserver():
            self.must(outcome)
        self.must(self.client.disconnect('webserver', 'br-internal'))
        self.assertIsNone(link('veth-webserver-h'))
        self.assertEqual(others('webserver'), [])
        self.assertIsNone(netns1.default_route('webserver'))
        self.must(self.client.delete_namespace('webserver'))
        self.assertEqual(netns1.namespaces(), [])
        self.must(self.client.delete_network('br-internal'))
        self.assertEqual(netns1.difference(before, netns1.snapshot()), '')

    def test_siblings_see_real_addresses(self):
        """Between own namespaces nothing is translated."""
        for outcome in (*self.build_webserver(), self.client.create_namespace('client'),
                        self.client.connect('client', 'br-internal', '10.100.0.3/24', 'fd00:100::3/64')):
            self.must(outcome)
        run('nft', 'add table inet witness; add chain inet witness input { type filter hook input priority 0; }',
            namespace='webserver')
        for source, family in (('10.100.0.3', 'ip'), ('fd00:100::3', 'ip6')):
            run('nft', f'add rule inet witness input {family} saddr {source} counter', namespace='webserver')
        self.assertPings('client', '10.100.0.2', 'fd00:100::2')
        counters = [part['counter']['packets'] for item in nft(namespace='webserver') if 'rule' in item
                    for part in item['rule']['expr'] if 'counter' in part]
        self.assertEqual(len(counters), 2)
        self.assertTrue(all(counters), counters)

    def test_veth_pair(self):
        """S2"""
        self.must(self.client.create_namespace('isolated'))
        self.must(self.client.create_veth('', 'veth0', '10.0.0.1/24', 'isolated', 'veth1', '10.0.0.2/24'))
        self.assertPings(None, '10.0.0.2')
        self.assertPings('isolated', '10.0.0.1', '127.0.0.1', '::1')
        self.assertTrue(is_up(link('lo', namespace='isolated')))
        tree = netns1.busctl('tree', '--list', netns1.SERVICE).stdout.split()
        ends = {}
        for namespace, label, name in (('', '_host', 'veth0'), ('isolated', 'isolated', 'veth1')):
            ends[name] = f'{netns1.ROOT}/namespace/{label}/link/{link(name, namespace=namespace or None)["ifindex"]}'
            self.assertIn(ends[name], tree)
            self.assertEqual(self.bob.link(namespace, name), ends[name])
        self.assertEqual(self.bob.get(ends['veth0'], 'Veth', 'Peer'), ends['veth1'])
        self.assertEqual(self.bob.get(ends['veth1'], 'Veth', 'Peer'), ends['veth0'])
        self.assertEqual(self.bob.get(ends['veth0'], 'Veth', 'PeerNamespace'), f'{netns1.ROOT}/namespace/isolated')
        self.assertEqual(self.bob.get(ends['veth1'], 'Veth', 'PeerNamespace'), netns1.HOST)

    NAMES = ('one', 'two', 'three')

    def address(self, name):
        return f'10.1.0.{self.NAMES.index(name) + 11}'

    def assert_three_on(self, bridge):
        """S3: three ports, default routes, 6 of 6 pings."""
        ports = [port for port in netns1.bridge('link') if port.get('master') == bridge]
        self.assertEqual(len(ports), 3, ports)
        for name in self.NAMES:
            self.assertEqual(netns1.default_route(name), '10.1.0.1')
        pairs = [(name, self.address(other)) for name, other in itertools.permutations(self.NAMES, 2)]
        self.assertEqual(len(pairs), 6)
        self.assertTrue(netns1.pings_all(pairs))

    def test_three_connected(self):
        """S3 with a network."""
        self.must(self.client.create_network('lan', '10.1.0.0/24'))
        for name in self.NAMES:
            self.must(self.client.create_namespace(name))
            self.must(self.client.connect(name, 'lan', f'{self.address(name)}/24'))
        self.assert_three_on('lan')
        self.must(self.client.create_namespace('four'))
        with self.unchanged():
            self.must_not(self.client.connect('four', 'lan', f'{self.address("two")}/24'), self.address('two'))
            with self.assertBusError('AddressInUse'):
                self.alice.call(netns1.ROOT, 'Manager', 'Connect', '(ssa{sv})', 'four', 'lan',
                                {'addresses': [f'{self.address("two")}/24']})

    def test_three_by_hand(self):
        """S3 with a call for each bridge, cable, address and route."""
        self.must(self.client.create_bridge('', 'br0'))
        self.must(self.client.add_address('', 'br0', '10.1.0.1/24'))
        for name in self.NAMES:
            self.must(self.client.create_namespace(name))
            self.must(self.client.create_veth('', f'veth-{name}', None, name, 'eth0', f'{self.address(name)}/24'))
            self.must(self.client.attach('', 'br0', f'veth-{name}'))
            self.must(self.client.add_route(name, 'default', '10.1.0.1'))
        self.assert_three_on('br0')

    def test_addresses_from_pool(self):
        """Who asks for no address gets the next free one of each subnet."""
        self.must(self.client.create_network('lan', '10.1.0.0/29', 'fd00:1::/64'))
        for name in self.NAMES:
            self.must(self.client.create_namespace(name))
            self.must(self.client.connect(name, 'lan'))
        taken = [netns1.addresses('eth0', namespace=name) for name in self.NAMES]
        self.assertEqual(taken, [[f'10.1.0.{host}/29', f'fd00:1::{host}/64'] for host in (2, 3, 4)])
        self.assertTrue(netns1.pings_all([('one', '10.1.0.4'), ('three', 'fd00:1::2')]))


@unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
class ThroughNetnsctl(Scenarios, netns1.TestCase):
    client = Netnsctl()


@unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
class ThroughBusctl(Scenarios, netns1.TestCase):
    client = Busctl()


if __name__ == '__main__':
    netns1.main()
