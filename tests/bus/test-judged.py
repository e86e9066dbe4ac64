#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is said of firewalls of others, compared with what becomes of real packets: one of TCP, UDP and ICMP each, and their
# answers, through rules of nft, iptables and ufw. Package iptables; ufw is installed by CI only, because it is a service.
import contextlib
import os
import re
import shutil
import socket
import struct
import tempfile
import unittest

import frames
import netns1
import outside
from callers import serve
from ethernet import checksum
from netns1 import ROOT, run

OUTSIDE = f'/proc/{os.environ["OUTSIDE_PID"]}/ns/net'
SUBNETS = ['10.1.0.0/24', 'fd00:1::/64']
PORT = 7
ALL = ('TCP', 'UDP', 'ICMP')
# Beyond all rules of others: what leaves lan, what gets to the uplink, what comes back there, what gets back to lan.
STAGES = {'sent': 'iifname "lan"', 'out': 'oifname "up0"', 'answered': 'iifname "up0"', 'back': 'oifname "lan"'}
MATCHES = (('TCP', 'meta l4proto tcp'), ('UDP', 'meta l4proto udp'), ('ICMP', 'icmp type { echo-request, echo-reply }'),
           ('ICMP', 'icmpv6 type { echo-request, echo-reply }'))
PROBE = 'table inet probe {\n' + ''.join(
    f'counter {stage}-{protocol} {{ }}\n' for stage in STAGES for protocol in ALL) + ''.join(f'''
chain {hook} {{ type filter hook {hook} priority {priority};
''' + ''.join(f'{STAGES[stage]} {match} counter name {stage}-{protocol}\n' for stage in stages for protocol, match in MATCHES) + '}\n'
    for hook, priority, stages in (('prerouting', -500, ('sent', 'answered')), ('postrouting', 500, ('out', 'back')))) + '}\n'

