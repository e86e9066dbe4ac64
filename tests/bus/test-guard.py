#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Members of a network who do not trust each other: none gets what is for another one, whatever it sends, and what it may
# send passes.
import json
import os
import unittest

import frames
import netns1
import traffic
from frames import arp, ethernet, ipv4, ipv6, link_local, neighbour, tagged, udp
from gi.repository import GLib
from netns1 import HOST, ROOT, run, wait_for

NETWORK = f'{ROOT}/network/lan'
SUBNETS = ['10.1.0.0/24', 'fd00:1::/64']
GATEWAY, GATEWAY6 = '10.1.0.1', 'fd00:1::1'
VICTIM, VICTIM6 = '10.1.0.2', 'fd00:1::2'
OWN, OWN6 = '10.1.0.3', 'fd00:1::3'
FREE, FREE6 = '10.1.0.99', 'fd00:1::99'
STRANGER_MAC = '02:12:34:56:78:9a'


def guard(namespace=None):
    """The table, without what is new each time; None if there is none."""
    result = run('nft', '--stateless', 'list', 'table', 'bridge', 'netnsd', namespace=namespace, check=False)
    return result.stdout if result.returncode == 0 else None


def mac(namespace, name='eth0'):
    return netns1.link(name, namespace)['address']


@unittest.skipUnless(netns1.IS_ROOT, 'needs two ordinary users')
class GuardTestCase(netns1.TestCase):
    def create_network(self, name='lan', namespace='', **options):
        return self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', name,
                              {'subnets': SUBNETS, 'namespace': namespace, **options})

    def connect(self, caller, namespace, network='lan', **options):
        caller.create_namespace(namespace)
        return caller.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', namespace, network, options)

    def is_guarded(self, path=NETWORK):
        return self.root.get(path, 'Network', 'Guard')

    def change(self, caller, method, value, link='eth0', namespace='mallory'):
        arguments = ('(sa{sv})', value, {}) if method == 'AddAddress' else ('(s)', value)
        caller.call(caller.link(namespace, link), 'Link', method, *arguments)

    def passing(self, forged, sentinel=None, sender='mallory', seers=(('web', 'eth0'), (None, 'lan'))):
        """Which frames reach another member or the host."""
        passed = set()
        own = mac(sender)
        sentinel = sentinel or arp(own, own, self.own)
        for seer in seers:
            with frames.Socket(*seer) as there, frames.Socket(sender, 'eth0') as here:
                passed |= frames.try_all(here, there, forged, sentinel)
        return passed

    own = OWN


