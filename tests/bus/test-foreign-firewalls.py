#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Firewalls of others on the way of our packets: where they may drop them is on the bus within a second, in words that
# nft(8) would understand.
import json
import re
import shutil
import unittest

import netns1
import watch
from netns1 import ROOT, run

# As Docker leaves them: iptables-nft's tables, the policy of FORWARD, and the chain that it leaves to users.
DOCKER = '''
table ip filter {
  chain DOCKER { }
  chain DOCKER-USER { counter return; }
  chain DOCKER-ISOLATION { iifname "docker0" oifname != "docker0" counter jump DOCKER-ISOLATION-2; counter return; }
  chain DOCKER-ISOLATION-2 { oifname "docker0" counter drop; counter return; }
  chain FORWARD {
    type filter hook forward priority filter; policy drop;
    counter jump DOCKER-USER
    counter jump DOCKER-ISOLATION
    oifname "docker0" ct state related,established counter accept
    oifname "docker0" counter jump DOCKER
    iifname "docker0" oifname != "docker0" counter accept
    iifname "docker0" oifname "docker0" counter accept
  }
}
'''


class ForeignFirewalls(netns1.TestCase):
    def setUp(self):
        super().setUp()
        self.watcher = watch.Watcher()
        self.addCleanup(self.watcher.__exit__)

    def assert_listed(self, *entries):
        """That the property is this, by a signal within a second where nothing else runs."""
        def told():
            found = [arguments[1]['ForeignFirewalls'] for path, member, arguments in self.watcher.signals
                     if path == ROOT and member == 'PropertiesChanged' and 'ForeignFirewalls' in arguments[1]]
            return found and sorted(found[-1]) == sorted(entries)
        self.watcher.wait(told, f'{entries}')
        self.assertCountEqual(self.root.get(ROOT, 'Manager', 'ForeignFirewalls'), entries)
        self.watcher.signals.clear()

    def test_table_that_drops(self):
        """S8: the property names table and chain."""
        self.assertEqual(self.root.get(ROOT, 'Manager', 'ForeignFirewalls'), [])
        run('nft', 'add table inet lockdown; '
            'add chain inet lockdown nothing { type filter hook forward priority 0; policy drop; }')
        self.assert_listed('inet lockdown nothing: policy drop')
        run('nft', 'add rule inet lockdown nothing iifname "br-internal" counter drop')
        self.assert_listed('inet lockdown nothing: policy drop', 'inet lockdown nothing: iifname "br-internal" counter drop')
        run('nft', 'delete table inet lockdown')
        self.assert_listed()

    def test_docker(self):
        run('nft', '-f', '-', input=DOCKER)
        self.assert_listed('ip filter FORWARD: policy drop', 'ip filter DOCKER-ISOLATION-2: oifname "docker0" counter drop')
        self.assertEqual(self.root.get(ROOT, 'Manager', 'ForeignFirewalls')[0], 'ip filter FORWARD: policy drop')

    def test_hooks(self):
        run('nft', '-f', '-', input='''
table inet host {
  chain in { type filter hook input priority 0; policy drop; tcp dport 22 accept; tcp dport 23 drop; }
  chain out { type filter hook output priority 0; policy drop; }
  chain pre { type filter hook prerouting priority -300; ip saddr 192.0.2.0/24 drop; }
  chain post { type filter hook postrouting priority 10; meta mark 7 drop; }
  chain idle { tcp dport 5 drop; }
}
table bridge b {
  chain c { type filter hook forward priority 0; policy drop; }
}
table netdev n {
  chain c { type filter hook ingress device "lo" priority 0; policy drop; }
}
''')
        self.assert_listed('inet host in: policy drop', 'inet host out: policy drop',
                           'inet host pre: ip saddr 192.0.2.0/24 drop',
                           'inet host post: meta mark 0x00000007 drop')

    def test_own_table(self):
        """Ours is not foreign, though it refuses packets."""
        self.watcher.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'nat': True})
        run('nft', 'add table ip netnsd; add chain ip netnsd c { type filter hook forward priority 0; policy drop; }')
        self.assert_listed('ip netnsd c: policy drop')

    def test_other_namespaces(self):
        """What happens inside one is not the host's."""
        self.watcher.call(ROOT, 'Manager', 'CreateNamespace', '(sa{sv})', 'web', {})
        run('nft', 'add table inet t; add chain inet t c { type filter hook forward priority 0; policy drop; }',
            namespace='web')
        run('nft', 'add table inet u; add chain inet u c { type filter hook forward priority 0; policy drop; }')
        self.assert_listed('inet u c: policy drop')

    def test_many(self):
        rules = ''.join(f'add rule inet t c ip saddr 10.0.{i}.0/24 drop\n' for i in range(200))
        run('nft', '-f', '-', input='add table inet t\nadd chain inet t c { type filter hook forward priority 0; }\n'
            + rules)
        self.watcher.wait(lambda: len(self.root.get(ROOT, 'Manager', 'ForeignFirewalls')) == 65, 'all of them')
        self.assertEqual(self.root.get(ROOT, 'Manager', 'ForeignFirewalls')[-1], 'and 136 more')

    def test_loops_and_strange_rules(self):
        """Chains can lead in circles as long as no packet could."""
        run('nft', '-f', '-', input='''
table inet t {
  set s { type ipv4_addr; elements = { 192.0.2.1, 192.0.2.2 } }
  chain a { jump b; }
  chain b { tcp dport vmap { 22 : accept, 23 : drop }; }
  chain c { type filter hook forward priority 0; policy accept;
    jump a; jump a; jump b
    ip saddr @s ct state invalid limit rate 5/second log prefix "bad words" drop comment "no"
    fib saddr . iif oif missing drop
    @nh,96,32 0x0a000000 drop
    ip saddr . tcp dport { 192.0.2.1 . 80, 192.0.2.2 . 81 } drop
    tcp flags & (syn|ack) == syn reject with tcp reset
    ip daddr 192.0.2.1-192.0.2.9 udp dport != { 53, 100-200 } drop
    meta l4proto { tcp, udp } goto b
  }
}
''')
        found = []
        self.watcher.wait(lambda: found.extend(self.root.get(ROOT, 'Manager', 'ForeignFirewalls')) or found, 'drops')
        self.assertEqual(found, [
            'inet t b: tcp dport vmap { 22 : accept, 23 : drop }',
            'inet t c: ip saddr @s ct state invalid limit rate 5/second log prefix "bad words" drop',
            'inet t c: fib saddr . iif oif missing drop',
            'inet t c: @nh,96,32 0xa000000 drop',
            'inet t c: ip saddr . tcp dport { 192.0.2.1 . 80, 192.0.2.2 . 81 } drop',
            'inet t c: tcp flags syn / syn,ack reject with tcp reset',
            'inet t c: ip daddr 192.0.2.1-192.0.2.9 udp dport != { 53, 100-200 } drop'])

    def test_same_words_as_nft(self):
        """The words are those that nft prints for the same rule."""
        rules = ['iifname "lan" oifname != "up0" drop', 'ip saddr 10.0.0.0/8 ip daddr != 10.1.0.0/16 drop',
                 'ip6 saddr fd00::/8 drop', 'tcp dport 80 drop', 'udp sport 1000-2000 drop', 'meta l4proto icmp drop',
                 'ct state established,related drop', 'icmpv6 type nd-neighbor-solicit drop', 'ct status dnat drop',
                 'tcp dport { 22, 80 } ct state new drop', 'ip protocol tcp reject', 'meta nfproto ipv4 drop',
                 'limit rate over 10/second burst 20 packets drop', 'limit rate 5 mbytes/second drop',
                 'log prefix "a: b" level debug flags all drop', 'log level emerg drop', 'meta mark 0x10 drop',
                 'ct mark and 0xff == 0x1 drop', 'meta mark set ct mark and 0xf0 or 0x3 drop', 'ip dscp set cs1 drop',
                 'iifname vmap { "a" : drop, "b" : accept }', 'ip saddr . tcp dport vmap { 192.0.2.1 . 80 : drop }',
                 'meta mark set tcp dport map { 22 : 0x1, 80 : 0x2 } drop', 'quota over 5 mbytes drop',
                 'ct count over 5 reject with tcp reset', 'ip daddr != 10.0.0.0/8 rt ip nexthop 192.0.2.1 drop']
        run('nft', '-f', '-', input='add table inet t\nadd chain inet t c { type filter hook forward priority 0; }\n'
            + ''.join(f'add rule inet t c {rule}\n' for rule in rules))
        self.watcher.wait(lambda: len(self.root.get(ROOT, 'Manager', 'ForeignFirewalls')) == len(rules), 'all')
        printed = [line.strip() for line in run('nft', 'list', 'chain', 'inet', 't', 'c').stdout.splitlines()
                   if re.search(r'\b(drop|reject)\b', line) and 'policy' not in line]
        self.assertEqual(len(printed), len(rules), json.dumps(printed))
        self.assertEqual(self.root.get(ROOT, 'Manager', 'ForeignFirewalls'), [f'inet t c: {line}' for line in printed])

    @unittest.skipUnless(shutil.which('iptables-nft'), 'no iptables here')
    def test_same_words_of_iptables(self):
        """Also for what iptables puts in, here and in the list of a namespace's rules."""
        for rule in ('-m conntrack --ctstate INVALID -j DROP', '-p tcp -m multiport --dports 22,443 -j DROP',
                     '-m mark --mark 0x40000/0xff0000 -j DROP', '-m addrtype --dst-type LOCAL -j REJECT',
                     '-m limit --limit 3/min -j LOG --log-prefix x --log-level debug', '-m comment --comment hello -i eth9 -j DROP',
                     '-m recent --name q --rcheck -j DROP', '-j REJECT --reject-with icmp-host-prohibited'):
            run('iptables-nft', '-A', 'FORWARD', *rule.split())
        listed = run('nft', '-s', '-a', 'list', 'chain', 'ip', 'filter', 'FORWARD').stdout
        printed = re.findall(r'^\t\t(.*) # handle \d+$', listed, re.MULTILINE)
        self.assertEqual(len(printed), 8, listed)
        self.assert_listed(*(f'ip filter FORWARD: {line}' for line in printed if ' log ' not in line))
        rules = self.root.call(self.root.get(ROOT, 'Manager', 'HostNamespace'), 'Firewall', 'ListRules')
        self.assertEqual([rule['text'] for rule in rules if rule.get('table') == 'filter' and 'policy' not in rule], printed)


if __name__ == '__main__':
    netns1.main()