DROP = 'table inet x { chain f { type filter hook forward priority 0; policy drop;\n'
ACCEPT = 'table inet x { chain f { type filter hook forward priority 0; policy accept;\n'
ANSWERS = 'ct state established,related accept\n'
END = '\n}\n}'
# Rules of nft, which protocols do not get through by these, and what is named for it. If it is not known, the protocols are
# those that it is not known of.
NFT = (
    ('vmap of states', DROP + 'ct state vmap { established : accept, related : accept, invalid : drop }' + END, ALL, 'inet x f: policy drop'),
    ('vmap of links, not ours', DROP + ANSWERS + 'iifname vmap { "enp8" : accept, "enp9" : accept }' + END, ALL, 'inet x f: policy drop'),
    ('vmap of links, ours', DROP + ANSWERS + 'iifname vmap { "lan" : accept }' + END, (), ''),
    ('named map', 'table inet x { map m { type ifname : verdict; elements = { "lan" : drop }\n}\nchain f { type filter hook forward '
     'priority 0; policy accept; iifname vmap @m' + END, ALL, 'inet x f: iifname vmap @m'),
    ('pairs of links', DROP + ANSWERS + 'iifname . oifname vmap { "lan" . "eth9" : accept }' + END, ALL, 'inet x f: policy drop'),
    ('pairs of links, ours', DROP + ANSWERS + 'iifname . oifname vmap { "lan" . "up0" : accept }' + END, (), ''),
    ('vmap of protocols', DROP + ANSWERS + 'meta l4proto vmap { icmp : accept, udp : accept, ipv6-icmp : accept }' + END, ('TCP',),
     'inet x f: policy drop'),
    ('chain by vmap', 'table inet x { chain c { meta l4proto tcp drop; }\nchain f { type filter hook forward priority 0; policy accept;'
     'iifname vmap { "lan" : jump c }' + END, ('TCP',), 'inet x c: meta l4proto tcp drop'),
    ('set of addresses', DROP + ANSWERS + 'ip saddr { 192.168.0.0/16, 172.17.0.0/16 } accept\nmeta nfproto ipv6 accept' + END, ALL,
     'inet x f: policy drop'),
    ('set of addresses, ours', DROP + ANSWERS + 'ip saddr { 10.0.0.0/8, 172.17.0.0/16 } accept\nip6 saddr fd00::/8 accept' + END, (), ''),
    ('marks and users', DROP + ANSWERS + 'meta mark 0x40000 accept\nct mark 1 accept\nmeta skuid 1000 accept' + END, ALL,
     'inet x f: policy drop'),
    ('a mark that is set', 'table inet x { chain p { type filter hook prerouting priority mangle; iifname "lan" meta mark set 0x40000; }\n'
     'chain f { type filter hook forward priority 0; policy drop; meta mark 0x40000 accept\n' + ANSWERS + END, (), ''),
    ('routes', DROP + ANSWERS + 'fib daddr type local accept' + END, ALL, 'inet x f: policy drop'),
    ('reverse path', ACCEPT + 'fib saddr . iif oif missing drop' + END, (), ''),
    ('invalid', ACCEPT + 'ct state invalid drop' + END, (), ''),
    ('types and ports', DROP + ANSWERS + 'icmp type echo-request accept\nicmpv6 type echo-request accept\nudp dport 7 accept' + END,
     ('TCP',), 'inet x f: policy drop'),
    ('no answers', DROP + 'ct state new accept' + END, ALL, 'inet x f: policy drop'),
    ('two tables', DROP + ANSWERS + END + '\ntable inet w { chain f { type filter hook forward priority -5; policy accept; accept' + END,
     ALL, 'inet x f: policy drop'),
    ('not tracked', 'table inet x { chain p { type filter hook prerouting priority raw; meta l4proto udp notrack; }\n'
     'chain f { type filter hook forward priority 0; policy drop; ct state new,established accept' + END, ('UDP',), 'inet x f: policy drop'),
    ('rate', ACCEPT + 'limit rate over 1000/second burst 20 packets drop' + END, (), ''),
    ('hardware address', ACCEPT + 'ether saddr 02:00:00:00:00:01 drop' + END, ALL, 'inet x f: ether saddr 02:00:00:00:00:01 drop'),
)
UNKNOWN = ('hardware address',)
# The same of iptables; each line stands for iptables and ip6tables, but for what has no other family.
IPTABLES = (
    ('-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', ALL),
    ('-m state --state RELATED,ESTABLISHED -j ACCEPT', ALL),
    ('-m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT', ()),
    ('-m conntrack ! --ctstate INVALID -j ACCEPT', ()),
    ('-m conntrack --ctstate DNAT -j ACCEPT', ALL),
    ('-p {icmp} -j ACCEPT', ('TCP', 'UDP')),
    ('-p udp -m udp --dport 7 -j ACCEPT; -m state --state ESTABLISHED -j ACCEPT', ('TCP', 'ICMP')),
    ('-p tcp -m tcp --dport 7 --syn -j ACCEPT; -m state --state ESTABLISHED -j ACCEPT', ('UDP', 'ICMP')),
    ('-p tcp -m multiport --dports 7,443 -j ACCEPT; -m state --state ESTABLISHED -j ACCEPT', ('UDP', 'ICMP')),
    ('-m mark --mark 0x40000 -j ACCEPT', ALL),
    ('-m mark ! --mark 0x40000 -j ACCEPT', ()),
    ('-m addrtype --dst-type LOCAL -j ACCEPT', ALL),
    ('-m addrtype ! --dst-type LOCAL -j ACCEPT', ()),
    ('-m physdev --physdev-is-bridged -j ACCEPT', ALL),
    ('-m physdev ! --physdev-is-bridged -j ACCEPT', ()),
    ('-m limit --limit 3/min -j LOG', ALL),
    ('-m comment --comment hello -i eth9 -j ACCEPT', ALL),
    ('-m comment --comment hello -j ACCEPT', ()),
    ('-m pkttype --pkt-type broadcast -j ACCEPT', ALL),
    ('-m connlimit --connlimit-upto 1000 -j ACCEPT', ()),
)


