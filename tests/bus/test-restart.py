#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# The service can end at any time, by request or by force: traffic goes on, and it knows afterwards whose things are,
# which networks, leases and translations there are, and how forwarding was before.
import itertools
import os
import re
import signal
import subprocess
import tempfile
import unittest

import netns1
import truth
from netns1 import sysctl

OUTSIDE, OUTSIDE6 = netns1.outside.ADDRESSES
SUBNETS = ['10.1.0.0/24', 'fd00:1::/64']
# The carrier comes a moment after a link.
LATER = {'Carrier', 'OperState', 'State'}
LISTS = {'Addresses', 'AddressData', 'Routes', 'RouteData'}
FORWARDING = ('net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding')


def without_later(tree):
    """What must be the same after a restart, whatever the kernel did meanwhile."""
    result = {}
    for path, interfaces in tree.items():
        result[path] = {interface: {name: sorted(value) if isinstance(value, list) else value
                                    for name, value in properties.items() if name not in LATER | LISTS}
                        for interface, properties in interfaces.items()}
    return result


class Restart(netns1.TestCase):
    def setUp(self):
        super().setUp()
        self.ends = itertools.cycle([signal.SIGKILL, signal.SIGTERM])
        self.caller = self.alice if netns1.IS_ROOT else self.root

    def restart(self):
        """By force and by request in turn; everything is as before."""
        before = without_later(truth.lasting(self.root.managed_objects()))
        netns1.NETNSD.stop(next(self.ends))
        netns1.NETNSD.start()
        self.assertEqual(without_later(truth.lasting(self.root.managed_objects())), before)
        truth.check(self, self.root, netns1.PATIENCE)

    def steps(self, *steps):
        """Each step, and a restart behind it."""
        for method, signature, *values in steps:
            self.caller.call(netns1.ROOT, 'Manager', method, signature, *values)
            self.restart()

    def delete(self, *path):
        arguments = ('(a{sv})', {}) if path[0] == 'namespace' else ()
        self.caller.call('/'.join((netns1.ROOT, *path)), path[0].capitalize(), 'Delete', *arguments)
        self.restart()

    def forwarding(self):
        return [sysctl(name) for name in FORWARDING]

    def assert_nothing_left(self):
        """But the socket of the process that opens sockets."""
        self.assertNotIn('netnsd', [item['table']['name'] for item in netns1.nft() if 'table' in item])
        self.assertEqual([files for _, _, files in os.walk('/run/netnsd') if set(files) - {'broker'}], [])

    def ping(self, address):
        """A hundred times a second, until it is stopped: the process, and the file with what it prints."""
        output = tempfile.NamedTemporaryFile('r')
        self.addCleanup(output.close)
        with open(output.name, 'w') as file:
            return subprocess.Popen(['nsenter', '--net=/run/netns/web', 'ping', '-n', '-i0.01', address],
                                    stdin=subprocess.DEVNULL, stdout=file), output

    @staticmethod
    def answered(output):
        """The numbers of a ping's requests that have an answer."""
        output.seek(0)
        return sorted(map(int, re.findall(r'icmp_seq=(\d+) ', output.read())))

    def test_webserver(self):
        """S1, with pings that go on."""
        self.steps(('CreateNetwork', '(sa{sv})', 'lan', {'subnets': SUBNETS, 'nat': True}),
                   ('CreateNamespace', '(sa{sv})', 'web', {}),
                   ('Connect', '(ssa{sv})', 'web', 'lan', {}))
        tree = self.root.managed_objects()
        self.assertEqual(tree[f'{netns1.ROOT}/namespace/web']['org.example.NetNS1.Namespace']['Owner'], self.caller.uid)
        network = tree[f'{netns1.ROOT}/network/lan']['org.example.NetNS1.Network']
        self.assertEqual(network['Owner'], self.caller.uid)
        self.assertEqual([address for address, *_ in network['Leases']], ['10.1.0.2', 'fd00:1::2'])
        self.assertTrue(netns1.pings_all([('web', OUTSIDE), ('web', OUTSIDE6)]))
        pings = [self.ping(address) for address in (OUTSIDE, OUTSIDE6)]
        for _ in range(4):
            self.restart()
        for ping, output in pings:
            before = len(self.answered(output))
            netns1.wait_for(lambda: len(self.answered(output)) >= before + 10)  # what was sent before has its answer
            ping.kill()
            ping.wait()
            answered = self.answered(output)
            self.assertGreater(len(answered), 20)
            self.assertEqual(answered, list(range(1, len(answered) + 1)))
        self.caller.call(netns1.ROOT, 'Manager', 'Disconnect', '(ss)', 'web', 'lan')
        self.restart()
        self.assertEqual(self.forwarding(), ['1', '1'])
        self.delete('network', 'lan')
        self.assertEqual(self.forwarding(), ['0', '0'])
        self.delete('namespace', 'web')
        self.assert_nothing_left()

    def test_three_namespaces(self):
        """S3: addresses that are taken stay taken."""
        self.steps(('CreateNetwork', '(sa{sv})', 'lan', {'subnets': SUBNETS[:1]}))
        for name in ('one', 'two', 'three'):
            self.steps(('CreateNamespace', '(sa{sv})', name, {}), ('Connect', '(ssa{sv})', name, 'lan', {}))
        self.assertEqual([netns1.addresses('eth0', namespace=name)[0] for name in ('one', 'two', 'three')],
                         ['10.1.0.2/24', '10.1.0.3/24', '10.1.0.4/24'])
        self.assertTrue(netns1.pings_all([('one', '10.1.0.3'), ('three', '10.1.0.2')]))
        with self.assertBusError('AddressInUse'):
            self.caller.create_namespace('four')
            self.caller.call(netns1.ROOT, 'Manager', 'Connect', '(ssa{sv})', 'four', 'lan',
                             {'addresses': ['10.1.0.3/24']})

    def test_two_networks_and_translation(self):
        """Forwarding is given back after the last, whatever that is."""
        self.steps(('CreateNetwork', '(sa{sv})', 'lan', {'subnets': SUBNETS[:1], 'nat': True}),
                   ('CreateNetwork', '(sa{sv})', 'more', {'subnets': ['10.2.0.0/24'], 'nat': True}),
                   ('CreateNat', '(sasa{sv})', '', ['10.3.0.0/24'], {}))
        self.assertEqual(self.forwarding(), ['1', '0'])
        self.delete('network', 'lan')
        self.delete('network', 'more')
        self.assertEqual(self.forwarding(), ['1', '0'])
        self.delete('nat', '1')
        self.assertEqual(self.forwarding(), ['0', '0'])
        self.assert_nothing_left()

    def test_forwarding_was_on(self):
        """It is not ours to switch off."""
        for name in FORWARDING:
            with open('/proc/sys/' + name.replace('.', '/'), 'w') as file:
                file.write('1')
        self.steps(('CreateNetwork', '(sa{sv})', 'lan', {'subnets': SUBNETS, 'nat': True}))
        self.delete('network', 'lan')
        self.assertEqual(self.forwarding(), ['1', '1'])
        self.assert_nothing_left()

    def test_changes_while_it_is_away(self):
        """What went while nobody looked is not shown, and its owner and network are forgotten."""
        self.steps(('CreateNetwork', '(sa{sv})', 'lan', {'subnets': SUBNETS, 'nat': True}),
                   ('CreateNamespace', '(sa{sv})', 'web', {}), ('CreateNamespace', '(sa{sv})', 'shop', {}),
                   ('Connect', '(ssa{sv})', 'web', 'lan', {}),
                   ('CreateNetwork', '(sa{sv})', 'inner', {'namespace': 'web', 'subnets': ['10.9.0.0/24']}))
        netns1.NETNSD.kill()
        netns1.run('sh', '-e', '-c', 'ip netns delete web; ip netns add web; ip netns add other')
        netns1.wait_for(lambda: netns1.link('veth-web-h') is None)
        netns1.NETNSD.start()
        truth.check(self, self.root, netns1.PATIENCE)
        tree = self.root.managed_objects()

        def owner(name):
            return tree[f'{netns1.ROOT}/namespace/{name}']['org.example.NetNS1.Namespace']['Owner']
        self.assertEqual([owner(name) for name in ('web', 'shop', 'other')],
                         [netns1.NOBODY, self.caller.uid, netns1.NOBODY])
        self.assertEqual(tree[f'{netns1.ROOT}/network/lan']['org.example.NetNS1.Network']['Leases'], [])
        self.assertEqual(len(os.listdir('/run/netnsd/namespaces')), 1)

    def test_network_of_a_namespace_made_anew(self):
        """Another namespace of the same name does not have the network."""
        self.steps(('CreateNamespace', '(sa{sv})', 'web', {}),
                   ('CreateNetwork', '(sa{sv})', 'inner', {'namespace': 'web', 'subnets': ['10.9.0.0/24']}))
        netns1.NETNSD.kill()
        netns1.run('sh', '-e', '-c', 'ip netns delete web; ip netns add web')
        netns1.NETNSD.start()
        self.assertEqual([path for path in self.root.managed_objects() if '/network/' in path], [])
        self.assertEqual(os.listdir('/run/netnsd/networks'), [])


