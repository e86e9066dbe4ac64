#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bridges: their options and those of their ports, up and down, and what they have learned, compared with `ip` and
`bridge`."""
import json

import netns1
from gi.repository import GLib
from netns1 import ROOT, run, u

NAMES = {'stp': 'stp_state', 'vlan-filtering': 'vlan_filtering', 'forward-delay': 'forward_delay',
         'ageing-time': 'ageing_time', 'multicast-snooping': 'mcast_snooping'}
PROPERTIES = {'stp': 'Stp', 'vlan-filtering': 'VlanFiltering', 'forward-delay': 'ForwardDelay',
              'ageing-time': 'AgeingTime', 'multicast-snooping': 'MulticastSnooping'}


def can_filter_vlans():
    return run('unshare', '-n', 'ip', 'link', 'add', 'x', 'type', 'bridge', 'vlan_filtering', '1',
               check=False).returncode == 0


class Bridges(netns1.TestCase):
    def setUp(self):
        super().setUp()
        self.root.create_namespace('web')
        run('ip', '-batch', '-', namespace='web', input='''
link add a1 type veth peer name a2
link add b1 type veth peer name b2
''')

    def create(self, **options):
        return self.root.call(ROOT, 'Manager', 'CreateBridge', '(ssa{sv})', 'web', 'br0',
                              {key.replace('_', '-'): value for key, value in options.items()})

    def kernel(self):
        data = netns1.link('br0', namespace='web')['linkinfo']['info_data']
        return {key: data[name] for key, name in NAMES.items()}

    def assert_options(self, path, **expected):
        """Of the kernel, and of the bus."""
        expected = {key.replace('_', '-'): value for key, value in expected.items()}
        found, shown = self.kernel(), self.root.get_all(path, 'Bridge')
        self.assertEqual({key: found[key] for key in expected}, expected)
        self.assertEqual({key: shown[PROPERTIES[key]] for key in expected}, expected)

    def test_defaults(self):
        self.assert_options(self.create(), stp=False, vlan_filtering=False, forward_delay=1500, ageing_time=30000,
                            multicast_snooping=True)

    def test_mac_address_of_its_own(self):
        """Which no port that comes or goes changes, whether the bridge was made up or down, or with a given one; each has
        another one."""
        def attach(port, address):
            run('ip', 'link', 'set', port, 'address', address, 'master', 'br0', namespace='web')

        def address():
            return netns1.link('br0', namespace='web')['address']
        seen = set()
        for options, expected in (({}, None), ({'up': False}, None), ({'mac_address': '06:00:00:00:00:77'}, '06:00:00:00:00:77')):
            with self.subTest(options):
                path = self.create(**options)
                before = expected or address()
                attach('a1', '02:00:00:00:00:01')
                attach('b1', 'fe:00:00:00:00:05')
                self.assertEqual(address(), before)
                self.assertEqual(self.root.get(path, 'Link', 'MacAddress'), before)
                run('ip', 'link', 'set', 'a1', 'nomaster', namespace='web')
                self.assertEqual(address(), before)
                run('ip', 'link', 'set', 'b1', 'nomaster', namespace='web')
                self.assertEqual(address(), before)
                self.assertNotIn(before, seen)
                seen.add(before)
                netns1.wait_for(lambda: not self.root.get(path, 'Bridge', 'Ports'))
                self.root.call(path, 'Link', 'Delete')

    def test_created_with(self):
        path = self.create(stp=True, forward_delay=u(300), ageing_time=u(1000), multicast_snooping=False)
        self.assert_options(path, stp=True, forward_delay=300, ageing_time=1000, multicast_snooping=False)

    def test_set(self):
        """Also while it is down, of which the kernel tells nobody."""
        path = self.create(up=False)
        for up in (False, True):
            self.root.call(path, 'Link', 'SetEnabled', '(b)', up)
            for options in ({'stp': True, 'forward-delay': u(200)}, {'forward-delay': u(3000)},
                            {'stp': False, 'forward-delay': u(0)}, {'ageing-time': u(0), 'multicast-snooping': False},
                            {'ageing-time': u(30000), 'multicast-snooping': True}, {}):
                self.root.call(path, 'Bridge', 'SetOptions', '(a{sv})', options)
                self.assert_options(path, **{key: value.unpack() if isinstance(value, GLib.Variant) else value
                                             for key, value in options.items()})

    def test_vlan_filtering(self):
        path = self.create()
        before = self.kernel()
        if can_filter_vlans():
            self.root.call(path, 'Bridge', 'SetOptions', '(a{sv})', {'vlan-filtering': True})
            self.assert_options(path, vlan_filtering=True)
        else:
            with self.assertBusError('NotSupported'), self.unchanged():
                self.root.call(path, 'Bridge', 'SetOptions', '(a{sv})',
                               {'multicast-snooping': False, 'vlan-filtering': True, 'ageing-time': u(100)})
            self.assertEqual(self.kernel(), before)
            with self.assertBusError('NotSupported'), self.unchanged():
                self.root.call(ROOT, 'Manager', 'CreateBridge', '(ssa{sv})', 'web', 'br1', {'vlan-filtering': True})
        self.root.call(path, 'Bridge', 'SetOptions', '(a{sv})', {'vlan-filtering': False})
        self.assert_options(path, vlan_filtering=False)

    def port(self, name):
        found = [port for port in netns1.bridge('link', namespace='web') if port['ifname'] == name][0]
        return {key: found[key] for key in ('cost', 'hairpin', 'isolated', 'learning')}

    def test_ports(self):
        bridge, port = self.create(), self.root.link('web', 'a1')
        self.root.call(port, 'Link', 'AttachTo', '(o)', bridge)
        for up in (False, True):
            self.root.call(port, 'Link', 'SetEnabled', '(b)', up)
            for values in ({'cost': 65535, 'hairpin': True, 'isolated': True, 'learning': False},
                           {'cost': 1, 'hairpin': False, 'isolated': False, 'learning': True}):
                self.root.call(port, 'BridgePort', 'SetOptions', '(a{sv})', {**values, 'cost': u(values['cost'])})
                self.assertEqual(self.port('a1'), values)
                shown = self.root.get_all(port, 'BridgePort')
                self.assertEqual({key: shown[key.capitalize()] for key in values}, values)
        self.root.call(port, 'BridgePort', 'SetOptions', '(a{sv})', {'isolated': True})
        self.assertEqual(self.port('a1'), {'cost': 1, 'hairpin': False, 'isolated': True, 'learning': True})

    def test_isolated_ports(self):
        """Do not reach each other, but the bridge."""
        bridge = self.create(addresses=['10.0.0.1/24'])
        for number, name in ((2, 'a'), (3, 'b')):
            self.root.create_namespace(name)
            run('ip', 'link', 'set', f'{name}2', 'netns', name, namespace='web')
            run('ip', '-batch', '-', namespace=name, input=f'address add 10.0.0.{number}/24 dev {name}2\n'
                                                           f'link set {name}2 up\n')
            port = self.root.link('web', f'{name}1')
            self.root.call(port, 'Link', 'SetEnabled', '(b)', True)
            self.root.call(port, 'Link', 'AttachTo', '(o)', bridge)
        self.assertTrue(netns1.pings_all([('a', '10.0.0.1'), ('b', '10.0.0.1'), ('a', '10.0.0.3')]))
        for name in 'ab':
            self.root.call(self.root.link('web', f'{name}1'), 'BridgePort', 'SetOptions', '(a{sv})', {'isolated': True})
        self.assertTrue(netns1.pings_all([('a', '10.0.0.1'), ('b', '10.0.0.1')]))
        self.assertFalse(netns1.can_ping('10.0.0.3', namespace='a', timeout=2))

    def test_entries(self):
        bridge = self.create(mac_address='02:00:00:00:00:01')
        self.root.call(self.root.link('web', 'a1'), 'Link', 'AttachTo', '(o)', bridge)
        run('ip', '-batch', '-', namespace='web', input='link set a1 up\nlink set a2 up\n')
        run('bridge', 'fdb', 'add', '02:00:00:00:00:0a', 'dev', 'a1', 'master', 'static', namespace='web')
        run('bridge', 'fdb', 'add', '02:00:00:00:00:0b', 'dev', 'a1', 'master', 'dynamic', namespace='web')

        def kernel():
            entries = json.loads(run('bridge', '-json', 'fdb', 'show', 'br', 'br0', namespace='web').stdout)
            return sorted((entry['mac'], entry['ifname'], str(entry.get('vlan', '')),
                           entry['state'] in ('permanent', 'static')) for entry in entries if 'master' in entry)

        def listed():
            return sorted(self.root.call(bridge, 'Bridge', 'ListForwardingEntries'))

        def listed_by_netnsctl():
            rows = json.loads(netns1.netnsctl('--json=short', 'bridge', 'entries', 'web', 'br0', uid=None).stdout)
            return sorted((row['mac-address'], row['link'], row['vlan'] or '', row['permanent']) for row in rows)
        # The bridge learns a2 as soon as that speaks.
        netns1.wait_for(lambda: len(kernel()) >= 4 and listed() == kernel())
        netns1.wait_for(lambda: listed_by_netnsctl() == kernel())
        found = listed()
        self.assertIn(('02:00:00:00:00:01', 'br0', '', True), found)
        self.assertIn(('02:00:00:00:00:0a', 'a1', '', True), found)
        self.assertIn(('02:00:00:00:00:0b', 'a1', '', False), found)

    def test_too_many_entries(self):
        """All plans wait while they are read."""
        bridge = self.create()
        self.root.call(self.root.link('web', 'a1'), 'Link', 'AttachTo', '(o)', bridge)
        lines = ''.join(f'fdb add 02:00:00:00:{i >> 8:02x}:{i & 255:02x} dev a1 master static\n' for i in range(33000))
        run('bridge', '-batch', '-', namespace='web', input=lines)
        with self.assertBusError('TooLarge'):
            self.root.call(bridge, 'Bridge', 'ListForwardingEntries')
        run('ip', 'link', 'set', 'a1', 'nomaster', namespace='web')
        netns1.wait_for(lambda: len(self.root.call(bridge, 'Bridge', 'ListForwardingEntries')) < 10)

    def test_entries_of_one_bridge(self):
        """Those of another one are not among them."""
        bridge = self.create()
        run('ip', '-batch', '-', namespace='web', input='link add br1 type bridge\nlink set b1 master br1 up\n')
        mac = netns1.link('b1', namespace='web')['address']
        self.assertNotIn(mac, [entry[0] for entry in self.root.call(bridge, 'Bridge', 'ListForwardingEntries')])
        other = self.root.link('web', 'br1')
        self.assertIn(mac, [entry[0] for entry in self.root.call(other, 'Bridge', 'ListForwardingEntries')])

    def test_by_netnsctl(self):
        netns1.netnsctl('bridge', 'create', 'web', 'br0', 'stp=on', 'ageing-time=1000', uid=None)
        netns1.netnsctl('bridge', 'set', 'web', 'br0', 'stp=off', 'forward-delay=0', uid=None)
        self.assertEqual([self.kernel()[key] for key in ('stp', 'ageing-time', 'forward-delay')], [0, 1000, 0])
        netns1.netnsctl('bridge', 'attach', 'web', 'br0', 'a1', uid=None)
        netns1.netnsctl('bridge', 'port', 'web', 'a1', 'isolated=on', 'cost=9', uid=None)
        self.assertEqual((self.port('a1')['isolated'], self.port('a1')['cost']), (True, 9))
        for arguments, text in ((('set', 'web', 'a1', 'stp=on'), '“a1” is not a bridge'),
                                (('entries', 'web', 'a1'), '“a1” is not a bridge'),
                                (('port', 'web', 'b1', 'cost=5'), '“b1” is not a port of a bridge')):
            failed = netns1.netnsctl('bridge', *arguments, uid=None, check=False)
            self.assertEqual(failed.returncode, 1)
            self.assertIn(text, failed.stderr)


if __name__ == '__main__':
    netns1.main()