class Members(GuardTestCase):
    """web is alice's, mallory bob's, who has raw sockets there: both on a network that root shares."""

    def setUp(self):
        super().setUp()
        self.create_network(shared=True, nat=True)
        self.connect(self.alice, 'web')
        self.connect(self.bob, 'mallory')
        self.gateway_mac = mac(None, 'lan')
        self.victim, self.mallory = mac('web'), mac('mallory')

    def forge(self):
        own, victim, gateway = self.mallory, self.victim, self.gateway_mac
        lie, ask = arp(own, own, GATEWAY), arp(own, own, OWN, VICTIM, 1)
        frames_of_others = {
            'ARP answer for the gateway': lie,
            'ARP answer for the victim': arp(own, own, VICTIM),
            'ARP answer for a free address': arp(own, own, FREE),
            'ARP answer with the hardware address of another one': arp(own, victim, OWN),
            'ARP question in the name of the victim': arp(own, own, VICTIM, GATEWAY, 1),
            'ARP probe for the address of the victim': arp(own, own, '0.0.0.0', VICTIM, 1),
            'frame from the victim': ask[:6] + frames.packed_mac(victim) + ask[12:],
            'frame from the gateway': ask[:6] + frames.packed_mac(gateway) + ask[12:],
            'frame from a new hardware address': ask[:6] + frames.packed_mac(STRANGER_MAC) + ask[12:],
            'ARP answer behind a tag of VLAN 0': tagged(lie),
            'ARP answer behind two tags': tagged(tagged(lie)),
            'ARP answer in a VLAN': tagged(lie, 7),
            'own ARP answer behind a tag': tagged(arp(own, own, OWN)),
            'IPv4 from the victim': ipv4(own, VICTIM, GATEWAY),
            'IPv4 from the gateway': ipv4(own, GATEWAY, VICTIM),
            'IPv4 from the world': ipv4(own, '192.0.2.1', VICTIM),
            'IPv4 from nobody': ipv4(own, '0.0.0.0', VICTIM),
            'DHCP offer': ipv4(own, OWN, '255.255.255.255', udp(67, 68), 17),
            'DHCP offer from nobody': ipv4(own, '0.0.0.0', '255.255.255.255', udp(67, 68), 17),
            'IPv6 from the victim': ipv6(own, VICTIM6, GATEWAY6),
            'IPv6 from the gateway': ipv6(own, GATEWAY6, VICTIM6),
            'IPv6 from the world': ipv6(own, '2001:db8::1', VICTIM6),
            'IPv6 from the link-local address of the victim': ipv6(own, link_local(victim), GATEWAY6),
            'IPv6 from the link-local address of the gateway': ipv6(own, link_local(gateway), VICTIM6),
            'DHCPv6 answer': ipv6(own, link_local(own), 'ff02::1', udp(547, 546), 17),
            'router advertisement': ipv6(own, link_local(own), 'ff02::1', neighbour(134), 58),
            'redirect': ipv6(own, link_local(own), VICTIM6, neighbour(137, GATEWAY6), 58),
            'PPPoE discovery': ethernet(own, 0x8863, bytes(46)),
            'spanning tree': ethernet(own, 38, bytes.fromhex('4242030000000000') + bytes(38), '01:80:c2:00:00:00'),
        }
        for what, target in (('victim', VICTIM6), ('gateway', GATEWAY6), ('free one', FREE6),
                             ('link-local one of the victim', link_local(victim))):
            advert = neighbour(136, target, own)
            frames_of_others[f'neighbour advertisement, {what}'] = ipv6(own, OWN6, 'ff02::1', advert, 58)
            frames_of_others[f'neighbour advertisement, {what}, from link-local'] = ipv6(own, link_local(own), 'ff02::1',
                                                                                          advert, 58)
            frames_of_others[f'test for duplicates, {what}'] = ipv6(own, '::', 'ff02::1', neighbour(135, target), 58)
        return frames_of_others

    def allowed(self):
        own = self.mallory
        return {
            'ARP answer': arp(own, own, OWN),
            'ARP question': arp(own, own, OWN, VICTIM, 1),
            'ARP probe': arp(own, own, '0.0.0.0', OWN, 1),
            'IPv4': ipv4(own, OWN, VICTIM),
            'DHCP question': ipv4(own, '0.0.0.0', '255.255.255.255', udp(68, 67), 17),
            'IGMP report': ipv4(own, '0.0.0.0', '224.0.0.22', bytes(8), 2),
            'IPv6': ipv6(own, OWN6, VICTIM6),
            'IPv6 from link-local': ipv6(own, link_local(own), 'ff02::1'),
            'neighbour advertisement': ipv6(own, OWN6, 'ff02::1', neighbour(136, OWN6, own), 58),
            'neighbour advertisement, link-local': ipv6(own, link_local(own), 'ff02::1',
                                                        neighbour(136, link_local(own), own), 58),
            'neighbour solicitation': ipv6(own, OWN6, 'ff02::1', neighbour(135, VICTIM6, own), 58),
            'test for duplicates': ipv6(own, '::', 'ff02::1', neighbour(135, OWN6), 58),
            'test for duplicates, link-local': ipv6(own, '::', 'ff02::1', neighbour(135, link_local(own)), 58),
            'router solicitation': ipv6(own, link_local(own), 'ff02::2', neighbour(133), 58),
            'MLD report': ipv6(own, '::', 'ff02::16', bytes([143]) + bytes(7), 58),
        }

    def test_frames(self):
        """What is forged reaches neither the victim nor the host; what is its own reaches both."""
        self.assertTrue(self.is_guarded())
        self.assertEqual(self.passing(self.forge()), set())
        own = self.allowed()
        for seer in (('web', 'eth0'), (None, 'lan')):
            self.assertEqual(self.passing(own, seers=[seer]), set(own))

    def test_frames_without_guard(self):
        """The same frames are seen where nothing holds them: the test can fail."""
        # Where br_netfilter is at work, NAT drops what has an address of its subnets and is not tracked, also on a bridge.
        self.root.call(NETWORK, 'Network', 'SetNat', '(b)', False)
        self.create_network('open', guard=False, shared=True, subnets=['10.2.0.0/24', 'fd00:2::/64'])
        for caller, namespace in ((self.alice, 'web'), (self.bob, 'mallory')):
            caller.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', namespace, 'open', {'name': 'more'})
        self.assertFalse(self.is_guarded(f'{ROOT}/network/open'))
        with frames.Socket('web', 'more') as there, frames.Socket('mallory', 'more') as here:
            passed = frames.try_all(here, there, self.forge(), arp(self.mallory, self.mallory, OWN))
        self.assertLessEqual(set(self.forge()) - passed, {'spanning tree'})

    def test_bridge_learns_nothing_wrong(self):
        """It learns also from frames that no bridge forwards."""
        def place():
            return {entry['ifname'] for entry in netns1.bridge('fdb', 'show', 'br', 'lan')
                    if entry['mac'] == self.victim}
        self.assertTrue(netns1.can_ping(GATEWAY, namespace='web'))
        before = place()
        self.assertEqual(len(before), 1)
        lies = {'LLDP': ethernet(self.victim, frames.ETH_P_LLDP, bytes(46), '01:80:c2:00:00:0e'),
                'pause': ethernet(self.victim, 0x8808, bytes(46), '01:80:c2:00:00:01'),
                'IPv4': ipv4(self.victim, VICTIM, GATEWAY)}
        self.assertEqual(self.passing(lies), set())
        self.assertEqual(place(), before)
        self.assertEqual(self.passing({'IPv4': ipv4(self.victim, VICTIM, GATEWAY)}), set())

    def test_normal_traffic(self):
        """Members and the host reach each other, by IPv4, IPv6 and link-local addresses; forwards, also from inside."""
        host = link_local(self.gateway_mac)
        self.assertTrue(netns1.pings_all([
            ('web', GATEWAY), ('web', GATEWAY6), ('web', OWN), ('web', OWN6), ('mallory', VICTIM), ('mallory', VICTIM6),
            ('mallory', GATEWAY), (None, VICTIM), (None, OWN6), ('web', f'{host}%eth0'),
            ('mallory', f'{link_local(self.victim)}%eth0'), ('web', f'{link_local(self.mallory)}%eth0')]))
        self.root.call(ROOT, 'Manager', 'CreateForward', '(ssqa{sv})', 'web', 'tcp', GLib.Variant('q', 80),
                       {'scope': 'host', 'listen-port': GLib.Variant('q', 8080)})
        with traffic.Echo('web', tcp=[80]):
            self.assertTrue(traffic.answers('127.0.0.1', 8080))
            self.assertTrue(traffic.answers(GATEWAY, 8080, namespace='mallory'))
            self.assertTrue(traffic.answers(GATEWAY, 8080, namespace='web'))

    def test_addresses_inside(self):
        """What root in the namespace sets there passes no more than what raw sockets send."""
        run('ip', 'address', 'add', f'{VICTIM}/24', 'dev', 'eth0', namespace='mallory')
        run('ip', 'address', 'add', f'{FREE}/24', 'dev', 'eth0', namespace='mallory')
        run('sysctl', '-qw', 'net.ipv4.conf.eth0.arp_notify=1', namespace='mallory')
        run('ip', 'link', 'set', 'eth0', 'down', namespace='mallory')
        run('ip', 'link', 'set', 'eth0', 'address', self.victim, namespace='mallory')
        run('ip', 'link', 'set', 'eth0', 'up', namespace='mallory')
        run('ip', 'neighbour', 'flush', 'all')
        self.assertTrue(netns1.can_ping(VICTIM))
        entries = {entry['dst']: entry.get('lladdr') for entry in netns1.ip('neighbour', 'show', 'dev', 'lan')}
        self.assertEqual(entries[VICTIM], self.victim)
        self.assertFalse(netns1.can_ping(GATEWAY, namespace='mallory', timeout=2))
        run('ip', 'link', 'set', 'eth0', 'address', self.mallory, namespace='mallory')
        run('ip', 'address', 'del', f'{VICTIM}/24', 'dev', 'eth0', namespace='mallory')
        self.assertTrue(netns1.can_ping(GATEWAY, namespace='mallory'))
        self.assertEqual(self.passing({'free': ipv4(self.mallory, FREE, VICTIM)}), set())

    def test_addresses_of_others_are_refused(self):
        for address in (f'{GATEWAY}/24', f'{VICTIM}/24', f'{VICTIM}/32', f'{GATEWAY6}/64', f'{VICTIM6}/64',
                        f'{link_local(self.victim)}/64', f'{link_local(self.gateway_mac)}/64'):
            with self.subTest(address), self.unchanged(), self.assertBusError('AddressInUse'):
                self.change(self.bob, 'AddAddress', address)
        for address in (self.victim, self.gateway_mac):
            with self.subTest(address), self.unchanged(), self.assertBusError('AddressInUse'):
                self.change(self.bob, 'SetMacAddress', address)
        with self.assertBusError('AddressInUse'):
            self.change(self.root, 'AddAddress', f'{VICTIM}/24', 'lan', '')
        self.assertEqual(self.passing({'lie': ipv4(self.mallory, VICTIM, GATEWAY)}), set())

    def test_address_that_the_victim_lost(self):
        """It stays bound to her port, whatever the link in her namespace has."""
        run('ip', 'address', 'del', f'{VICTIM}/24', 'dev', 'eth0', namespace='web')
        with self.assertBusError('AddressInUse'):
            self.change(self.bob, 'AddAddress', f'{VICTIM}/24')
        self.connect(self.bob, 'more')
        self.assertNotIn(f'{VICTIM}/24', netns1.addresses('eth0', 'more'))
        with self.assertBusError('AddressInUse'):
            self.connect(self.bob, 'evenmore', addresses=[f'{VICTIM}/24'])

    def test_own_addresses(self):
        """What the service adds may be used, what it removes no longer."""
        for address, make in ((FREE, ipv4), (FREE6, ipv6)):
            frame = make(self.mallory, address, VICTIM if make is ipv4 else VICTIM6)
            prefix = 24 if make is ipv4 else 64
            self.assertEqual(self.passing({'it': frame}), set())
            self.change(self.bob, 'AddAddress', f'{address}/{prefix}')
            self.assertEqual(self.passing({'it': frame}), {'it'})
            self.assertTrue(netns1.can_ping(address))
            self.change(self.bob, 'RemoveAddress', f'{address}/{prefix}')
            self.assertEqual(self.passing({'it': frame}), set())
        self.change(self.bob, 'AddAddress', 'fe80::99/64')
        self.assertTrue(netns1.can_ping('fe80::99%lan'))
        self.change(self.bob, 'AddAddress', '10.9.0.1/24')  # of no network: it may have it, and send nothing from it
        self.assertEqual(self.passing({'it': ipv4(self.mallory, '10.9.0.1', VICTIM)}), set())

    def test_own_mac(self):
        self.change(self.bob, 'SetMacAddress', STRANGER_MAC)
        self.assertTrue(netns1.pings_all([('mallory', GATEWAY), ('mallory', GATEWAY6), (None, OWN6),
                                          (None, f'{link_local(self.mallory)}%lan')]))
        self.assertEqual(self.passing({'old': ipv4(self.mallory, OWN, VICTIM)}), set())

    def test_elements_go_with_the_port(self):
        """Disconnected, deleted, and by others; who comes next by the same name gets what is its own."""
        self.connect(self.bob, 'more')
        whole = guard()
        self.assertIn('10.1.0.4', whole)
        self.bob.call(ROOT, 'Manager', 'Disconnect', '(ss)', 'more', 'lan')
        without = guard()
        self.assertNotIn('10.1.0.4', without)
        self.assertEqual(len(os.listdir('/run/netnsd/bindings')), 2)
        self.bob.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'more', 'lan', {})
        self.bob.call(f'{ROOT}/namespace/more', 'Namespace', 'Delete', '(a{sv})', {})
        wait_for(lambda: guard() == without)
        self.connect(self.bob, 'more')
        run('ip', 'link', 'delete', 'eth0', namespace='more')
        wait_for(lambda: guard() == without)
        self.bob.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'more', 'lan', {'addresses': ['10.1.0.44/24']})
        run('ip', 'link', 'delete', 'eth0', namespace='more')
        self.bob.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'more', 'lan', {'addresses': ['10.1.0.45/24']})
        self.assertIn('10.1.0.45', guard())
        self.assertNotIn('10.1.0.44', guard())
        self.assertTrue(netns1.can_ping('10.1.0.45'))

    def test_no_rule_for_each_port(self):
        def rules():
            return sum('rule' in item for item in netns1.nft())
        before = rules()
        for number in range(3):
            self.connect(self.bob, f'more{number}')
        self.assertEqual(rules(), before)

    def test_restored(self):
        """Others flush it, or take out a member; also while the service does not run."""
        whole = guard()
        port = next(item['set']['elem'] for item in netns1.nft() if item.get('set', {}).get('name') == 'ports')[0]
        damages = [('flush', 'ruleset'), ('delete', 'table', 'bridge', 'netnsd'), ('flush', 'chain', 'bridge', 'netnsd', 'member'),
                   ('delete', 'element', 'bridge', 'netnsd', 'ports', f'{{ {port} }}')]
        for damage in damages:
            with self.subTest(damage):
                run('nft', ' '.join(damage))
                wait_for(lambda: guard() == whole)
        damages.append(('delete', 'element', 'bridge', 'netnsd', 'addresses4', f'{{ {port} . {VICTIM} }}; add',
                        'element', 'bridge', 'netnsd', 'addresses4', f'{{ {port} . {FREE} }}'))
        for damage in damages:
            with self.subTest(damage, running=False):
                netns1.NETNSD.stop()
                run('nft', ' '.join(damage), check=False)
                self.assertNotEqual(guard(), whole)
                netns1.NETNSD.start()
                wait_for(lambda: guard() == whole)
        self.assertEqual(self.passing({'lie': arp(self.mallory, self.mallory, GATEWAY)}), set())

    def test_restart(self):
        """Nothing is touched, and bindings are known afterwards."""
        handles = json.dumps(netns1.nft())
        netns1.NETNSD.stop()
        run('ip', 'address', 'add', f'{FREE}/24', 'dev', 'eth0', namespace='mallory')
        netns1.NETNSD.start()
        self.change(self.bob, 'AddAddress', '10.1.0.77/24')
        self.change(self.bob, 'RemoveAddress', '10.1.0.77/24')
        self.assertEqual(json.dumps(netns1.nft()), handles)
        self.assertEqual(self.passing({'lie': ipv4(self.mallory, FREE, VICTIM)}), set())

    def test_removed_with_the_last_network(self):
        self.create_network('second', shared=True, subnets=['10.5.0.0/24'])
        for caller, namespace in ((self.alice, 'web'), (self.bob, 'mallory')):
            caller.call(ROOT, 'Manager', 'Disconnect', '(ss)', namespace, 'lan')
        self.root.call(NETWORK, 'Network', 'Delete')
        self.assertIsNotNone(guard())
        self.root.call(f'{ROOT}/network/second', 'Network', 'Delete')
        self.assertIsNone(guard())
        self.assertEqual([item for item in netns1.nft() if 'metainfo' not in item], [])


