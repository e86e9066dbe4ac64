#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Networks on bridges that were there before, with others on them."""
import itertools
import os
import subprocess

import netns1
from netns1 import ROOT, run


class SharedBridges(netns1.TestCase):
    def setUp(self):
        super().setUp()
        for name in ('place', 'web'):
            self.root.create_namespace(name)

    def wait_for_addresses(self, addresses, place):
        """The kernel tells of IPv6 addresses a moment after they were added."""
        bridge = self.root.link(place, 'docker0')
        netns1.wait_for(lambda: set(addresses) <= {address for address, _ in self.root.get(bridge, 'Link', 'Addresses')})

    def create(self, name='lan', **options):
        return self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', name, options)

    def connect(self, namespace='web', network='lan', **options):
        return self.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', namespace, network, options)

    def restart(self):
        netns1.NETNSD.stop()
        netns1.NETNSD.start()


class OneNetworkOfABridge(SharedBridges):
    def refused(self, network, **options):
        with self.unchanged(), self.assertBusError('Exists') as context:
            self.create('second', **options)
        self.assertIn(f'“{network}”', context.exception.message)

    def test_second_network(self):
        """Refused for one that was there before and for one that the service made, also after a restart."""
        for place, prefix in (('', ''), ('place', 'place:')):
            with self.subTest(place=place):
                run('ip', 'link', 'add', 'br0', 'type', 'bridge', namespace=place or None)
                self.create('first', bridge='br0', namespace=place)
                self.create('made', namespace=place)
                for _ in range(2):
                    self.refused(f'{prefix}first', bridge='br0', namespace=place)
                    self.refused(f'{prefix}made', bridge='made', namespace=place)
                    self.restart()
        # The same name in another namespace is another bridge.
        self.root.create_namespace('elsewhere')
        self.create('second', bridge='br0', namespace='elsewhere')

    def test_by_another_name(self):
        run('ip', 'link', 'add', 'br0', 'up', 'type', 'bridge')  # of one that is down the kernel does not tell other names
        self.create('first', bridge='br0')
        run('ip', 'link', 'set', 'br0', 'name', 'br1')
        run('ip', 'link', 'property', 'add', 'dev', 'br1', 'altname', 'br0')
        for name in ('br0', 'br1'):
            with self.subTest(name):
                self.refused('first', bridge=name)

    def test_bridge_that_is_gone(self):
        """It may come again."""
        run('ip', 'link', 'add', 'br0', 'type', 'bridge')
        self.create('first', bridge='br0')
        run('ip', 'link', 'delete', 'br0')
        self.refused('first', bridge='br0')
        self.root.call(f'{ROOT}/network/first', 'Network', 'Delete')
        self.create('second', bridge='br0')