class Judged(netns1.TestCase):
    def setUp(self):
        super().setUp()
        self.manager('CreateNetwork', '(sa{sv})', 'lan', {'subnets': SUBNETS, 'nat': True})
        for name in ('web', 'other'):
            self.root.create_namespace(name)
        self.manager('Connect', '(ssa{sv})', 'web', 'lan', {})
        serve(self, OUTSIDE, 'outside', PORT)
        for address in outside.ADDRESSES:
            self.assertTrue(netns1.can_ping(address, namespace='web'))

    def manager(self, method, signature, *values):
        return self.root.call(ROOT, 'Manager', method, signature, *values)

    @contextlib.contextmanager
    def table(self, *tables):
        """They are gone afterwards."""
        try:
            yield
        finally:
            for table in tables:
                run('nft', 'delete', 'table', *table.split(), check=False)

    def ask(self):
        """Which protocols are said not to get through, for what reason, and whether that is certain."""
        try:
            self.manager('Connect', '(ssa{sv})', 'other', 'lan', {'firewall': 'check'})
        except netns1.BusError as error:
            self.assertEqual(error.name, 'BlockedByFirewall')
            found = re.fullmatch('.*?(Another|Cannot tell whether another) firewall blocks (.*?) ?packets of network “lan”: (.*)',
                                 error.message)
            self.assertIsNotNone(found, error.message)
            return tuple(found[2].split(' and ')) if found[2] else ALL, found[3], found[1] == 'Another'
        self.manager('Disconnect', '(ss)', 'other', 'lan')
        return (), '', True

    def counted(self):
        return {item['counter']['name']: item['counter']['packets']
                for item in netns1.from_json(run('nft', '-j', 'list', 'counters', 'table', 'inet', 'probe').stdout)['nftables']
                if 'counter' in item}

    def send(self, address):
        """A packet of each protocol, once."""
        family = socket.AF_INET6 if ':' in address else socket.AF_INET

        def work():
            kind = 128 if family == socket.AF_INET6 else 8
            echo = os.urandom(4)  # else it is of a connection that is known
            protocol = socket.IPPROTO_ICMPV6 if family == socket.AF_INET6 else socket.IPPROTO_ICMP
            with socket.socket(family, socket.SOCK_RAW, protocol) as raw, socket.socket(family, socket.SOCK_DGRAM) as datagram:
                raw.sendto(struct.pack('!BB', kind, 0) + checksum(struct.pack('!BBH', kind, 0, 0) + echo) + echo, (address, 0))
                datagram.sendto(b'x', (address, PORT))
            stream = socket.socket(family, socket.SOCK_STREAM)
            stream.setblocking(False)
            stream.connect_ex((address, PORT))
            return stream
        return frames.inside('web', work)

    def find_dead(self, address):
        """The protocols of which no answer comes back: a packet passes all hooks before the next thing happens to it."""
        run('nft', '-f', '-', input='table inet probe\ndelete table inet probe\n' + PROBE)
        with self.send(address):
            netns1.wait_for(lambda: all(self.counted()[f'sent-{protocol}'] for protocol in ALL))
            out = [protocol for protocol in ALL if self.counted()[f'out-{protocol}']]
            netns1.wait_for(lambda: all(self.counted()[f'answered-{protocol}'] for protocol in out))
            back = [protocol for protocol in out if self.counted()[f'back-{protocol}']]
        return tuple(protocol for protocol in ALL if protocol not in back)

    def assert_judged(self, dead, reason, addresses=outside.ADDRESSES, is_certain=True):
        said = self.ask()
        self.assertEqual(said, (tuple(dead), reason, is_certain))
        if is_certain:
            found = set().union(*(self.find_dead(address) for address in addresses))
            run('nft', 'delete table inet probe')
            self.assertEqual(found, set(dead), said)

    def test_nft(self):
        for name, rules, dead, reason in NFT:
            with self.subTest(name):
                with self.table('inet x', 'inet w'):
                    run('nft', '-f', '-', input=rules)
                    self.assert_judged(dead, reason, is_certain=name not in UNKNOWN)

    @unittest.skipUnless(shutil.which('iptables-nft'), 'no iptables here')
    def test_iptables(self):
        """One family at a time, the other is open."""
        for rules, dead in IPTABLES:
            for program, family, icmp, address in (('iptables-nft', 'ip', 'icmp', outside.ADDRESSES[0]),
                                                   ('ip6tables-nft', 'ip6', 'ipv6-icmp', outside.ADDRESSES[1])):
                with self.subTest(f'{program} {rules}'), self.table(f'{family} filter'):
                    run(program, '-P', 'FORWARD', 'DROP')
                    for rule in rules.format(icmp=icmp).split(';'):
                        run(program, '-A', 'FORWARD', *rule.split())
                    self.assert_judged(dead, f'{family} filter FORWARD: policy drop' if dead else '', [address])

    @unittest.skipUnless(shutil.which('ufw') and netns1.IS_ROOT, 'no ufw here')
    def test_ufw(self):
        """The real one with its defaults: it lets ICMP through, and nothing else until it is told."""
        for folder in ('/etc/ufw', '/etc/default', '/var/lib/ufw'):
            os.makedirs(folder, exist_ok=True)
            copy = tempfile.mkdtemp(dir='/run')
            self.addCleanup(shutil.rmtree, copy)
            shutil.copytree(folder, copy, dirs_exist_ok=True)
            run('mount', '--bind', copy, folder)
            self.addCleanup(run, 'umount', folder)
        with open('/etc/default/ufw', encoding='ascii') as file:
            settings = re.sub('^IPV6=.*', 'IPV6=yes', file.read(), flags=re.MULTILINE)
        with open('/etc/default/ufw', 'w', encoding='ascii') as file:
            file.write(settings)
        run('ufw', '--force', 'enable')
        self.assert_judged(('TCP', 'UDP'), 'ip filter FORWARD: policy drop')
        self.manager('CreateNetwork', '(sa{sv})', 'cured', {'nat': True, 'firewall': 'cure'})
        self.assertIn('-i cured', run('iptables-nft', '-S', 'ufw-user-forward').stdout)
        run('ufw', 'route', 'allow', 'in', 'on', 'lan')
        self.assert_judged((), '')
        run('ufw', 'disable')


if __name__ == '__main__':
    netns1.main()
