#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whoever follows the service with an object manager of GLib, or with signals of its own, has what the service has: when
# a method returns, all that it changed has been told, once.
import json
import os
import re
import signal

import netns1
import taps
import truth
import watch
from gi.repository import Gio, GLib
from netns1 import api

PUBLIC = 'public'
SUBNETS = ['10.1.0.0/24', 'fd00:1::/64']
TENTATIVE = 0x40  # IFA_F_TENTATIVE of linux/if_addr.h


class Following(netns1.TestCase):
    def setUp(self):
        super().setUp()
        self.watcher = watch.Watcher()
        self.addCleanup(self.watcher.__exit__)
        self.called = set()

    def call(self, path, interface, method, signature=None, *values):
        """A call after which the signals must have told everything."""
        self.called.add(f'{netns1.SERVICE}.{interface}.{method}')
        self.watcher.signals.clear()
        result = self.watcher.call(path, interface, method, signature, *values)
        found = truth.bus(self.watcher.tree)
        text = truth.difference(truth.calm(truth.kernel(found)), truth.calm(found))
        self.assertEqual(text, '', f'{method} returned before its signals')
        self.assert_own_things()
        self.assertEqual(self.watcher.defects, [], method)
        return result

    def assert_own_things(self):
        """Networks and translations, which the kernel knows nothing of."""
        def own(tree):
            return {path: interfaces for path, interfaces in tree.items()
                    if any(word in path for word in ('/network/', '/nat/', '/forward/', '/process/'))}
        self.assertEqual(own(self.watcher.tree), own(self.root.managed_objects()))

    def manager(self, method, signature, *values):
        return self.call(netns1.ROOT, 'Manager', method, signature, *values)

    def assert_same_as_fresh(self, manager):
        """What a Gio.DBusObjectManagerClient holds is what a new one would hold."""
        def held():
            while self.watcher.context.iteration(False):
                pass
            return {thing.get_object_path(): {
                proxy.get_interface_name(): {name: proxy.get_cached_property(name).unpack()
                                             for name in proxy.get_cached_property_names() or []}
                for proxy in thing.get_interfaces()} for thing in manager.get_objects()}
        try:
            netns1.wait_for(lambda: held() == self.root.managed_objects())
        except TimeoutError:
            self.fail('the object manager has something else:\n' + truth.difference(self.root.managed_objects(), held()))

    def new_manager(self):
        return Gio.DBusObjectManagerClient.new_sync(self.watcher.connection, Gio.DBusObjectManagerClientFlags.NONE,
                                                    netns1.SERVICE, netns1.ROOT, None, None, None)

    # ---- the scenarios

    def build_webserver(self):
        self.manager('CreateNetwork', '(sa{sv})', 'lan', {'subnets': SUBNETS, 'nat': True})
        self.manager('CreateNamespace', '(sa{sv})', 'web', {})
        return self.manager('Connect', '(ssa{sv})', 'web', 'lan', {'addresses': ['10.1.0.2/24', 'fd00:1::2/64']})

    def test_object_manager(self):
        """S1, S2 and S3, changes by hand, and the end of it all."""
        manager = self.new_manager()
        self.build_webserver()
        self.assert_same_as_fresh(manager)
        self.manager('CreateNamespace', '(sa{sv})', 'isolated', {})
        self.manager('CreateVeth', '(ssssa{sv})', '', 'veth0', 'isolated', 'veth1',
                     {'addresses': ['192.168.1.1/24'], 'peer-addresses': ['192.168.1.2/24']})
        self.assert_same_as_fresh(manager)
        for name in ('one', 'two', 'three'):
            self.manager('CreateNamespace', '(sa{sv})', name, {})
            self.manager('Connect', '(ssa{sv})', name, 'lan', {})
        self.assert_same_as_fresh(manager)
        netns1.run('sh', '-e', '-c', 'ip netns add by-hand; ip link add v0 type veth peer name v1 netns by-hand; '
                   'ip link set v0 master lan up; ip -n by-hand link set v1 up; ip -n by-hand link set v1 name v2; '
                   'ip -n by-hand address add 10.1.0.99/24 dev v2; ip -n two link set eth0 netns by-hand')
        self.assert_same_as_fresh(manager)
        netns1.run('sh', '-e', '-c', 'ip netns delete by-hand; ip netns delete three; ip link delete veth0')
        netns1.wait_for(lambda: netns1.link('v0') is None and netns1.link('veth-three-h') is None)
        self.assert_same_as_fresh(manager)
        self.watcher.settle()
        self.manager('Disconnect', '(ss)', 'web', 'lan')
        self.manager('Disconnect', '(ss)', 'one', 'lan')
        for name in ('web', 'one', 'two', 'isolated'):
            self.call(f'{netns1.ROOT}/namespace/{name}', 'Namespace', 'Delete', '(a{sv})', {})
        self.call(f'{netns1.ROOT}/network/lan', 'Network', 'Delete')
        self.assert_same_as_fresh(manager)
        self.assertEqual([path for path in self.watcher.tree if not path.startswith(netns1.HOST)], [])

    # ---- each method

    def change_links(self):
        link, peer = self.manager('CreateVeth', '(ssssa{sv})', 'web', 'v1', '', 'v0',
                                  {'addresses': ['10.2.0.1/24', 'fd00:2::1/64'], 'mtu': GLib.Variant('u', 1400)})
        for method, signature, value in (('SetMtu', '(u)', 1300), ('SetMacAddress', '(s)', '02:00:00:00:00:01'),
                                         ('SetDescription', '(s)', 'text'), ('SetName', '(s)', 'other'),
                                         ('SetRateLimit', '(t)', 10**7)):
            self.call(link, 'Link', method, signature, value)
        for address in ('10.3.0.1/24', 'fd00:3::1/64'):
            self.call(link, 'Link', 'AddAddress', '(sa{sv})', address, {})
            self.call(link, 'Link', 'RemoveAddress', '(s)', address)
        bridge = self.manager('CreateBridge', '(ssa{sv})', '', 'br0', {'addresses': ['10.4.0.1/24', 'fd00:4::1/64']})
        if taps.HAVE_TAPS:
            tap = self.manager('CreateTap', '(ssa{sv})', 'web', 'a-tap-with-a-long-name',
                               {'owner': GLib.Variant('u', 1000 if netns1.IS_ROOT else 0), 'up': False})
            self.call(tap, 'Link', 'Delete')
        self.manager('CreateLink', '(sssa{sv})', 'web', 'macvlan', 'on-the-host',
                     {'link': 'v0', 'link-namespace': '', 'addresses': ['10.5.0.1/24', 'fd00:5::1/64']})
        self.call(self.root.link('web', 'on-the-host'), 'Link', 'Delete')
        for up in (True, False):
            self.call(bridge, 'Link', 'SetEnabled', '(b)', up)
            self.call(bridge, 'Bridge', 'SetOptions', '(a{sv})', {'stp': up, 'multicast-snooping': not up,
                                                                  'forward-delay': GLib.Variant('u', 300 + up)})
        self.call(peer, 'Link', 'AttachTo', '(o)', bridge)
        for up in (False, True):
            self.call(peer, 'Link', 'SetEnabled', '(b)', up)
            self.call(peer, 'BridgePort', 'SetOptions', '(a{sv})',
                      {'hairpin': up, 'isolated': not up, 'cost': GLib.Variant('u', 5 + up)})
        self.call(peer, 'Link', 'Detach')
        self.call(link, 'Link', 'SetName', '(s)', 'a-name-of-more-than-fifteen-bytes')
        self.call(link, 'Link', 'SetEnabled', '(b)', False)
        moved = self.call(link, 'Link', 'MoveTo', '(sa{sv})', '', {'name': 'another-name-that-is-long'})
        self.call(moved, 'Link', 'Delete')
        self.call(bridge, 'Link', 'Delete')

    def change_namespaces(self):
        web = f'{netns1.ROOT}/namespace/web'
        self.call(web, 'Namespace', 'AddRoute', '(ssa{sv})', '192.0.2.0/24', '10.1.0.1', {})
        self.call(web, 'Namespace', 'RemoveRoute', '(ssa{sv})', '192.0.2.0/24', '10.1.0.1', {})
        self.call(web, 'Namespace', 'SetSysctl', '(ss)', 'net.ipv6.conf.all.disable_ipv6', '1')
        self.call(web, 'Namespace', 'SetSysctl', '(ss)', 'net.ipv6.conf.all.disable_ipv6', '0')
        self.call(web, 'Namespace', 'SetOwner', '(u)', 1000)
        self.call(web, 'Namespace', 'OpenSocket', '(iii)', 2, 1, 0)
        self.call(web, 'Namespace', 'Open')
        handle = self.call(web, 'Firewall', 'AddRule', '(a{sv})', {'chain': 'input', 'action': 'drop'})
        self.call(web, 'Firewall', 'SetPolicy', '(ss)', 'forward', 'drop')
        self.call(web, 'Firewall', 'ListRules')
        self.call(web, 'Firewall', 'GetRuleset')
        self.call(web, 'Firewall', 'RemoveRule', '(t)', handle)
        self.call(web, 'Namespace', 'SetDns', '(asas)', ['192.0.2.53'], ['example.org'])
        command = self.call(web, 'Namespace', 'Run', '(asassaha{sv})', ['sleep', '1000'], [], '', [], {})
        self.call(web, 'Namespace', 'Rename', '(s)', 'shop')
        self.call(command, 'Process', 'Signal', '(i)', signal.SIGCONT)
        os.kill(self.watcher.get(command, 'Process', 'Pid'), signal.SIGKILL)
        self.assertEqual(self.call(command, 'Process', 'Wait'), (-1, signal.SIGKILL))
        process = netns1.sleeper(self, 'unshare', '-n')
        self.manager('AdoptProcess', '(sua{sv})', 'adopted', process.pid, {})

    def test_every_method(self):
        """And there is no method that changes something and is not among these."""
        self.build_webserver()
        self.call(f'{netns1.ROOT}/network/lan', 'Network', 'SetNat', '(b)', False)
        self.change_links()
        self.change_namespaces()
        nat = self.manager('CreateNat', '(sasa{sv})', '', ['10.9.0.0/24'], {})
        self.call(nat, 'Nat', 'GetCounters')
        self.call(nat, 'Nat', 'Delete')
        forward = self.manager('CreateForward', '(ssqa{sv})', 'shop', 'tcp', 80, {'listen-port': GLib.Variant('q', 8080)})
        self.call(forward, 'Forward', 'GetCounters')
        self.call(forward, 'Forward', 'Delete')
        self.manager('Disconnect', '(ss)', 'shop', 'lan')
        self.call(f'{netns1.ROOT}/network/lan', 'Network', 'Delete')
        self.call(f'{netns1.ROOT}/namespace/shop', 'Namespace', 'Delete', '(a{sv})', {})
        self.manager('Reload', '()')
        changing = {str(method) for interface in api.load().values() for method in interface.methods
                    if method.annotations.get(api.ACTION) != PUBLIC
                    and (taps.HAVE_TAPS or method.name != 'CreateTap')}
        self.assertEqual(self.called & changing, changing)

    def test_owner_of_bridge(self):
        """One that was there becomes its network's, and nobody's again."""
        bridge = self.manager('CreateBridge', '(ssa{sv})', '', 'mine', {})
        self.manager('CreateNetwork', '(sa{sv})', 'lan', {'subnets': SUBNETS, 'bridge': 'mine'})
        self.assertEqual(self.watcher.get(bridge, 'Link', 'Owner'), 0)
        self.call(f'{netns1.ROOT}/network/lan', 'Network', 'Delete')
        self.assertEqual(self.watcher.get(bridge, 'Link', 'Owner'), netns1.NOBODY)

    def assert_signals(self, *expected):
        """(path, names of properties) for each PropertiesChanged of the last call, and nothing else."""
        said = [(path, sorted(arguments[1])) for path, member, arguments in self.watcher.signals
                if member == 'PropertiesChanged']
        self.assertCountEqual(said, list(expected))
        self.assertEqual(len(said), len(self.watcher.signals), self.watcher.signals)

    def entries(self, *paths):
        """Each signal of an entry that came or went, and each other one of these objects."""
        return [(path, member, arguments) for path, member, arguments in self.watcher.signals
                if member in ('LeaseAdded', 'LeaseRemoved', 'PortAdded', 'PortRemoved') or path in paths]

    def test_lists_of_any_length(self):
        """An entry comes and goes by a small signal, however many there are."""
        lan, web = netns1.network_path('lan'), f'{netns1.ROOT}/namespace/web'
        self.manager('CreateNetwork', '(sa{sv})', 'lan', {'subnets': ['10.1.0.0/16']})
        self.manager('CreateNamespace', '(sa{sv})', 'web', {})
        self.manager('Connect', '(ssa{sv})', 'web', 'lan', {'addresses': ['10.1.100.1/16']})
        bridge = self.manager('CreateBridge', '(ssa{sv})', '', 'br0', {})
        made = 0
        for count in (80, 300):
            with self.subTest(count):
                netns1.run('ip', '-batch', '-', namespace='web', input=''.join(
                    f'address add 10.1.{number // 250}.{number % 250 + 2}/16 dev eth0\n' for number in range(made, count)))
                netns1.run('ip', '-batch', '-', input=''.join(
                    f'link add p{number} type veth peer q{number}\nlink set p{number} master br0\n' for number in range(made, count)))
                made = count
                self.watcher.wait(lambda: len(self.watcher.lists[lan, 'Leases']) == count + 1
                                  and len(self.watcher.lists[bridge, 'Ports']) == count, 'all are there')
                shown, = json.loads(netns1.run('ip', '-json', '-4', 'address', 'show', 'eth0', namespace='web').stdout)
                self.assertCountEqual(self.watcher.lists[lan, 'Leases'],
                                      [(address['local'], web, 'eth0') for address in shown['addr_info']
                                       if address['local'].startswith('10.1.')])
                shown = json.loads(netns1.run('ip', '-json', 'link', 'show', 'master', 'br0').stdout)
                self.assertCountEqual(self.watcher.lists[bridge, 'Ports'],
                                      [self.root.link('', link['ifname']) for link in shown])
                self.watcher.settle()
                lease, port = ('10.1.200.1', web, 'eth0'), (self.root.link('', 'p1'),)
                for command, expected in (('-n web address add 10.1.200.1/16 dev eth0', (lan, 'LeaseAdded', lease)),
                                          ('-n web address delete 10.1.200.1/16 dev eth0', (lan, 'LeaseRemoved', lease)),
                                          ('link set p1 nomaster', (bridge, 'PortRemoved', port)),
                                          ('link set p1 master br0', (bridge, 'PortAdded', port))):
                    self.watcher.signals.clear()
                    netns1.run('ip', *command.split())
                    self.watcher.wait(lambda: self.entries(), command)
                    self.watcher.settle()
                    self.assertEqual(self.entries(), [expected])
                # What is no lease changes neither the list nor anything else of the network.
                self.watcher.signals.clear()
                eth0 = self.root.link('web', 'eth0')
                netns1.run('ip', '-n', 'web', 'address', 'add', f'192.0.2.{count % 251}/32', 'dev', 'eth0')
                self.watcher.wait(lambda: [path for path, *_ in self.watcher.signals if path == eth0], 'the address')
                self.watcher.settle()
                self.assertEqual(self.entries(lan, bridge), [])
        # Other lists that are long are not told of in this way.
        self.assertEqual([defect for defect in self.watcher.defects
                          if not re.search(r'does not say what (Links|Addresses|AddressData|Routes|RouteData) is$', defect)], [])

    def test_leases_of_another_name(self):
        """The bridge loses its name, and another address of the same host is no lease less."""
        lan, lease = netns1.network_path('lan'), ('10.1.0.2', f'{netns1.ROOT}/namespace/web', 'eth0')
        self.manager('CreateNetwork', '(sa{sv})', 'lan', {'subnets': ['10.1.0.0/16']})
        self.manager('CreateNamespace', '(sa{sv})', 'web', {})
        self.manager('Connect', '(ssa{sv})', 'web', 'lan', {'addresses': ['10.1.0.2/16']})
        for command, member in (('link set lan name other', 'LeaseRemoved'), ('link set other name lan', 'LeaseAdded'),
                                ('-n web address add 10.1.0.2/24 dev eth0', 'LeaseAdded'),
                                ('-n web address delete 10.1.0.2/24 dev eth0', 'LeaseRemoved')):
            with self.subTest(command):
                self.watcher.signals.clear()
                netns1.run('ip', *command.split())
                self.watcher.wait(lambda: self.entries(), command)
                self.watcher.settle()
                self.assertEqual(self.entries(), [(lan, member, lease)])
                self.assertEqual(self.watcher.lists[lan, 'Leases'], self.root.get(lan, 'Network', 'Leases'))
                self.assertEqual(self.watcher.get(lan, 'Network', 'Bridge'), self.root.get(lan, 'Network', 'Bridge'))
        self.assertEqual(self.watcher.defects, [])

    def test_no_signal_too_many(self):
        self.manager('CreateNamespace', '(sa{sv})', 'web', {})
        link, peer = self.manager('CreateVeth', '(ssssa{sv})', 'web', 'v1', '', 'v0', {})
        web = f'{netns1.ROOT}/namespace/web'

        def at_rest():
            self.watcher.signals.clear()
            self.watcher.settle()
            return self.watcher.get(link, 'Link', 'OperState') == 'up' and all(map(has_own_address, (link, peer))) \
                and not self.watcher.signals

        def has_own_address(path):
            """The one that the kernel makes up, when it is no longer tentative."""
            return any(address.startswith('fe80:') and not flags & TENTATIVE
                       for address, flags in self.watcher.get(path, 'Link', 'Addresses'))
        netns1.wait_for(at_rest)
        self.call(link, 'Link', 'SetMtu', '(u)', 1400)
        self.assert_signals((link, ['Mtu']))
        self.call(link, 'Link', 'SetMtu', '(u)', 1400)
        self.assert_signals()
        self.call(link, 'Link', 'SetDescription', '(s)', 'text')
        self.assert_signals((link, ['Description']))
        self.call(peer, 'Link', 'SetName', '(s)', 'other')
        self.assert_signals((peer, ['Name']), (netns1.HOST, ['RouteData', 'Routes']))  # they name the link
        self.call(link, 'Link', 'AddAddress', '(sa{sv})', '10.1.0.1/24', {})
        self.assert_signals((link, ['AddressData', 'Addresses']), (web, ['RouteData', 'Routes']))


if __name__ == '__main__':
    netns1.main()
