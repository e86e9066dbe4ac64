#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Packets that NAT does not get to see, because they belong to no connection or to one that began before: they must not
# leave with the inner address, and nothing else may be lost for that.
import os
import socket
import struct

import frames
import netns1
import outside
from callers import Talk, call, serve
from ethernet import checksum
from netns1 import ROOT, run

OUTSIDE = f'/proc/{os.environ.get("OUTSIDE_PID")}/ns/net'
UPLINK4, UPLINK6 = outside.UPLINK_ADDRESSES
OUTSIDE4, OUTSIDE6 = outside.ADDRESSES
SUBNETS = ['10.1.0.0/24', 'fd00:1::/64']
WEB4, WEB6 = '10.1.0.2', 'fd00:1::2'
FLAGS = {'RST': 0x04, 'RST+ACK': 0x14, 'SYN+ACK': 0x12, 'FIN+ACK': 0x11, 'none': 0, 'all': 0x3f}


def strays(source, target):
    """Segments with all kinds of flags, an echo reply that nobody asked for, and an error about nothing: (protocol, bytes)."""
    is_ipv6 = ':' in target
    icmp = socket.IPPROTO_ICMPV6 if is_ipv6 else socket.IPPROTO_ICMP
    pseudo = frames.packed(source) + frames.packed(target)
    for number, flags in enumerate(FLAGS.values()):
        head = struct.pack('!HHIIBBH', 40000 + number, 80, 1000, 1000, 0x50, flags, 1000)
        yield socket.IPPROTO_TCP, head + checksum(pseudo + struct.pack('!II', 20, socket.IPPROTO_TCP) + head + bytes(4)) + bytes(2)
    for kind, code in ((129, 0), (1, 4)) if is_ipv6 else ((0, 0), (3, 3)):
        rest = struct.pack('!HH', 7, 7) + bytes(28)
        # The kernel puts in that of ICMPv6.
        yield icmp, struct.pack('!BB', kind, code) + checksum(struct.pack('!BBH', kind, code, 0) + rest) + rest


def send_strays(source, target):
    def send():
        for protocol, packet in strays(source, target):
            with socket.socket(socket.AF_INET6 if ':' in target else socket.AF_INET, socket.SOCK_RAW, protocol) as raw:
                raw.sendto(packet, (target, 0))
    frames.inside('web', send)


class ByNetwork(netns1.TestCase):
    nat = True

    def manager(self, method, signature, *values):
        return self.root.call(ROOT, 'Manager', method, signature, *values)

    def setUp(self):
        super().setUp()
        self.manager('CreateNetwork', '(sa{sv})', 'lan', {'subnets': SUBNETS, 'nat': self.nat})
        self.root.create_namespace('web')
        self.manager('Connect', '(ssa{sv})', 'web', 'lan', {})
        serve(self, OUTSIDE, 'outside', 7, 53)
        run('nft', 'flush ruleset; add table inet w; add counter inet w inner; add counter inet w strays;'
            'add chain inet w p { type filter hook prerouting priority -400; };'
            'add rule inet w p ip saddr 10.0.0.0/8 counter name inner; add rule inet w p ip6 saddr fd00::/16 counter name inner;'
            'add rule inet w p tcp sport 40000-40009 counter name strays', namespace=OUTSIDE)
        self.addCleanup(run, 'nft', 'flush ruleset', namespace=OUTSIDE)

    def counted(self, name):
        return next(item['counter']['packets'] for item in netns1.nft(namespace=OUTSIDE)
                    if item.get('counter', {}).get('name') == name)

    def assert_none_leaked(self):
        """What was sent before is there when an answer of the world outside is."""
        for target in (OUTSIDE4, OUTSIDE6):
            self.assertTrue(netns1.can_ping(target, namespace='web'))
        self.assertEqual(self.counted('inner'), 0)

    def test_invalid(self):
        send_strays(WEB4, OUTSIDE4)
        send_strays(WEB6, OUTSIDE6)
        self.assert_none_leaked()
        self.assertEqual(call('web', 'tcp', OUTSIDE4, 7), f'outside {UPLINK4} 1')
        self.assertEqual(call('web', 'udp', OUTSIDE6, 7), f'outside {UPLINK6} 1')
        self.assert_none_leaked()

    def test_not_tracked(self):
        run('nft', 'add table inet raw; add chain inet raw p { type filter hook prerouting priority raw; };'
            'add rule inet raw p meta l4proto { tcp, udp } th dport 53 notrack;'
            'add rule inet raw p meta l4proto { tcp, udp } th sport 53 notrack')
        for target in (OUTSIDE4, OUTSIDE6):
            self.assertEqual(call('web', 'udp', target, 53, timeout=1), 'silent')
            self.assertEqual(call('web', 'tcp', target, 53, timeout=1), 'silent')
        self.assert_none_leaked()
        run('nft', 'delete table inet raw')
        self.assertEqual(call('web', 'udp', OUTSIDE4, 53), f'outside {UPLINK4} 1')

    def test_to_siblings(self):
        """Packets between the subnets of the service keep their addresses, tracked or not."""
        self.manager('CreateNetwork', '(sa{sv})', 'other', {'subnets': ['10.2.0.0/24'], 'nat': True})
        self.root.create_namespace('db')
        self.manager('Connect', '(ssa{sv})', 'db', 'other', {})
        serve(self, 'db', 'db', 53)
        run('nft', 'add table inet raw; add chain inet raw p { type filter hook prerouting priority raw; };'
            'add rule inet raw p udp dport 53 notrack; add rule inet raw p udp sport 53 notrack')
        self.assertEqual(call('web', 'udp', '10.2.0.2', 53), f'db {WEB4} 1')

    def test_forward(self):
        """Its answers leave with the host's address, as ever."""
        serve(self, 'web', 'web', 8)
        self.manager('CreateForward', '(ssqa{sv})', 'web', 'tcp', 8, {'scope': 'public'})
        self.assertEqual(call(OUTSIDE, 'tcp', UPLINK4, 8), f'web {OUTSIDE4} 1')
        self.assert_none_leaked()


