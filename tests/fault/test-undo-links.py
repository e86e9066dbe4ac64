#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# All or nothing, for what makes, changes, moves and deletes links.
import unittest

import faults
import netns1
import taps
from gi.repository import GLib

LONG = 'a-name-of-more-than-fifteen-bytes'


class Links(faults.TestCase):
    def delete(self, namespace, name):
        self.link(namespace, name, 'Delete')

    def make_pair(self, **options):
        self.make_namespaces('web')
        self.manager('CreateVeth', '(ssssa{sv})', 'web', 'v1', '', 'v0', options)

    def test_create_veth(self):
        """With all options, long names, between two namespaces."""
        self.make_namespaces('one', 'two')
        options = {'addresses': ['10.1.0.1/24', 'fd00:1::1/64'], 'peer-addresses': ['10.1.0.2/24', 'fd00:1::2/64'],
                   'mtu': GLib.Variant('u', 1400), 'mac-address': '02:00:00:00:00:01',
                   'peer-mac-address': '02:00:00:00:00:02', 'up': True}
        self.walk(lambda: self.manager('CreateVeth', '(ssssa{sv})', 'one', LONG, 'two', LONG + '-2', options),
                  lambda: self.delete('one', LONG), at_least=15)

    def test_create_veth_to_host(self):
        self.make_namespaces('web')
        self.walk(lambda: self.manager('CreateVeth', '(ssssa{sv})', '', 'v0', 'web', 'v1', {}),
                  lambda: self.delete('', 'v0'), at_least=5)

    def test_create_bridge(self):
        options = {'addresses': ['10.1.0.1/24', 'fd00:1::1/64'], 'mtu': GLib.Variant('u', 1400),
                   'mac-address': '02:00:00:00:00:01'}
        self.walk(lambda: self.manager('CreateBridge', '(ssa{sv})', '', LONG, options),
                  lambda: self.delete('', LONG), at_least=4)

    def test_create_bridge_with_options(self):
        options = {'stp': True, 'forward-delay': GLib.Variant('u', 300), 'multicast-snooping': False}
        self.walk(lambda: self.manager('CreateBridge', '(ssa{sv})', '', 'br0', options),
                  lambda: self.delete('', 'br0'), at_least=7)

    def test_bridge_options(self):
        """Also in an order in which the kernel would refuse to go back."""
        self.manager('CreateBridge', '(ssa{sv})', '', 'br0', {'forward-delay': GLib.Variant('u', 0)})
        bridge = self.root.link('', 'br0')

        def set_all(**options):
            self.root.call(bridge, 'Bridge', 'SetOptions', '(a{sv})',
                           {key.replace('_', '-'): value for key, value in options.items()})
        self.walk(lambda: set_all(stp=True, forward_delay=GLib.Variant('u', 300), multicast_snooping=False,
                                  ageing_time=GLib.Variant('u', 1000)),
                  lambda: set_all(stp=False, forward_delay=GLib.Variant('u', 0), multicast_snooping=True,
                                  ageing_time=GLib.Variant('u', 30000)), at_least=9)

    def test_port_options(self):
        self.make_pair()
        self.manager('CreateBridge', '(ssa{sv})', '', 'br0', {})
        port = self.root.link('', 'v0')
        self.link('', 'v0', 'AttachTo', '(o)', self.root.link('', 'br0'))

        def set_all(flag, cost):
            self.root.call(port, 'BridgePort', 'SetOptions', '(a{sv})', {
                'hairpin': flag, 'isolated': flag, 'learning': not flag, 'cost': GLib.Variant('u', cost)})
        self.walk(lambda: set_all(True, 7), lambda: set_all(False, 2), at_least=9)

    @unittest.skipUnless(taps.HAVE_TAPS, 'this machine has no /dev/net/tun')
    def test_create_tap(self):
        """With all options, in a namespace, which the kernel lets nobody make in one go."""
        self.make_namespaces('web')
        options = {'addresses': ['10.1.0.1/24', 'fd00:1::1/64'], 'mtu': GLib.Variant('u', 1400),
                   'mac-address': '02:00:00:00:00:01', 'owner': GLib.Variant('u', 1000)}
        self.walk(lambda: self.manager('CreateTap', '(ssa{sv})', 'web', LONG, options),
                  lambda: self.delete('web', LONG), at_least=15)

    def test_create_link(self):
        """On a link of another namespace."""
        self.make_pair(**{'mac-address': '02:00:00:00:00:01'})
        options = {'link': 'v0', 'link-namespace': '', 'addresses': ['10.1.0.1/24', 'fd00:1::1/64'],
                   'mac-address': '02:00:00:00:00:03'}
        self.walk(lambda: self.manager('CreateLink', '(sssa{sv})', 'web', 'macvlan', LONG, options),
                  lambda: self.delete('web', LONG), at_least=5)

    def test_delete_link(self):
        def make():
            self.manager('CreateVeth', '(ssssa{sv})', 'web', 'v1', '', 'v0', {'addresses': ['10.1.0.1/24']})
        self.make_namespaces('web')
        make()
        self.walk(lambda: self.delete('', 'v0'), make, at_least=1)

    def set(self, method, signature, *values):
        """The last value is the present one."""
        *_, new, old = values
        self.walk(lambda: self.link('web', 'v1', method, signature, new),
                  lambda: self.link('web', 'v1', method, signature, old), at_least=3)

    def test_settings(self):
        self.make_pair(**{'mac-address': '02:00:00:00:00:01'})
        for method, signature, new, old in (('SetEnabled', '(b)', False, True), ('SetMtu', '(u)', 1400, 1500),
                                            ('SetMacAddress', '(s)', '02:00:00:00:00:02', '02:00:00:00:00:01'),
                                            ('SetDescription', '(s)', 'something', '')):
            with self.subTest(method):
                self.set(method, signature, new, old)

    def test_set_up_again(self):
        """With what it lost when it was set down."""
        self.make_pair(addresses=['10.1.0.1/24', 'fd00:1::1/64'], **{'mac-address': '02:00:00:00:00:01'})
        self.namespace('web', 'AddRoute', '(ssa{sv})', 'default', '10.1.0.254', {})
        self.link('web', 'v1', 'SetEnabled', '(b)', False)
        self.walk(lambda: self.link('web', 'v1', 'SetEnabled', '(b)', True),
                  lambda: self.link('web', 'v1', 'SetEnabled', '(b)', False), at_least=6)

    def test_rate_limit(self):
        self.make_pair()
        for rate, old in ((10**7, 0), (10**7, 10**6), (0, 10**6)):
            with self.subTest(f'{old} to {rate}'):
                self.link('web', 'v1', 'SetRateLimit', '(t)', old)
                self.set('SetRateLimit', '(t)', rate, old)

    def test_set_name(self):
        self.make_pair()
        self.walk(lambda: self.link('web', 'v1', 'SetName', '(s)', 'other'),
                  lambda: self.link('web', 'other', 'SetName', '(s)', 'v1'), at_least=3)

    def test_set_long_name(self):
        self.make_pair()

        def back():
            name = netns1.link(LONG, namespace='web')['ifname']
            self.link('web', LONG, 'SetName', '(s)', 'v1')
            netns1.run('ip', 'link', 'property', 'del', 'dev', 'v1', 'altname', LONG, namespace='web')
            self.assertNotEqual(name, 'v1')
        self.walk(lambda: self.link('web', 'v1', 'SetName', '(s)', LONG), back, at_least=4)

    def test_add_address(self):
        self.make_pair()
        for address in ('10.1.0.1/24', 'fd00:1::1/64'):
            with self.subTest(address):
                self.walk(lambda: self.link('web', 'v1', 'AddAddress', '(sa{sv})', address, {}),
                          lambda: self.link('web', 'v1', 'RemoveAddress', '(s)', address), at_least=3)

    def test_add_address_where_ipv6_is_off(self):
        """It is switched on for this link, and off again."""
        self.make_pair()

        def switch_off():
            netns1.run('sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/v1/disable_ipv6', namespace='web')
            netns1.wait_for(lambda: not self.root.get(self.root.link('web', 'v1'), 'Link', 'Addresses'))
        switch_off()
        self.walk(lambda: self.link('web', 'v1', 'AddAddress', '(sa{sv})', 'fd00:1::1/64', {'dad': 'off'}), switch_off,
                  at_least=6)

    def test_remove_address(self):
        self.make_pair(addresses=['10.1.0.1/24'])
        self.walk(lambda: self.link('web', 'v1', 'RemoveAddress', '(s)', '10.1.0.1/24'),
                  lambda: self.link('web', 'v1', 'AddAddress', '(sa{sv})', '10.1.0.1/24', {}), at_least=3)

    def test_add_and_remove_address_with_all_of_it(self):
        self.make_pair()
        options = {'peer': '10.1.0.2', 'label': 'v1:1', 'metric': GLib.Variant('u', 77), 'prefix-route': False}
        add = lambda: self.link('web', 'v1', 'AddAddress', '(sa{sv})', '10.1.0.1/32', options)  # noqa: E731
        remove = lambda: self.link('web', 'v1', 'RemoveAddress', '(s)', '10.1.0.1/32')  # noqa: E731
        self.walk(add, remove, at_least=3)
        self.walk(remove, add, at_least=3)

    def test_remove_first_address_of_subnet(self):
        """The kernel takes the others along, which must stay."""
        self.make_pair()

        def back():
            netns1.run('ip', 'address', 'flush', 'dev', 'v1', 'scope', 'global', namespace='web')
            netns1.run('ip', '-batch', '-', namespace='web', input="""
address add 10.1.0.1/24 dev v1
address add 10.1.0.2/24 dev v1 label v1:1
address add 10.1.0.3/24 dev v1
""")
            netns1.wait_for(lambda: len(self.root.get(self.root.link('web', 'v1'), 'Link', 'Addresses')) >= 3)
        back()
        self.walk(lambda: self.link('web', 'v1', 'RemoveAddress', '(s)', '10.1.0.1/24'), back, at_least=5)

    def test_move(self):
        """To the host and back, down and without addresses, which a move takes away."""
        self.make_pair(up=False)
        self.walk(lambda: self.link('web', 'v1', 'MoveTo', '(sa{sv})', '', {'name': 'moved'}),
                  lambda: self.link('', 'moved', 'MoveTo', '(sa{sv})', 'web', {'name': 'v1'}), at_least=5)

    def test_move_with_addresses(self):
        """The long name is a second step; what the first took away must come back."""
        def make():
            self.manager('CreateVeth', '(ssssa{sv})', 'web', 'v1', '', 'v0',
                         {'addresses': ['10.1.0.1/24', 'fd00:1::1/64'], 'mac-address': '02:00:00:00:00:01'})
            self.namespace('web', 'AddRoute', '(ssa{sv})', 'default', '10.1.0.254', {})

        def back():
            self.delete('', 'v0')
            make()
        self.make_namespaces('web')
        make()
        self.walk(lambda: self.link('web', 'v1', 'MoveTo', '(sa{sv})', '', {'name': LONG}), back, at_least=5)

    def test_attach_and_detach(self):
        self.make_pair()
        self.manager('CreateBridge', '(ssa{sv})', '', 'br0', {})
        bridge = self.root.link('', 'br0')
        self.walk(lambda: self.link('', 'v0', 'AttachTo', '(o)', bridge), lambda: self.link('', 'v0', 'Detach'),
                  at_least=1)
        self.link('', 'v0', 'AttachTo', '(o)', bridge)
        self.walk(lambda: self.link('', 'v0', 'Detach'), lambda: self.link('', 'v0', 'AttachTo', '(o)', bridge),
                  at_least=1)


if __name__ == '__main__':
    netns1.main()