class Stopped(netns1.TestCase):
    """Told to stop, it ends what it has begun, answers it, and begins nothing more."""

    def setUp(self):
        super().setUp()
        self.caller = self.alice if netns1.IS_ROOT else self.root

    def stop_when(self, begun):
        while not begun():
            pass
        netns1.NETNSD.stop()

    def answers(self, calls):
        """Of calls by name: the names of those that were done. The others heard that the service ends, or nothing."""
        done = set()
        for name, call in calls.items():
            try:
                call.result()
                done.add(name)
            except netns1.BusError as error:
                if error.name != 'NoReply':
                    self.assertEqual(error.message, 'Not authorized: the service is shutting down')
        return done

    def owners(self):
        return {path.rpartition('/')[2]: interfaces[netns1.full_interface('Namespace')]['Owner']
                for path, interfaces in self.root.managed_objects().items()
                if netns1.full_interface('Namespace') in interfaces}

    def test_many(self):
        for attempt in range(5):
            names = [f'n{attempt}x{number}' for number in range(40)]
            calls = {name: self.caller.start(netns1.ROOT, 'Manager', 'CreateNamespace', '(sa{sv})', name, {})
                     for name in names}
            self.caller.call('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'GetId', destination='org.freedesktop.DBus')
            self.stop_when(lambda: os.path.exists(f'/run/netns/{names[0]}'))
            done = self.answers(calls)
            self.assertEqual(done, set(names).intersection(os.listdir('/run/netns')))
            self.assertIn(names[0], done)
            netns1.NETNSD.start()
            owners = self.owners()
            self.assertEqual({owners[name] for name in done}, {self.caller.uid})
            self.assertEqual(len(re.findall(f'namespace=n{attempt}x.*: done', netns1.NETNSD.log)), len(done))

    def test_network(self):
        call = self.caller.start(netns1.ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan',
                                 {'subnets': SUBNETS, 'nat': True})
        self.stop_when(lambda: os.path.exists('/sys/class/net/lan'))
        self.assertEqual(call.result(), f'{netns1.ROOT}/network/lan')
        netns1.NETNSD.start()
        self.assertEqual(self.root.get(call.result(), 'Network', 'Owner'), self.caller.uid)
        self.assertEqual([sysctl(name) for name in FORWARDING], ['1', '1'])
        self.caller.call(call.result(), 'Network', 'Delete')
        self.assertEqual([sysctl(name) for name in FORWARDING], ['0', '0'])

    def test_delete(self):
        before = self.owners()
        self.caller.create_namespace('web')
        self.caller.call(netns1.ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', 'web', 'v1', 'web', 'v2', {})
        call = self.caller.start(f'{netns1.ROOT}/namespace/web', 'Namespace', 'Delete', '(a{sv})', {})
        self.stop_when(lambda: not os.path.exists('/run/netns/web'))
        self.assertIsNone(call.result())
        netns1.NETNSD.start()
        self.assertEqual(self.owners(), before)


if __name__ == '__main__':
    netns1.main()