class ByNat(ByNetwork):
    nat = False

    def setUp(self):
        super().setUp()
        for family, gateway in ((4, '10.1.0.1'), (6, 'fd00:1::1')):
            if netns1.default_route('web', family) is None:
                run('ip', f'-{family}', 'route', 'add', 'default', 'via', gateway, namespace='web')
        # Also the host's own address on the link to the outside.
        self.nat_path = self.manager('CreateNat', '(sasa{sv})', '', [*SUBNETS, f'{UPLINK4}/32'], {})

    def test_own_packets(self):
        """Those of the host have the right address already."""
        run('nft', 'add table inet raw; add chain inet raw o { type filter hook output priority raw; };'
            'add chain inet raw p { type filter hook prerouting priority raw; };'
            'add rule inet raw o udp dport 53 notrack; add rule inet raw p udp sport 53 notrack')
        self.assertEqual(call(None, 'udp', OUTSIDE4, 53), f'outside {UPLINK4} 1')

    def test_called_by_inner_address(self):
        """Who has a route to the subnet is answered from it."""
        for subnet, gateway in zip(SUBNETS, (UPLINK4, UPLINK6)):
            run('ip', 'route', 'add', subnet, 'via', gateway, namespace=OUTSIDE)
            self.addCleanup(run, 'ip', 'route', 'del', subnet, 'via', gateway, namespace=OUTSIDE)
        serve(self, 'web', 'web', 8)
        self.assertEqual(call(OUTSIDE, 'tcp', WEB4, 8), f'web {OUTSIDE4} 1')
        self.assertEqual(call(OUTSIDE, 'udp', WEB6, 8), f'web {OUTSIDE6} 1')

    def test_began_before(self):
        """A flow that has no translation gets none, and does not go on without one either."""
        self.root.call(self.nat_path, 'Nat', 'Delete')
        run('ip', 'route', 'add', SUBNETS[0], 'via', UPLINK4, namespace=OUTSIDE)
        self.addCleanup(run, 'ip', 'route', 'del', SUBNETS[0], 'via', UPLINK4, namespace=OUTSIDE, check=False)
        run('nft', 'add table inet k; add chain inet k f { type filter hook forward priority 0; };'
            'add rule inet k f ct state new counter')  # else connections are not followed
        with open('/proc/sys/net/ipv4/ip_forward', 'w', encoding='ascii') as file:
            file.write('1')
        talk = Talk(self, 'web', OUTSIDE4, 7)
        self.assertEqual(talk.say(), f'outside {WEB4} 1')
        before = self.counted('inner')
        self.assertGreater(before, 0)
        self.manager('CreateNat', '(sasa{sv})', '', SUBNETS, {})
        self.assertIn(talk.say(timeout=1), ('', 'silent'))
        self.assertTrue(netns1.can_ping(OUTSIDE4, namespace='web'))
        self.assertEqual(self.counted('inner'), before)

    def test_to_address(self):
        """One of the subnet itself: what is translated to it may leave."""
        self.root.call(self.nat_path, 'Nat', 'Delete')
        run('ip', 'address', 'add', '10.1.0.77/32', 'dev', 'lo')
        self.addCleanup(run, 'ip', 'address', 'del', '10.1.0.77/32', 'dev', 'lo')
        run('ip', 'route', 'add', '10.1.0.77', 'via', UPLINK4, namespace=OUTSIDE)
        self.addCleanup(run, 'ip', 'route', 'del', '10.1.0.77', namespace=OUTSIDE)
        self.manager('CreateNat', '(sasa{sv})', '', ['10.1.0.0/24'], {'to-address': '10.1.0.77'})
        self.assertEqual(call('web', 'tcp', OUTSIDE4, 7), 'outside 10.1.0.77 1')


if __name__ == '__main__':
    netns1.main()
