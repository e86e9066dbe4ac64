#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Links of every kind: what the service makes is what `ip` shows, and what the running kernel lacks is told so."""
import pwd
import unittest

import netns1
import taps
from gi.repository import GLib
from netns1 import ROOT, run, u


def kernel_has(kind, *arguments):
    """Whether `ip` can make such a link, in a namespace of its own; the oracle."""
    on = ['link', 'under'] if kind in ('vlan', 'ipvlan') else []
    result = run('unshare', '-n', 'sh', '-c', 'ip link add under type ifb && exec "$@"', 'sh', 'ip', 'link', 'add',
                 *on, 'name', 'x', 'type', kind, *arguments, check=False)
    if result.returncode == 0:
        return True
    assert 'Unknown device type' in result.stderr, result.stderr
    return False


class Kinds(netns1.TestCase):
    def setUp(self):
        super().setUp()
        for name in ('web', 'db'):
            self.root.create_namespace(name)
        run('ip', '-batch', '-', namespace='db', input='link add under up type veth peer name up2\nlink set up2 up\n')
        run('ip', '-batch', '-', input='link add under up type veth peer name up2\nlink set up2 up\n')

    def create(self, namespace, kind, name, **options):
        """A link, as the bus and as ip has it."""
        options = {key.replace('_', '-'): value for key, value in options.items()}
        path = self.root.call(ROOT, 'Manager', 'CreateLink', '(sssa{sv})', namespace, kind, name, options)
        self.assertEqual(path, self.root.link(namespace, name))
        self.assertEqual(self.root.get(path, 'Link', 'Kind'), kind)
        found = netns1.link(name, namespace=namespace or None)
        self.assertEqual(found['linkinfo']['info_kind'], kind)
        return path, found

    def data(self, *arguments, **options):
        return self.create(*arguments, **options)[1]['linkinfo'].get('info_data')

    def assert_made_or_not_supported(self, expected, namespace, kind, *arguments, **options):
        """What a kernel with this kind makes; else the error, and nothing is changed."""
        if kernel_has(kind, *arguments):
            data = self.data(namespace, kind, f'new-{kind}', **options)
            self.assertEqual({key: data[key] for key in expected}, expected)
        else:
            with self.assertBusError('NotSupported') as context, self.unchanged():
                self.create(namespace, kind, f'new-{kind}', **options)
            self.assertIn(f'kind “{kind}”', context.exception.message)

    def test_dummy(self):
        if not kernel_has('dummy'):
            self.assert_made_or_not_supported({}, 'web', 'dummy')
        else:
            self.create('web', 'dummy', 'd0', addresses=['10.0.0.1/24'])
            self.assertEqual(netns1.addresses('d0', namespace='web'), ['10.0.0.1/24'])

    def test_vlan(self):
        self.assert_made_or_not_supported({'protocol': '802.1Q', 'id': 5}, 'db', 'vlan', 'id', '5', link='under',
                                          id=u(5))

    def test_vlan_of_provider(self):
        self.assert_made_or_not_supported({'protocol': '802.1ad', 'id': 4094}, 'db', 'vlan', 'id', '5',
                                          link='under', id=u(4094), protocol='802.1ad')

    def test_ipvlan(self):
        self.assert_made_or_not_supported({'mode': 'l2'}, 'db', 'ipvlan', link='under')

    def test_ipvlan_l3(self):
        self.assert_made_or_not_supported({'mode': 'l3'}, 'db', 'ipvlan', link='under', mode='l3')

    def test_vrf(self):
        self.assert_made_or_not_supported({'table': 4294967295}, 'db', 'vrf', 'table', '5', table=u(4294967295))

    def test_ifb(self):
        _, found = self.create('web', 'ifb', 'a-name-that-is-longer', mtu=u(1400), addresses=['10.0.0.1/24'],
                               mac_address='02:00:00:00:00:07')
        self.assertIn('a-name-that-is-longer', found['altnames'])
        self.assertEqual((found['mtu'], found['address']), (1400, '02:00:00:00:00:07'))
        self.assertIn('UP', found['flags'])
        self.assertEqual(netns1.addresses(found['ifname'], namespace='web'), ['10.0.0.1/24'])

    def test_macvlan_modes(self):
        self.assertEqual(self.data('db', 'macvlan', 'm0', link='under')['mode'], 'bridge')
        for mode in ('private', 'vepa', 'bridge'):
            _, found = self.create('db', 'macvlan', f'm-{mode}', link='under', mode=mode, up=False)
            self.assertEqual(found['linkinfo']['info_data']['mode'], mode)
            self.assertEqual(found['link'], 'under')
            self.assertNotIn('UP', found['flags'])
        self.assertEqual(self.data('db', 'macvlan', 'm-alone', link='up2', mode='passthru')['mode'], 'passthru')

    def test_parent_elsewhere(self):
        """Of the host, also where both have a link of that name, and of another namespace; traffic goes through."""
        index = netns1.link('under')['ifindex']
        for namespace, parent in (('web', ''), ('db', '')):
            _, found = self.create(namespace, 'macvlan', 'm0', link='under', link_namespace=parent)
            self.assertEqual(found['link_index'], index)
        path, found = self.create('', 'macvlan', 'from-db', link='up2', link_namespace='db')
        self.assertEqual(found['link_index'], netns1.link('up2', namespace='db')['ifindex'])
        self.assertEqual(self.root.get(path, 'Link', 'Namespace'), netns1.HOST)
        for namespace, address in (('web', '10.0.0.1/24'), ('db', '10.0.0.2/24')):
            self.root.call(self.root.link(namespace, 'm0'), 'Link', 'AddAddress', '(sa{sv})', address, {})
        self.assertTrue(netns1.can_ping('10.0.0.2', namespace='web'))

    def test_same_name_as_parent(self):
        """What is in the way is in the new link's namespace only."""
        _, found = self.create('web', 'macvlan', 'under', link='under', link_namespace='')
        self.assertEqual(found['link_index'], netns1.link('under')['ifindex'])

    def test_gone_with_parent(self):
        path, _ = self.create('web', 'macvlan', 'm0', link='under', link_namespace='')
        self.root.call(self.root.link('', 'under'), 'Link', 'Delete')
        self.assertIsNone(netns1.link('m0', namespace='web'))
        self.assertNotIn(path, self.root.managed_objects())

    def test_vxlan(self):
        data = self.data('db', 'vxlan', 'x0', id=u(42), remote='192.0.2.1', local='192.0.2.2', link='under',
                         port=GLib.Variant('q', 8472), learning=False)
        self.assertEqual((data['id'], data['remote'], data['local'], data['link'], data['port'], data['learning']),
                         (42, '192.0.2.1', '192.0.2.2', 'under', 8472, False))
        data = self.data('web', 'vxlan', 'x1', id=u(16777215))
        self.assertEqual((data['id'], data['port'], data['learning']), (16777215, 4789, True))
        data = self.data('db', 'vxlan', 'x6', id=u(0), remote='ff05::1', link='under')
        self.assertEqual((data['id'], data['group6']), (0, 'ff05::1'))
        data = self.data('web', 'vxlan', 'x7', id=u(7), remote='fd00::1', local='fd00::2')
        self.assertEqual((data['remote6'], data['local6']), ('fd00::1', 'fd00::2'))

    def test_vxlan_through_another_namespace(self):
        """Its packets travel where `link-namespace` says: two namespaces meet over a veth pair of the host and db."""
        run('ip', 'link', 'set', 'up2', 'netns', 'web', 'name', 'cable')
        run('ip', 'address', 'add', '192.0.2.1/24', 'dev', 'under')
        run('ip', '-batch', '-', namespace='web', input='address add 192.0.2.2/24 dev cable\nlink set cable up\n')
        self.create('db', 'vxlan', 'x0', id=u(9), remote='192.0.2.2', link_namespace='', addresses=['10.9.0.1/24'])
        self.create('web', 'vxlan', 'x0', id=u(9), remote='192.0.2.1', addresses=['10.9.0.2/24'])
        self.assertTrue(netns1.can_ping('10.9.0.2', namespace='db'))

    def test_by_netnsctl(self):
        netnsctl = netns1.netnsctl
        netnsctl('link', 'create', 'web', 'vxlan', 'x0', 'id=5', 'remote=192.0.2.1', 'learning=off', uid=None)
        data = netns1.link('x0', namespace='web')['linkinfo']['info_data']
        self.assertEqual((data['id'], data['remote'], data['learning']), (5, '192.0.2.1', False))
        netnsctl('link', 'create', 'db', 'macvlan', 'm0', 'link=under', 'link-namespace=@host', 'mode=private', uid=None)
        self.assertEqual(netns1.link('m0', namespace='db')['linkinfo']['info_data']['mode'], 'private')
        failed = netnsctl('link', 'create', 'web', 'wireguard', 'w0', uid=None, check=False)
        self.assertEqual(failed.returncode, 1)
        self.assertIn('wireguard', failed.stderr)


