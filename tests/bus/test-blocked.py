#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Firewalls of others that stand in the way of a network: said when asked for, true to what real packets meet, and where
# Docker and ufw leave a door, opened when asked for, kept open, and closed again.
import os
import re
import shutil
import subprocess
import unittest

import netns1
import traffic
import watch
from netns1 import ROOT, run

OUTSIDE = f'/proc/{os.environ["OUTSIDE_PID"]}/ns/net'
ADDRESS, ADDRESS6 = netns1.outside.ADDRESSES
SUBNETS = ['10.1.0.0/24', 'fd00:1::/64']

# As iptables-nft leaves the rules of Docker and of `ufw enable`; {family} is ip or ip6.
DOCKER = '''
table {family} filter {{
  chain DOCKER {{ }}
  chain DOCKER-USER {{ counter return; }}
  chain DOCKER-ISOLATION-2 {{ oifname "docker0" counter drop; counter return; }}
  chain DOCKER-ISOLATION {{ iifname "docker0" oifname != "docker0" counter jump DOCKER-ISOLATION-2; counter return; }}
  chain FORWARD {{
    type filter hook forward priority filter; policy drop;
    counter jump DOCKER-USER
    counter jump DOCKER-ISOLATION
    oifname "docker0" ct state related,established counter accept
    oifname "docker0" counter jump DOCKER
    iifname "docker0" oifname != "docker0" counter accept
  }}
}}
'''
UFW = '''
table {family} filter {{
  chain {prefix}-user-forward {{ }}
  chain {prefix}-before-forward {{
    ct state established,related counter accept
    meta l4proto {icmp} counter accept
    counter jump {prefix}-user-forward
  }}
  chain {prefix}-after-forward {{ }}
  chain {prefix}-reject-forward {{ }}
  chain FORWARD {{
    type filter hook forward priority filter; policy drop;
    counter jump {prefix}-before-forward
    counter jump {prefix}-after-forward
    counter jump {prefix}-reject-forward
  }}
}}
'''
FIREWALLD = '''
table inet firewalld {
  chain filter_FWD_public { icmp type echo-request return; }
  chain filter_FORWARD_POLICIES { iifname "eth0" jump filter_FWD_public; jump filter_FWD_public; }
  chain filter_FORWARD {
    type filter hook forward priority filter + 10; policy accept;
    ct state { established, related } accept
    ct status dnat accept
    iifname "lo" accept
    ct state invalid drop
    jump filter_FORWARD_POLICIES
    reject with icmpx admin-prohibited
  }
}
'''
# Takes firewalld's name, says what it is asked, and answers nothing.
SILENT = '''
import sys
from gi.repository import Gio, GLib
def take(connection, message, incoming):
    if not incoming or message.get_interface() != "org.fedoraproject.FirewallD1.zone":
        return message
    print(message.get_member(), flush=True)
bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
bus.add_filter(take)
Gio.bus_own_name_on_connection(bus, "org.fedoraproject.FirewallD1", 0, lambda *_: print("ready", flush=True), None)
GLib.MainLoop().run()
'''
# The same, with an answer that changes nothing.
POLITE = SILENT.replace('flush=True)\nbus', '''flush=True)
    reply = Gio.DBusMessage.new_method_reply(message)
    reply.set_body(GLib.Variant("(s)", ("trusted",)))
    connection.send_message(reply, Gio.DBusSendMessageFlags.NONE)
bus''')
# The same, which waits for a line before it answers.
SLOW = POLITE.replace('    reply = ', '    sys.stdin.readline()\n    reply = ')
# Rules of a base chain in forward with this policy, and what of them is named when TCP, UDP or ICMP do not get through; None
# when all do. The way out is up0, the network's bridge lan. test-judged.py has more of them.
FORWARD = (
    ('drop', '', 'policy drop'),
    ('accept', '', None),
    ('drop', 'accept', None),
    ('accept', 'drop', 'drop'),
    ('accept', 'reject', 'reject'),
    ('accept', 'iifname "lan" drop', 'iifname "lan" drop'),
    ('accept', 'iifname "other" drop', None),
    ('accept', 'iifname { "a", "lan" } drop', 'drop'),
    ('accept', 'iifname != "other" drop', 'iifname != "other" drop'),
    ('accept', 'iifname "la*" drop', 'drop'),
    ('accept', 'oifname "lan" ct state established drop', 'drop'),  # answers
    ('accept', 'oifname "lan" ct state new drop', None),
    ('accept', 'oifname "up0" drop', 'oifname "up0" drop'),
    ('accept', 'oifname "eth7" drop', None),
    ('drop', 'iifname "lan" accept', 'policy drop'),  # and answers?
    ('drop', 'iifname "lan" accept; ct state established,related accept', None),
    ('drop', 'iifname "lan" accept; oifname "lan" accept', None),
    ('drop', 'ip saddr 10.0.0.0/8 accept; ip daddr 10.1.0.0/16 accept; meta nfproto ipv6 accept', None),
    ('accept', 'ip saddr 10.1.0.0/24 drop', 'ip saddr 10.1.0.0/24 drop'),
    ('accept', 'ip saddr 10.2.0.0/24 drop', None),
    ('accept', 'ip saddr 10.1.0.128/25 drop', None),  # some get through
    ('accept', 'ip6 saddr fd00::/8 drop', 'ip6 saddr fd00::/8 drop'),
    ('accept', 'meta l4proto udp drop', 'meta l4proto udp drop'),
    ('accept', 'meta l4proto tcp drop', 'meta l4proto tcp drop'),
    ('drop', 'tcp dport 80 accept; ct state established accept', 'policy drop'),  # UDP and ICMP
    ('accept', 'udp dport 80 drop', None),
    ('accept', 'meta nfproto ipv4 drop', 'meta nfproto ipv4 drop'),
    ('accept', 'jump other; drop', 'drop'),
    ('accept', 'jump back; drop', 'drop'),
    ('accept', 'goto back; drop', None),
    ('drop', 'goto back; accept', 'policy drop'),
    ('accept', 'jump yes; drop', None),
    ('accept', 'jump no', 'no: drop'),
    ('accept', 'iifname vmap { "lan" : drop }', 'iifname vmap { "lan" : drop }'),
    ('accept', 'limit rate 1/day accept; drop', None),  # as long as there are few
    ('accept', 'ip saddr @nets drop', 'ip saddr @nets drop'),
    ('accept', 'ip saddr @empty drop', None),
    ('accept', 'meta mark != 0 drop', None),
)
# What is not said to be blocked though hardly anything gets through.
BEYOND_LIMITS = ('limit rate 1/day accept; drop',)
TABLE = '''
table inet theirs {{
  set nets {{ type ipv4_addr; flags interval; elements = {{ 10.0.0.0/8, 192.168.0.0/16 }} }}
  set empty {{ type ipv4_addr; }}
  chain other {{ udp dport 99 accept; }}
  chain back {{ return; }}
  chain yes {{ accept; }}
  chain no {{ drop; }}
  chain forward {{ type filter hook forward priority 5; policy {policy}; {rules}; }}
}}
'''