class OwnSubnet(SharedBridges):
    """A bridge that was there before has subnets and addresses of its own."""

    ADDRESSES = ('172.17.0.1/16', 'fd09::1/64')
    SUBNETS = ['172.17.0.0/16', 'fd09::/64']

    def make_bridge(self, place='', addresses=ADDRESSES):
        namespace = place or None
        run('ip', 'link', 'add', 'docker0', 'type', 'bridge', namespace=namespace)
        for address in addresses:
            run('ip', 'address', 'add', address, 'dev', 'docker0', *(['nodad'] if ':' in address else []), namespace=namespace)
        run('ip', 'link', 'set', 'docker0', 'up', namespace=namespace)
        self.wait_for_addresses(addresses, place)

    def test_subnets(self):
        """They are taken or named, in any namespace; Delete() leaves the addresses where they are, also after a restart."""
        for place, options, restart in itertools.product(('', 'place'), ({}, {'subnets': self.SUBNETS}), (False, True)):
            with self.subTest(place=place, options=options, restart=restart):
                self.make_bridge(place)
                network = self.create(bridge='docker0', namespace=place, **options)
                with self.unchanged():
                    if restart:
                        self.restart()
                    self.assertEqual(self.root.get(network, 'Network', 'Subnets'), self.SUBNETS)
                    self.assertEqual(self.root.get(network, 'Network', 'Gateways'), ['172.17.0.1', 'fd09::1'])
                self.connect(network=f'{place}:lan' if place else 'lan')
                self.assertEqual(netns1.addresses('eth0', 'web'), ['172.17.0.2/16', 'fd09::2/64'])
                self.assertEqual(netns1.default_route('web'), '172.17.0.1')
                self.root.call(ROOT, 'Manager', 'Disconnect', '(ss)', 'web', f'{place}:lan' if place else 'lan')
                self.root.call(network, 'Network', 'Delete')
                self.assertEqual(netns1.addresses('docker0', place or None), list(self.ADDRESSES))
                run('ip', 'link', 'delete', 'docker0', namespace=place or None)

    def test_other_gateway(self):
        """An address need not be the first one; a further subnet gets one, which goes with the network."""
        self.make_bridge(addresses=('192.0.2.77/24',))
        network = self.create(bridge='docker0', subnets=['192.0.2.0/24', '203.0.114.0/24'])
        self.assertEqual(self.root.get(network, 'Network', 'Gateways'), ['192.0.2.77', '203.0.114.1'])
        self.connect()
        self.assertEqual(netns1.default_route('web'), '192.0.2.77')
        self.root.call(ROOT, 'Manager', 'Disconnect', '(ss)', 'web', 'lan')
        self.root.call(network, 'Network', 'Delete')
        self.assertEqual(netns1.addresses('docker0'), ['192.0.2.77/24'])

    def test_address_that_ends(self):
        """What a router gave for a time, or what belongs to a connection between two, is no gateway."""
        self.make_bridge(addresses=())
        run('ip', 'address', 'add', 'fd09::77/64', 'dev', 'docker0', 'nodad', 'valid_lft', '1000', 'preferred_lft', '1000')
        run('ip', 'address', 'add', '192.0.2.77', 'peer', '192.0.2.0/24', 'dev', 'docker0')
        network = self.create(bridge='docker0', subnets=['192.0.2.0/24', 'fd09::/64'])
        self.assertEqual(self.root.get(network, 'Network', 'Gateways'), ['192.0.2.1', 'fd09::1'])

    def test_without_gateway(self):
        self.make_bridge()
        network = self.create(bridge='docker0', gateway=False)
        self.assertEqual(self.root.get(network, 'Network', 'Gateways'), [])
        self.connect()
        self.assertEqual(netns1.addresses('eth0', 'web'), ['172.17.0.2/16', 'fd09::2/64'])
        self.assertIsNone(netns1.default_route('web'))

    def test_conflicts(self):
        """Routes by way of the bridge, and those of other links, are conflicts as before."""
        self.make_bridge()
        run('ip', 'route', 'add', '10.9.0.0/24', 'via', '172.17.0.5', 'dev', 'docker0')
        run('ip', 'link', 'add', 'other', 'up', 'type', 'bridge')
        run('ip', 'address', 'add', '10.8.0.1/24', 'dev', 'other')
        for subnet in ('10.9.0.0/24', '10.8.0.0/24'):
            with self.subTest(subnet), self.unchanged(), self.assertBusError('SubnetConflict'):
                self.create(bridge='docker0', subnets=[subnet])
        run('ip', 'route', 'add', '172.17.0.0/24', 'dev', 'other', 'table', '77')
        with self.unchanged(), self.assertBusError('SubnetConflict'):
            self.create(bridge='docker0')


