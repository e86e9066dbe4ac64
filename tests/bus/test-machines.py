#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A network as libvirt has one: virtual machines on taps of a bridge, with NAT to the outside."""
import json
import unittest

import ethernet
import netns1
import outside
import taps
from netns1 import ROOT, run


@unittest.skipUnless(taps.HAVE_TAPS, 'this machine has no /dev/net/tun')
class Machines(netns1.TestCase):
    def setUp(self):
        super().setUp()
        network = self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan',
                                 {'subnets': ['10.1.0.0/24'], 'nat': True})
        self.bridge = self.root.get(network, 'Network', 'Bridge')
        self.root.create_namespace('web')
        self.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'web', 'lan', {'addresses': ['10.1.0.2/24']})

    def plug_in(self, name, address):
        tap = self.root.call(ROOT, 'Manager', 'CreateTap', '(ssa{sv})', '', name, {})
        self.root.call(tap, 'Link', 'AttachTo', '(o)', self.bridge)
        return tap, self.switch_on(name, address)

    def switch_on(self, name, address):
        machine = ethernet.Machine(name, address, '10.1.0.1')
        self.addCleanup(machine.close)
        return machine

    def test_through_nat(self):
        """To the gateway, to each other and to a namespace, and out to a host that knows no way back to them."""
        _, one = self.plug_in('tap1', '10.1.0.11/24')
        _, two = self.plug_in('tap2', '10.1.0.12/24')
        for target in ('10.1.0.1', '10.1.0.12', '10.1.0.2', outside.ADDRESSES[0]):
            self.assertTrue(one.can_ping(target), target)
        self.assertTrue(two.can_ping('10.1.0.11'))
        self.assertTrue(two.can_ping(outside.ADDRESSES[0]))
        self.assertTrue(netns1.can_ping('10.1.0.11', namespace='web'))
        entries = self.root.call(self.bridge, 'Bridge', 'ListForwardingEntries')
        self.assertIn(('02:00:0a:01:00:0b', 'tap1', '', False), entries)
        neighbours = self.root.call(netns1.HOST, 'Namespace', 'ListNeighbours')
        self.assertIn(('10.1.0.11', 'lan', '02:00:0a:01:00:0b'), [row[:3] for row in neighbours])

    def test_without_nat(self):
        """The answer of the outside has no way back."""
        _, one = self.plug_in('tap1', '10.1.0.11/24')
        self.assertTrue(one.can_ping(outside.ADDRESSES[0]))
        self.root.call(f'{ROOT}/network/lan', 'Network', 'SetNat', '(b)', False)
        self.assertTrue(one.can_ping('10.1.0.1'))
        self.assertFalse(one.can_ping(outside.ADDRESSES[0], timeout=1))

    def test_isolated(self):
        """Machines that do not trust each other still reach the outside."""
        ports, machines = zip(*(self.plug_in(f'tap{number}', f'10.1.0.1{number}/24') for number in (1, 2)))
        self.assertTrue(machines[0].can_ping('10.1.0.12'))
        for port in ports:
            self.root.call(port, 'BridgePort', 'SetOptions', '(a{sv})', {'isolated': True})
        self.assertFalse(machines[0].can_ping('10.1.0.12', timeout=1))
        self.assertTrue(machines[0].can_ping(outside.ADDRESSES[0]))

    def test_machine_that_ends(self):
        """The tap stays, without carrier, and the next machine takes it."""
        tap, one = self.plug_in('tap1', '10.1.0.11/24')
        self.assertTrue(one.can_ping('10.1.0.1'))
        netns1.wait_for(lambda: self.root.get(tap, 'Link', 'Carrier'))
        one.close()
        netns1.wait_for(lambda: not self.root.get(tap, 'Link', 'Carrier'))
        self.assertIn('NO-CARRIER', json.loads(run('ip', '-json', 'link', 'show', 'tap1').stdout)[0]['flags'])
        self.assertTrue(self.switch_on('tap1', '10.1.0.13/24').can_ping('10.1.0.1'))


if __name__ == '__main__':
    netns1.main()
