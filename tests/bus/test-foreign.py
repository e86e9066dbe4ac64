#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# What others change by hand arrives as signals, and these alone tell the whole truth.
import itertools
import os
import subprocess
import unittest

import netns1
import truth
import watch


class Foreign(netns1.TestCase):
    def setUp(self):
        super().setUp()
        # A link is deaf to IPv6 for a second otherwise.
        netns1.run('sh', '-c', 'for group in all default; do echo 0 > /proc/sys/net/ipv6/conf/$group/accept_dad; done')
        self.watcher = watch.Watcher()
        self.addCleanup(self.watcher.__exit__)

    def hand(self, *commands, namespace=None):
        """What somebody types."""
        for command in commands:
            netns1.run('sh', '-e', '-c', command, namespace=namespace)

    def told(self, interface, name, value, namespace, link):
        """That a property of a link is signalled."""
        self.watcher.wait(lambda: self.watcher.get(self.watcher.link(namespace, link), interface, name) == value,
                          f'{name} of {link} is {value}')

    def addresses(self, namespace, link):
        path = self.watcher.link(namespace, link)
        return [address for address, _ in self.watcher.get(path, 'Link', 'Addresses')] if path else []

    def told_all(self):
        """That nothing is missing, and that nothing was said twice."""
        netns1.wait_for(lambda: self.differs() == '', what='the signals to tell everything:\n' + self.differs())
        self.assertEqual(self.watcher.defects, [])

    def differs(self):
        self.watcher.settle()
        found = truth.calm(truth.bus(self.watcher.tree))
        return truth.difference(truth.calm(truth.kernel(found)), found)

    def make_pair(self):
        self.hand('ip netns add one; ip link add v0 type veth peer name v1 netns one; ip link set v0 up; '
                  'ip -n one link set v1 up')
        self.watcher.wait(lambda: self.watcher.link('', 'v0') and self.watcher.link('one', 'v1'), 'the pair')

    def test_namespaces(self):
        for name in ('one', 'two'):
            self.hand(f'ip netns add {name}')
        self.watcher.wait(lambda: self.watcher.namespace('one') and self.watcher.namespace('two'), 'both')
        self.told_all()
        self.hand('ip netns delete one')
        self.watcher.wait(lambda: not self.watcher.namespace('one'), 'one has gone')
        self.told_all()

    def test_deleted_with_links(self):
        """The far ends go too, a little later."""
        self.make_pair()
        self.hand('ip netns delete one')
        self.watcher.wait(lambda: not self.watcher.namespace('one') and not self.watcher.link('', 'v0'),
                          'the far end has gone')
        self.told_all()

    def test_settings(self):
        self.make_pair()
        for command, name, value in (('mtu 1400', 'Mtu', 1400), ('down', 'Enabled', False), ('up', 'Enabled', True),
                                     ('address 02:00:00:00:00:01', 'MacAddress', '02:00:00:00:00:01'),
                                     ('alias "some text"', 'Description', 'some text'),
                                     ('alias ""', 'Description', '')):
            with self.subTest(command):
                self.hand(f'ip link set v1 {command}', namespace='one')
                self.told('Link', name, value, 'one', 'v1')
        self.hand('ip link property add dev v1 altname another-name-of-it', namespace='one')
        self.told('Link', 'AlternativeNames', ['another-name-of-it'], 'one', 'v1')
        self.hand('ip link property del dev v1 altname another-name-of-it', namespace='one')
        self.told('Link', 'AlternativeNames', [], 'one', 'v1')
        path = self.watcher.link('one', 'v1')
        self.hand('ip link set v1 name other', namespace='one')
        self.told('Link', 'Name', 'other', 'one', 'other')
        self.assertEqual(self.watcher.link('one', 'other'), path)
        self.told_all()

    @unittest.expectedFailure
    def test_settings_while_down(self):
        """The kernel announces these only of links that are up (netdev_state_change()); a read must tell at least."""
        self.make_pair()
        self.hand('ip link set v0 down; ip link set v0 alias text; ip link property add dev v0 altname v0-too')
        self.assertEqual(self.root.get(self.root.link('', 'v0'), 'Link', 'Description'), 'text')
        self.assertEqual(self.root.link('', 'v0-too'), self.root.link('', 'v0'))

    def test_addresses(self):
        self.make_pair()
        for address in ('10.1.0.1/24', 'fd00:1::1/64'):
            def has():
                addresses = self.watcher.get(self.watcher.link('one', 'v1'), 'Link', 'Addresses')
                return any(found == address for found, _ in addresses)
            self.hand(f'ip address add {address} dev v1', namespace='one')
            self.watcher.wait(has, f'{address} is there')
            self.told_all()
            self.hand(f'ip address delete {address} dev v1', namespace='one')
            self.watcher.wait(lambda: not has(), f'{address} has gone')
        self.told_all()

    def routes(self):
        return [(destination, gateway) for destination, gateway, *_ in
                self.watcher.get(self.watcher.namespace('one'), 'Namespace', 'Routes')
                if not destination.startswith('fe80:')]

    def told_routes(self, *routes):
        self.watcher.wait(lambda: sorted(self.routes()) == sorted(routes), f'the routes are {routes}')

    def test_routes(self):
        self.make_pair()
        direct, direct6 = ('10.1.0.0/24', ''), ('fd00:1::/64', '')
        default, default6 = ('default', '10.1.0.1'), ('default', 'fd00:1::1')
        self.hand('ip address add 10.1.0.2/24 dev v1; ip address add fd00:1::2/64 dev v1', namespace='one')
        self.told_routes(direct, direct6)
        self.hand('ip route add default via 10.1.0.1; ip route add default via fd00:1::1', namespace='one')
        self.told_routes(direct, direct6, default, default6)
        self.hand('ip route replace default via 10.1.0.3', namespace='one')
        self.told_routes(direct, direct6, ('default', '10.1.0.3'), default6)
        self.hand('ip -6 route delete default; ip route delete default', namespace='one')
        self.told_routes(direct, direct6)
        self.told_all()

    def test_routes_that_go_silently(self):
        """With the link, its address, or when it is set down: the kernel says nothing of IPv4 then."""
        self.make_pair()
        direct, default = ('10.1.0.0/24', ''), ('default', '10.1.0.1')
        ways = (('ip link set v1 down', 'ip link set v1 up; ip address delete 10.1.0.2/24 dev v1'),
                ('ip address delete 10.1.0.2/24 dev v1', 'true'), ('ip link delete v1', 'true'))
        for command, back in ways:
            with self.subTest(command):
                self.hand('ip address add 10.1.0.2/24 dev v1; ip route add default via 10.1.0.1; '
                          'ip route add 192.0.2.0/24 via 10.1.0.1 src 10.1.0.2', namespace='one')
                self.told_routes(direct, default, ('192.0.2.0/24', '10.1.0.1'))
                self.hand(command, namespace='one')
                self.told_routes()
                self.hand(back, namespace='one')
                # One that came again before its end was told would be told twice.
                self.watcher.wait(lambda: '10.1.0.2/24' not in self.addresses('one', 'v1'), 'the address has gone')
        self.told_all()

    def test_ports(self):
        self.make_pair()
        self.hand('ip link add br0 type bridge; ip link set br0 up')
        bridge = self.watcher.wait(lambda: self.watcher.link('', 'br0'), 'br0')
        link = self.watcher.link('', 'v0')
        self.hand('ip link set v0 master br0')
        self.told('Link', 'Master', bridge, '', 'v0')
        self.told('Bridge', 'Ports', [link], '', 'br0')
        self.told('BridgePort', 'State', 'forwarding', '', 'v0')
        added = [arguments for _, member, arguments in self.watcher.signals
                 if member == 'InterfacesAdded' and arguments[0] == link]
        self.assertIn('org.example.NetNS1.BridgePort', added[-1][1])
        for command, name, value in (('cost 7', 'Cost', 7), ('hairpin on', 'Hairpin', True),
                                     ('isolated on', 'Isolated', True), ('learning off', 'Learning', False)):
            self.hand(f'ip link set v0 type bridge_slave {command}')
            self.told('BridgePort', name, value, '', 'v0')
        self.hand('ip link set br0 type bridge stp_state 1; ip link set v0 down')
        self.told('BridgePort', 'State', 'disabled', '', 'v0')
        self.hand('ip link set v0 up')
        self.told('BridgePort', 'State', 'listening', '', 'v0')
        self.told_all()
        self.hand('ip link set v0 nomaster')
        self.told('Link', 'Master', '/', '', 'v0')
        self.told('Bridge', 'Ports', [], '', 'br0')
        self.assertNotIn('org.example.NetNS1.BridgePort', self.watcher.tree[link])
        self.assertIn((netns1.ROOT, 'InterfacesRemoved', (link, ['org.example.NetNS1.BridgePort'])),
                      self.watcher.signals)
        self.told_all()

    def test_bridge_deleted_under_ports(self):
        self.make_pair()
        self.hand('ip link add br0 type bridge; ip link set v0 master br0')
        self.watcher.wait(lambda: self.watcher.get(self.watcher.link('', 'v0'), 'BridgePort', 'Cost'), 'the port')
        self.hand('ip link delete br0')
        self.told('Link', 'Master', '/', '', 'v0')
        self.told_all()

    def test_bridge_options(self):
        self.hand('ip link add br0 type bridge; ip link set br0 up')
        self.watcher.wait(lambda: self.watcher.link('', 'br0'), 'br0')
        for command, name, value in (('stp_state 1', 'Stp', True), ('forward_delay 700', 'ForwardDelay', 700),
                                     ('ageing_time 9000', 'AgeingTime', 9000),
                                     ('mcast_snooping 0', 'MulticastSnooping', False), ('stp_state 0', 'Stp', False)):
            with self.subTest(command):
                self.hand(f'ip link set br0 type bridge {command}')
                self.told('Bridge', name, value, '', 'br0')
        self.told_all()

    def test_forwarding(self):
        for path, name in (('ipv4/ip_forward', 'Forwarding4'), ('ipv6/conf/all/forwarding', 'Forwarding6')):
            for number, value in ((1, True), (0, False)):
                self.hand(f'echo {number} > /proc/sys/net/{path}')
                self.watcher.wait(lambda: (netns1.ROOT, 'PropertiesChanged',
                                           ('org.example.NetNS1.Manager', {name: value}, [])) in self.watcher.signals,
                                  f'{name} is {value}')
                self.assertEqual(self.root.get(netns1.ROOT, 'Manager', name), value)

    def announced_peers(self, first, second):
        """Where v0 and v1 are."""
        ends = (first, 'v0'), (second, 'v1')
        for here, there in (ends, ends[::-1]):
            self.watcher.wait(lambda: self.watcher.link(*here) and self.watcher.link(*there), f'{ends} are there')
            self.told('Veth', 'Peer', self.watcher.link(*there), *here)
            self.told('Veth', 'PeerNamespace', self.watcher.namespace(there[0]), *here)

    def test_peers_that_move(self):
        """From each pair of places to each other one; each end in turn."""
        self.hand('ip netns add one; ip netns add two; ip link add v0 type veth peer name v1')
        now = ['', '']
        places = list(itertools.product(['', 'one', 'two'], repeat=2))
        for wanted in [*places, *reversed(places), *places[::2], *places[1::2]]:
            for end, name in ((0, 'v0'), (1, 'v1')):
                if now[end] == wanted[end]:
                    continue
                self.hand(f'ip link set {name} netns {wanted[end] or 1}', namespace=now[end] or None)
                now[end] = wanted[end]
                self.announced_peers(*now)
        self.told_all()

    def test_peer_in_nameless_namespace(self):
        self.make_pair()
        keeper = subprocess.Popen(['unshare', '--net', 'sh', '-c', 'echo ready; exec sleep infinity'],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.addCleanup(keeper.stdout.close)
        self.addCleanup(keeper.wait)
        self.addCleanup(keeper.kill)
        keeper.stdout.readline()
        name = f'@id{os.stat(f"/proc/{keeper.pid}/ns/net").st_ino}'
        for _ in range(2):
            self.hand(f'ip link set v1 netns {keeper.pid}', namespace='one')
            self.announced_peers('', name)
            self.assertIsNone(self.watcher.link('one', 'v1'))
            self.hand('ip link set v1 netns one', namespace=f'/proc/{keeper.pid}/ns/net')
            self.announced_peers('', 'one')
        self.told_all()

    def test_two_names(self):
        """One object, at the name that was there first; when that goes, at the other."""
        self.make_pair()
        self.hand('touch /run/netns/also; mount --bind /run/netns/one /run/netns/also')
        netns1.wait_for(lambda: self.root.call(netns1.ROOT, 'Manager', 'GetNamespace', '(s)', 'also')
                        == self.watcher.namespace('one'))
        self.assertIsNone(self.watcher.namespace('also'))
        self.told_all()
        self.hand('ip netns delete one')
        self.watcher.wait(lambda: self.watcher.namespace('also') and not self.watcher.namespace('one'), 'it moves')
        self.told('Veth', 'PeerNamespace', self.watcher.namespace('also'), '', 'v0')
        self.told_all()
        self.hand('ip netns delete also')
        self.watcher.wait(lambda: not self.watcher.namespace('also') and not self.watcher.link('', 'v0'), 'it has gone')
        self.told_all()

    def test_odd_names(self):
        """The kernel takes all bytes but `/`, `:` and white space."""
        for name, shown in ((b'*"$;{', '*"$;{'), (b'\xff\xfe-link', '\\xff\\xfe-link'), ('grün'.encode(), 'grün'),
                            (b"'x41,@#", "'x41,@#")):
            with self.subTest(shown):
                subprocess.run([b'ip', b'link', b'add', b'name', name, b'type', b'bridge'], check=True)
                self.watcher.wait(lambda: self.watcher.link('', shown), shown)
                subprocess.run([b'ip', b'link', b'set', b'dev', name, b'alias', b'\xff text', b'up'], check=True)
                self.told('Link', 'Description', '\\xff text', '', shown)
                subprocess.run([b'ip', b'link', b'delete', b'dev', name], check=True)
                self.watcher.wait(lambda: not self.watcher.link('', shown), f'{shown} has gone')
        # The link-local address can come and go within one turn of the service's main loop.
        self.assertEqual([defect for defect in self.watcher.defects if not defect.endswith(('Addresses is []', 'AddressData is []'))], [])


if __name__ == '__main__':
    netns1.main()