class Ranges(SharedBridges):
    SUBNETS = ['10.1.0.0/24', 'fd01::/64']
    RANGE = '10.1.0.100-10.1.0.101,fd01::100-fd01::101'

    def test_range(self):
        network = self.create(subnets=self.SUBNETS, range=self.RANGE)
        for _ in range(2):
            self.assertEqual(self.root.get(network, 'Network', 'Range'), self.RANGE)
            self.restart()
        self.root.create_namespace('second')
        self.root.create_namespace('third')
        for namespace, last in (('web', 0), ('second', 1)):
            self.connect(namespace)
            self.assertEqual(netns1.addresses('eth0', namespace), [f'10.1.0.10{last}/24', f'fd01::10{last}/64'])
        with self.unchanged(), self.assertBusError('AddressInUse'):
            self.connect('third')
        self.connect('third', addresses=['10.1.0.7/24'])

    def test_one_of_two(self):
        """Of a subnet without a range all is given."""
        network = self.create(subnets=self.SUBNETS, range='fd01::9-fd01::ff')
        self.connect()
        self.assertCountEqual([lease[0] for lease in self.root.get(network, 'Network', 'Leases')], ['10.1.0.2', 'fd01::9'])

    def test_refused(self):
        for text in ('10.1.0.5', '10.1.0.5-', '-', 'x-y', '10.1.0.5-10.1.0.6-10.1.0.7', '10.1.0.9-10.1.0.8', '10.1.0.0-10.1.0.9',
                     '10.1.0.1-10.1.0.9', '10.1.0.9-10.1.0.255', '10.1.0.9-10.1.1.9', '10.2.0.5-10.2.0.9', 'fd01::-fd01::9',
                     'fd01::1-fd01::9', 'fd01::9-fd01::8', '10.1.0.9-fd01::9', 'fd01::9-fd02::', '10.1.0.5-10.1.0.6,',
                     '10.1.0.5-10.1.0.6,10.1.0.8-10.1.0.9', '10.1.0.5/24-10.1.0.6/24', '10.1.0.5 - 10.1.0.6', ',' * 100000):
            with self.subTest(text[:50]), self.unchanged(), self.assertBusError('InvalidArgument'):
                self.create(subnets=self.SUBNETS, range=text)

    def test_client(self):
        netns1.netnsctl('network', 'create', 'lan', '--subnet', '10.1.0.0/24', '--range', '10.1.0.9-10.1.0.19', uid=0)
        self.assertIn('10.1.0.9-10.1.0.19', netns1.netnsctl('network', 'show', 'lan', uid=0).stdout)