@unittest.skipUnless(taps.HAVE_TAPS, 'this machine has no /dev/net/tun')
class Taps(netns1.TestCase):
    def setUp(self):
        super().setUp()
        self.root.create_namespace('web')

    def create(self, caller, namespace, name, **options):
        path = caller.call(ROOT, 'Manager', 'CreateTap', '(ssa{sv})', namespace, name, options)
        return path, netns1.link(name, namespace=namespace or None)

    @unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
    def test_owner(self):
        """The caller if nobody is named; and the kernel lets in nobody else."""
        self.alice.create_namespace('mine')
        for caller, namespace, options, owner in (
                (self.root, '', {}, 0), (self.root, 'web', {'owner': u(netns1.BOB)}, netns1.BOB),
                (self.alice, 'mine', {}, netns1.ALICE)):
            path, found = self.create(caller, namespace, 'tap0', **options)
            data = found['linkinfo']['info_data']
            self.assertEqual((data['type'], data['persist'], data['pi'], data['multi_queue']),
                             ('tap', True, False, False))
            self.assertEqual(data['user'], pwd.getpwuid(owner).pw_name)
            self.assertEqual(self.root.get(path, 'Tap', 'OwnerUser'), owner)
            for uid in (netns1.ALICE, netns1.BOB):
                self.assertEqual(taps.may_attach('tap0', uid, namespace or '/proc/self/ns/net'), uid == owner, uid)

    def test_down(self):
        """The kernel announces no owner then."""
        path, found = self.create(self.root, 'web', 'a-name-that-is-longer', owner=u(1234), up=False)
        self.assertNotIn('UP', found['flags'])
        self.assertEqual(self.root.get(path, 'Tap', 'OwnerUser'), 1234)

    def test_options(self):
        _, found = self.create(self.root, 'web', 'tap0', **{'mtu': u(1400), 'mac-address': '02:00:00:00:00:07',
                                                            'addresses': ['10.0.0.1/24', 'fd00::1/64']})
        self.assertEqual((found['mtu'], found['address']), (1400, '02:00:00:00:00:07'))
        self.assertIn('UP', found['flags'])
        self.assertEqual(netns1.addresses('tap0', namespace='web'), ['10.0.0.1/24', 'fd00::1/64'])

    def test_made_by_others(self):
        """A tap of `ip tuntap` is one; one that carries packets and no frames is none; without owner it is nobody's."""
        run('ip', 'tuntap', 'add', 'mode', 'tap', 'name', 'theirs')
        run('ip', 'tuntap', 'add', 'mode', 'tun', 'name', 'packets')
        self.assertEqual(self.root.get(self.root.link('', 'theirs'), 'Tap', 'OwnerUser'), netns1.NOBODY)
        objects = self.root.managed_objects()
        self.assertNotIn('org.example.NetNS1.Tap', objects[self.root.link('', 'packets')])

    def test_on_bridge(self):
        """As libvirt uses one: a port of a bridge that a program speaks Ethernet through."""
        bridge = self.root.call(ROOT, 'Manager', 'CreateBridge', '(ssa{sv})', '', 'br0', {})
        path, _ = self.create(self.root, '', 'tap0')
        self.root.call(path, 'Link', 'AttachTo', '(o)', bridge)
        self.assertEqual(netns1.link('tap0')['master'], 'br0')

    def test_by_netnsctl(self):
        netns1.netnsctl('link', 'create', 'web', 'tap', 'tap0', 'owner=alice' if netns1.IS_ROOT else 'owner=0',
                        'mtu=1400', uid=None)
        found = netns1.link('tap0', namespace='web')
        self.assertEqual(found['linkinfo']['info_data']['user'], 'alice' if netns1.IS_ROOT else 'root')
        self.assertEqual(found['mtu'], 1400)
        self.assertIn('Tap owner', netns1.netnsctl('link', 'show', 'web', 'tap0', uid=None).stdout)


if __name__ == '__main__':
    netns1.main()
