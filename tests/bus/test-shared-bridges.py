#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Networks on bridges that were there before, with others on them."""
import itertools

import netns1
from netns1 import ROOT, run


class SharedBridges(netns1.TestCase):
    def setUp(self):
        super().setUp()
        for name in ('place', 'web'):
            self.root.create_namespace(name)

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


if __name__ == '__main__':
    netns1.main()