class Strangers(SharedBridges):
    """Who is on the bridge and cannot be seen by the service has addresses, too."""

    def make_bridge(self, place=''):
        # With an address of its own: with another one the kernel forgets all neighbours.
        run('ip', '-batch', '-', namespace=place or None, input='''
link add docker0 up address 02:00:00:00:00:01 type bridge
address add 172.17.0.1/24 dev docker0
address add fd09::1/64 dev docker0 nodad
''')
        self.wait_for_addresses(('172.17.0.1/24', 'fd09::1/64'), place)
        self.create(bridge='docker0', namespace=place)
        return f'{place}:lan' if place else 'lan'

    def add_stranger(self, *addresses, place=''):
        """In a namespace without a name, on a port of the bridge."""
        namespace = place or None
        process = subprocess.Popen(['unshare', '--net', 'sleep', 'infinity'])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        inside = f'/proc/{process.pid}/ns/net'
        netns1.wait_for(lambda: os.stat(inside).st_ino != os.stat('/proc/self/ns/net').st_ino)
        name = f'port{process.pid}'
        run('ip', 'link', 'add', name, 'up', 'master', 'docker0', 'type', 'veth', 'peer', 'name', f'x{name}', 'netns',
            str(process.pid), namespace=namespace)
        run('ip', '-batch', '-', namespace=inside, input=''.join(
            f'address add {address} dev x{name}' + (' nodad\n' if ':' in address else '\n') for address in addresses)
            + f'link set x{name} up\nlink set lo up\n')
        for link, where in (('docker0', namespace), (f'x{name}', inside)):
            netns1.wait_for(lambda: self.is_ready(link, where))
        return process, name, inside

    @staticmethod
    def is_ready(link, namespace):
        """Before, the kernel asks nobody for IPv6."""
        return any(address['scope'] == 'link' and not address.get('tentative') for address in
                   netns1.ip('-6', 'address', 'show', 'dev', link, namespace=namespace)[0]['addr_info'])

    def test_next_free(self):
        """Theirs are left out, in any namespace, and nothing stays of those that nobody has."""
        for place in ('', 'place'):
            with self.subTest(place=place):
                network = self.make_bridge(place)
                self.add_stranger('172.17.0.2/24', '172.17.0.3/24', 'fd09::2/64', place=place)
                self.connect(network=network)
                self.assertEqual(netns1.addresses('eth0', 'web'), ['172.17.0.4/24', 'fd09::3/64'])
                known = {entry['dst'] for entry in netns1.ip('neigh', 'show', 'dev', 'docker0', namespace=place or None)}
                self.assertEqual(known & {'172.17.0.4', 'fd09::3'}, set())
                self.root.call(ROOT, 'Manager', 'Disconnect', '(ss)', 'web', network)

    def test_named(self):
        """The error says who has it."""
        self.make_bridge()
        _, name, inside = self.add_stranger('172.17.0.2/24', 'fd09::2/64')
        mac = netns1.link(f'x{name}', inside)['address']
        for address in ('172.17.0.2/24', 'fd09::2/64'):
            with self.subTest(address), self.unchanged(), self.assertBusError('AddressInUse') as context:
                self.connect(addresses=[address])
            self.assertIn(mac, context.exception.message)
        self.connect(addresses=['172.17.0.9/24', 'fd09::9/64'])

    def test_who_has_left(self):
        """What is known from before does not count; what somebody wrote down for good does."""
        self.make_bridge()
        left, port, _ = self.add_stranger('172.17.0.2/24', 'fd09::2/64')
        self.add_stranger('172.17.0.77/24')
        for address in ('172.17.0.2', 'fd09::2'):
            self.assertTrue(netns1.can_ping(address))
        left.kill()
        left.wait()
        netns1.wait_for(lambda: netns1.link(port) is None)  # its namespace answers until it has ended
        written = {'172.17.0.3': ['nud', 'permanent'], '172.17.0.4': ['nud', 'noarp'],
                   '172.17.0.5': ['nud', 'stale', 'extern_learn']}
        for address, how in written.items():
            run('ip', 'neigh', 'add', address, 'lladdr', '02:00:00:00:00:03', 'dev', 'docker0', *how)
        before = netns1.ip('neigh', 'show', 'nud', 'all', 'dev', 'docker0')
        for address in written:
            with self.assertBusError('AddressInUse') as context:
                self.connect(addresses=[f'{address}/24'])
            self.assertIn('MAC address 02:00:00:00:00:03', context.exception.message)
        self.connect()
        self.assertEqual(netns1.addresses('eth0', 'web'), ['172.17.0.2/24', 'fd09::2/64'])
        after = netns1.ip('neigh', 'show', 'nud', 'all', 'dev', 'docker0')
        for address in written:
            self.assertEqual([entry for entry in after if entry['dst'] == address],
                             [entry for entry in before if entry['dst'] == address])

    def test_at_once(self):
        """Calls that ask at the same time ask for different addresses."""
        self.make_bridge()
        self.add_stranger('172.17.0.3/24')
        names = [f'n{number}' for number in range(6)]
        for name in names:
            self.root.create_namespace(name)
        calls = [self.root.start(ROOT, 'Manager', 'Connect', '(ssa{sv})', name, 'lan', {}) for name in names]
        for call in calls:
            call.result()
        given = [netns1.addresses('eth0', name)[0] for name in names]
        self.assertEqual(len(set(given)), len(names), given)
        self.assertNotIn('172.17.0.3/24', given)

    def test_who_answers_for_all(self):
        """They cannot keep the service busy for ever."""
        self.make_bridge()
        _, _, inside = self.add_stranger('172.17.0.2/24')
        run('ip', '-batch', '-', namespace=inside, input=''.join(
            f'route add local 172.17.0.{2 ** bit}/{32 - bit} dev lo\n' for bit in range(1, 8)))  # all but the bridge's
        with self.unchanged(), self.assertBusError('AddressInUse'):
            self.connect()


if __name__ == '__main__':
    netns1.main()