class SecondOwner(GuardTestCase):
    """A network of one owner has no guard until somebody else comes."""

    def setUp(self):
        super().setUp()
        self.create_network()
        self.connect(self.root, 'web')
        self.root.call(f'{ROOT}/namespace/web', 'Namespace', 'SetOwner', '(u)', netns1.ALICE)

    def come(self):
        self.root.create_namespace('mallory')
        self.root.call(f'{ROOT}/namespace/mallory', 'Namespace', 'SetOwner', '(u)', netns1.BOB)

    def lie(self):
        own = mac('mallory')
        return {'lie': arp(own, own, GATEWAY), 'other lie': ipv4(own, VICTIM, GATEWAY)}

    def test_own_network(self):
        """Of one owner: every address works, but those that are taken."""
        self.assertFalse(self.is_guarded())
        self.assertIsNone(guard())
        run('ip', 'address', 'add', f'{FREE}/24', 'dev', 'eth0', namespace='web')
        self.assertTrue(netns1.can_ping(FREE))
        self.change(self.root, 'SetMacAddress', STRANGER_MAC, namespace='web')
        self.assertTrue(netns1.can_ping(VICTIM))
        with self.assertBusError('AddressInUse'):
            self.change(self.alice, 'AddAddress', f'{GATEWAY}/24', namespace='web')
        self.connect(self.alice, 'db')
        with self.assertBusError('AddressInUse'):
            self.change(self.alice, 'AddAddress', f'{VICTIM}/24', namespace='db')
        self.assertFalse(self.is_guarded())

    def test_connect(self):
        """Who was there keeps the addresses of that moment, also those set by hand, but not the gateway's."""
        for address in (FREE, GATEWAY):
            run('ip', 'address', 'add', f'{address}/24', 'dev', 'eth0', namespace='web')
        self.come()
        self.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'mallory', 'lan', {})
        self.assertTrue(self.is_guarded())
        self.assertEqual(self.passing(self.lie()), set())
        run('ip', 'address', 'del', f'{GATEWAY}/24', 'dev', 'eth0', namespace='web')
        self.assertTrue(netns1.pings_all([(None, VICTIM), (None, FREE), (None, VICTIM6), (None, OWN), ('web', OWN6)]))
        self.assertNotIn(f'. {GATEWAY},', guard() + ',')

    def test_owner(self):
        """It is given away while it is connected."""
        self.connect(self.root, 'mallory')
        self.root.call(f'{ROOT}/namespace/mallory', 'Namespace', 'SetOwner', '(u)', netns1.BOB)
        wait_for(self.is_guarded)
        self.assertEqual(self.passing(self.lie()), set())
        self.assertTrue(netns1.pings_all([(None, VICTIM), (None, OWN), ('web', OWN6)]))

    def test_cable(self):
        """It gets there by other ways than Connect."""
        self.come()
        run('ip', 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', '/run/netns/mallory')
        for command in (f'address add {OWN}/24 dev eth0', 'link set eth0 up'):
            run('ip', *command.split(), namespace='mallory')
        run('ip', 'link', 'set', 'cable', 'master', 'lan', 'up')
        wait_for(self.is_guarded)
        wait_for(lambda: OWN in guard())
        self.assertEqual(self.passing(self.lie()), set())
        self.assertTrue(netns1.can_ping(OWN))

    def test_switched_off(self):
        """Whoever says so has none."""
        self.create_network('open', guard=False, subnets=['10.2.0.0/24'])
        self.come()
        for namespace in ('web', 'mallory'):
            self.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', namespace, 'open', {})
        self.assertFalse(self.is_guarded(f'{ROOT}/network/open'))
        self.assertIsNone(guard())

    def test_switched_on(self):
        self.create_network('mine', guard=True, subnets=['10.2.0.0/24'])
        self.assertTrue(self.is_guarded(f'{ROOT}/network/mine'))
        self.assertIsNotNone(guard())

    def test_by_netnsctl(self):
        for number, (option, guarded) in enumerate((('--guard', True), ('--no-guard', False), ('--shared', True))):
            netns1.netnsctl('network', 'create', f'net{number}', '--subnet', f'10.{number + 3}.0.0/24', option)
            self.assertEqual(self.is_guarded(f'{ROOT}/network/net{number}'), guarded)


class Elsewhere(GuardTestCase):
    own = '10.1.0.3'

    def test_in_a_namespace(self):
        """The bridge is in a namespace, and so is the table; another name of it changes nothing."""
        self.root.create_namespace('router')
        self.create_network(namespace='router', shared=True, guard=True)
        for caller, namespace in ((self.alice, 'web'), (self.bob, 'mallory')):
            caller.create_namespace(namespace)
            self.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', namespace, 'router:lan', {})
        self.root.call(f'{ROOT}/namespace/router', 'Namespace', 'Rename', '(s)', 'switch')
        own = mac('mallory')
        lies = {'lie': arp(own, own, GATEWAY)}
        self.assertEqual(self.passing(lies, seers=[('web', 'eth0'), ('switch', 'lan')]), set())
        whole = guard('switch')
        run('nft', 'flush ruleset', namespace='switch')
        wait_for(lambda: guard('switch') == whole)
        self.root.call(ROOT, 'Manager', 'Disconnect', '(ss)', 'mallory', 'switch:lan')
        self.assertNotIn(OWN, guard('switch'))
        self.assertIsNone(guard())


if __name__ == '__main__':
    netns1.main()