class Blocked(netns1.TestCase):
    def setUp(self):
        super().setUp()
        self.root.create_namespace('web')
        self.watcher = watch.Watcher()
        self.addCleanup(self.watcher.__exit__)

    def create(self, name='lan', **options):
        self.watcher.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', name, {'subnets': SUBNETS, 'nat': True, **options})

    def connect(self, **options):
        self.watcher.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'web', 'lan', options)

    def delete(self):
        self.watcher.call(f'{ROOT}/network/lan', 'Network', 'Delete')

    def load(self, text):
        run('nft', '-f', '-', input=text.replace('; ;', ';'))

    def reach(self, address=ADDRESS):
        """Whether an answer comes soon: no proof that none would come, so one that must come is waited for."""
        return traffic.call(address, 80, namespace='web') == 'answer'

    def answers(self):
        return all(traffic.answers(address, 80, namespace='web') for address in (ADDRESS, ADDRESS6))

    def assert_blocked(self, *words, **options):
        with self.unchanged(), self.assertBusError('BlockedByFirewall') as context:
            self.create('more', subnets=['10.7.0.0/24'], **options)
        for word in words:
            self.assertIn(word, context.exception.message)

    def test_true_to_packets(self):
        """For each ruleset: what is said is what packets meet."""
        self.create()
        self.connect()
        with traffic.Echo(OUTSIDE, tcp=[80]):
            self.assertTrue(self.answers())
            self.watcher.call(ROOT, 'Manager', 'Disconnect', '(ss)', 'web', 'lan')
            for policy, rules, named in FORWARD:
                with self.subTest(f'policy {policy}; {rules}'):
                    self.load(TABLE.format(policy=policy, rules=rules or 'counter'))
                    message = self.connect_if_told_so()
                    blocked = re.search('Another firewall blocks (.*)packets', message)
                    expected = rules not in BEYOND_LIMITS and (not blocked or (blocked[1] != '' and 'TCP' not in blocked[1]))
                    through = self.answers() if expected else self.reach() and self.reach(ADDRESS6)
                    self.watcher.call(ROOT, 'Manager', 'Disconnect', '(ss)', 'web', 'lan')
                    run('nft', 'delete table inet theirs')
                    self.assertEqual(through, expected)
                    self.assertEqual(message != '', named is not None, message)
                    for word in ('inet theirs ', named) if named else ():
                        self.assertIn(word, message)

    def connect_if_told_so(self):
        """Connects in any case; what was wrong, or nothing."""
        try:
            self.connect(firewall='check')
            return ''
        except netns1.BusError as error:
            self.assertEqual(error.name, 'BlockedByFirewall')
            self.connect()
            return error.message

    def test_without_asking(self):
        """A network that is blocked comes into being all the same; whoever wants to know looks at the property."""
        self.load(DOCKER.format(family='ip'))
        before = run('nft', '-s', 'list', 'table', 'ip', 'filter').stdout
        self.create()
        self.connect()
        self.assertFalse(self.reach())
        self.assertEqual(run('nft', '-s', 'list', 'table', 'ip', 'filter').stdout, before)
        netns1.wait_for(lambda: 'ip filter FORWARD: policy drop' in self.root.get(ROOT, 'Manager', 'ForeignFirewalls'))
        self.assert_blocked('ip filter FORWARD: policy drop', 'more', firewall='check')
        self.delete_all()

    def delete_all(self):
        self.watcher.call(ROOT, 'Manager', 'Disconnect', '(ss)', 'web', 'lan')
        self.delete()

    def cure(self, texts, doors):
        """With a door for each family, real packets, a firewall that forgets, a restart, and the end."""
        for text in texts:
            self.load(text)
        tables = [(words.split()[0], 'filter') for words in doors]
        before = [run('nft', '-s', 'list', 'table', *table).stdout for table in tables]
        self.assert_blocked('policy drop', firewall='check')
        self.create(firewall='cure')
        self.connect(firewall='check')
        with traffic.Echo(OUTSIDE, tcp=[80]):
            self.assertTrue(self.answers())
            for door in doors:
                rules = run('nft', 'list', 'chain', *door.split()).stdout
                self.assertIn('iifname "lan" counter', rules)
                self.assertIn('comment "netnsd network lan"', rules)
            self.watcher.settle()
            self.watcher.signals.clear()
            for words, text in zip(doors, texts, strict=True):  # as if it was started again
                run('nft', 'delete', 'table', words.split()[0], 'filter')
                self.load(text)
            self.assertTrue(self.answers())
            self.watcher.wait(lambda: ['network lan'] in [arguments[0] for _, member, arguments in self.watcher.signals
                                                          if member == 'RulesRestored'], 'it says so')
            netns1.NETNSD.restart()
            self.assertTrue(self.answers())
            rules = run('nft', '-s', 'list', 'ruleset').stdout
            self.assertEqual(rules.count('comment "netnsd network lan"'), 4)
        self.delete_all()
        self.assertEqual([run('nft', '-s', 'list', 'table', *table).stdout for table in tables], before)

    def test_docker(self):
        self.cure([DOCKER.format(family=family) for family in ('ip', 'ip6')],
                  ['ip filter DOCKER-USER', 'ip6 filter DOCKER-USER'])

    def test_ufw(self):
        self.cure([UFW.format(family='ip', prefix='ufw', icmp='icmp'),
                   UFW.format(family='ip6', prefix='ufw6', icmp='ipv6-icmp')],
                  ['ip filter ufw-user-forward', 'ip6 filter ufw6-user-forward'])

    def test_docker_comes_later(self):
        """The door is opened when there is one."""
        self.create(firewall='cure')
        self.connect()
        with traffic.Echo(OUTSIDE, tcp=[80]):
            self.assertTrue(traffic.answers(ADDRESS, 80, namespace='web'))
            self.load(DOCKER.format(family='ip'))
            self.assertTrue(traffic.answers(ADDRESS, 80, namespace='web'))
        self.watcher.call(f'{ROOT}/network/lan', 'Network', 'SetNat', '(b)', False)
        self.assertNotIn('netnsd network', run('nft', 'list', 'ruleset').stdout)

    def test_no_door(self):
        """What has none is named, and nothing is half done; also where a door is not enough."""
        self.load(TABLE.format(policy='drop', rules='udp dport 99 accept; ip protocol tcp drop'))
        self.assert_blocked('inet theirs forward: ip protocol tcp drop', firewall='cure')
        self.load(DOCKER.format(family='ip'))
        self.assert_blocked('inet theirs forward: ip protocol tcp drop', firewall='cure')
        self.assertNotIn('netnsd network', run('nft', 'list', 'ruleset').stdout)

    def test_uplink_by_policy_rule(self):
        """Packets leave by the link that the kernel says, whatever default route the main table has."""
        run('ip', '-batch', '-', input='''
link add v0 up type veth peer name v1
link set v1 up
address add 10.9.0.1/24 dev v0
route add default via 10.9.0.2 table 77
rule add table main suppress_prefixlength 0 priority 99
rule add table 77 priority 100
''')
        for priority in ('99', '100'):
            self.addCleanup(run, 'ip', 'rule', 'del', 'priority', priority)
        self.load(TABLE.format(policy='accept', rules='oifname "v0" drop'))
        self.assert_blocked('inet theirs forward: oifname "v0" drop', firewall='check')
        run('nft', 'delete', 'table', 'inet', 'theirs')
        self.load(TABLE.format(policy='accept', rules='oifname "up0" drop'))
        self.create(subnets=['10.1.0.0/24'], firewall='check')

    def test_firewalld_that_does_not_run(self):
        """Its rules alone: it leaves no chain to others, and nobody is there to be told."""
        self.load(FIREWALLD)
        self.assert_blocked('inet firewalld filter_FORWARD: reject', 'firewall-cmd --zone=trusted --add-interface=more',
                            firewall='check')
        self.assert_blocked('inet firewalld filter_FORWARD: reject', 'firewall-cmd', firewall='cure')

    def start_firewalld(self):
        process = subprocess.Popen(['firewalld', '--nofork', '--nopid'], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(run, 'nft', 'flush', 'ruleset')
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        netns1.wait_for(lambda: 'running' in run('firewall-cmd', '--state', check=False).stdout)
        return process

    @unittest.skipUnless(shutil.which('firewalld') and netns1.IS_ROOT, 'no firewalld here')
    def test_firewalld(self):
        """The real one: told, told again after its restart, and told that it is over."""
        process = self.start_firewalld()
        with self.assertBusError('BlockedByFirewall') as caught:
            self.create(firewall='check')
        self.assertIn('inet firewalld', str(caught.exception))
        self.create(firewall='cure')
        self.assertEqual(run('firewall-cmd', '--get-zone-of-interface=lan').stdout.strip(), 'trusted')
        self.connect(firewall='check')
        with traffic.Echo(OUTSIDE, tcp=[80]):
            self.assertTrue(self.answers())
            process.terminate()
            process.wait()
            self.start_firewalld()
            self.assertTrue(self.answers())
        self.delete_all()
        zone = run('firewall-cmd', '--get-zone-of-interface=lan', check=False)
        self.assertNotIn('trusted', zone.stdout)

    @unittest.skipUnless(shutil.which('firewalld') and netns1.IS_ROOT, 'no firewalld here')
    def test_firewalld_that_does_not_answer(self):
        """Only who asked waits: others' changes are done before there is an answer, or none in time."""
        process = subprocess.Popen(['/usr/bin/python3', '-c', SILENT], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), 'ready\n')
        self.load(FIREWALLD)
        pending = self.root.start(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'more',
                                  {'subnets': ['10.7.0.0/24'], 'nat': True, 'firewall': 'cure'}, timeout=10 * netns1.PATIENCE)
        self.assertEqual(process.stdout.readline(), 'changeZoneOfInterface\n')
        for number in range(5):
            self.alice.create_namespace(f'other{number}')
        self.create('further', subnets=['10.8.0.0/24'])
        self.assertFalse(pending.done)
        with self.assertBusError('BlockedByFirewall') as context:
            pending.result(10 * netns1.PATIENCE)
        for word in ('inet firewalld filter_FORWARD: reject', 'firewall-cmd'):
            self.assertIn(word, context.exception.message)
        self.assertNotIn(f'{ROOT}/network/more', self.root.managed_objects())
        self.assertIsNone(netns1.link('more'))

    @unittest.skipUnless(shutil.which('firewalld') and netns1.IS_ROOT, 'no firewalld here')
    def test_firewalld_that_does_not_help(self):
        """It is asked once, and told when there is no network after all."""
        process = subprocess.Popen(['/usr/bin/python3', '-c', POLITE], stdout=subprocess.PIPE, text=True)
        for cleanup in (process.stdout.close, process.wait, process.kill):
            self.addCleanup(cleanup)
        self.assertEqual(process.stdout.readline(), 'ready\n')
        self.load(FIREWALLD)
        self.assert_blocked('inet firewalld filter_FORWARD: reject', firewall='cure')
        process.kill()
        self.assertEqual(process.stdout.read(), 'changeZoneOfInterface\nremoveInterface\n')

    @unittest.skipUnless(shutil.which('firewalld') and netns1.IS_ROOT, 'no firewalld here')
    def test_firewalld_that_is_too_late(self):
        """It trusts a link that cannot be made any longer: it is told so."""
        process = subprocess.Popen(['/usr/bin/python3', '-c', SLOW], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for cleanup in (process.stdout.close, process.stdin.close, process.wait, process.kill):
            self.addCleanup(cleanup)
        self.assertEqual(process.stdout.readline(), 'ready\n')
        self.load(FIREWALLD)
        pending = self.root.start(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'more',
                                  {'subnets': ['10.7.0.0/24'], 'nat': True, 'firewall': 'cure'})
        self.assertEqual(process.stdout.readline(), 'changeZoneOfInterface\n')
        run('ip', 'link', 'add', 'more', 'type', 'bridge')
        self.addCleanup(run, 'ip', 'link', 'delete', 'more')
        self.root.link('', 'more')  # the service knows it
        process.stdin.write('\n\n')
        process.stdin.flush()
        with self.assertBusError('Exists'):
            pending.result()
        process.kill()
        self.assertEqual(process.stdout.read(), 'removeInterface\n')

    def test_what_stays_refused(self):
        """A door is no hole: from outside nothing new comes in."""
        self.load(DOCKER.format(family='ip'))
        self.create(firewall='cure')
        self.connect()
        run('ip', 'route', 'add', '10.1.0.0/24', 'via', netns1.outside.UPLINK_ADDRESSES[0], namespace=OUTSIDE)
        try:
            with traffic.Echo('web', tcp=[80]):
                self.assertTrue(traffic.answers('10.1.0.2', 80))
                self.assertNotEqual(traffic.call('10.1.0.2', 80, namespace=OUTSIDE), 'answer')
        finally:
            run('ip', 'route', 'delete', '10.1.0.0/24', namespace=OUTSIDE)

    def test_netnsctl(self):
        self.load(DOCKER.format(family='ip'))
        result = netns1.netnsctl('network', 'create', 'lan', '--nat', '--firewall', 'check', uid=None, check=False)
        self.assertEqual((result.returncode, result.stderr.count('\n')), (1, 1))
        self.assertIn('ip filter FORWARD: policy drop', result.stderr)
        netns1.netnsctl('network', 'create', 'lan', '--nat', '--firewall', 'cure', uid=None)
        netns1.netnsctl('connect', 'web', 'lan', '--firewall', 'check', uid=None)


if __name__ == '__main__':
    netns1.main()
