#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# The firewall of a namespace, with real packets: what it lets in, out and through, what it is to nft, and that nobody
# else's rules are touched.
import json
import os
import unittest

import netns1
import references
import traffic
from netns1 import HOST, ROOT, run, u

HOST_ADDRESS, ADDRESS = '10.0.0.1', '10.0.0.2'
HOST_ADDRESS6, ADDRESS6 = 'fd00::1', 'fd00::2'
ISOLATED = f'{ROOT}/namespace/isolated'
FOREIGN = '''
add table ip filter
add chain ip filter INPUT { type filter hook input priority 0; policy accept; }
add rule ip filter INPUT ip saddr 192.0.2.0/24 tcp dport 25 counter drop comment "by hand"
add table inet mine
add chain inet mine helper
add rule inet mine helper udp dport { 53, 67 } accept
'''


class TestCase(netns1.TestCase):
    def setUp(self):
        super().setUp()
        self.caller = self.alice if netns1.IS_ROOT else self.root
        self.caller.create_namespace('isolated')
        self.root.call(ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', '', 'veth0', 'isolated', 'veth1',
                       {'addresses': [f'{HOST_ADDRESS}/24', f'{HOST_ADDRESS6}/64'],
                        'peer-addresses': [f'{ADDRESS}/24', f'{ADDRESS6}/64']})
        netns1.can_ping(ADDRESS6)

    def firewall(self, method, signature=None, *values, path=ISOLATED):
        return self.caller.call(path, 'Firewall', method, signature, *values)

    def policy(self, chain, policy, **options):
        self.firewall('SetPolicy', '(ss)', chain, policy, **options)

    def add(self, chain, action, path=ISOLATED, **keys):
        keys = {key.replace('_', '-'): value for key, value in keys.items()}
        return self.firewall('AddRule', '(a{sv})', {'chain': chain, 'action': action, **keys}, path=path)

    def listed(self, own=None, path=ISOLATED):
        rules = self.firewall('ListRules', path=path)
        return [rule for rule in rules if own is None or rule['own'] == own]

    def own_texts(self, chain='input'):
        return [rule['text'] for rule in self.listed(own=True) if rule['chain'] == chain]


@unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
class CommandLine(TestCase):
    """S4."""

    def test_scenario(self):
        run('nft', '-f', '-', input=FOREIGN)
        run('nft', '-f', '-', input=FOREIGN, namespace='isolated')
        before = run('nft', '-j', 'list', 'ruleset').stdout
        with traffic.Echo('isolated', tcp=[80, 81], udp=[80]):
            for port in (80, 81):
                self.assertTrue(traffic.answers(ADDRESS, port))
            netns1.netnsctl('firewall', 'isolated', 'policy', 'input', 'drop')
            self.assertEqual(netns1.netnsctl('firewall', 'isolated', 'add', 'input', 'tcp', '80', 'accept').stdout, '1\n')
            for address in (ADDRESS, ADDRESS6):
                self.assertTrue(traffic.answers(address, 80))
                self.assertEqual(traffic.call(address, 81), 'silence')
                self.assertEqual(traffic.call(address, 80, 'udp'), 'silence')
        self.assertEqual(run('nft', '-j', 'list', 'ruleset').stdout, before)
        text = netns1.netnsctl('firewall', 'isolated', 'show').stdout
        for words in ('policy drop', 'tcp dport 80 accept', 'ip saddr 192.0.2.0/24 tcp dport 25 counter drop', 'by hand',
                      'udp dport { 53, 67 } accept'):
            self.assertIn(words, text)
        rows = json.loads(netns1.netnsctl('--json=short', 'firewall', 'isolated', 'show').stdout)
        self.assertEqual([row for row in rows if row['handle'] is not None],
                         [{'handle': 1, 'table': 'inet netnsd', 'chain': 'input', 'hook': 'input',
                           'rule': 'tcp dport 80 accept', 'comment': None}])
        self.assertEqual(json.loads(netns1.netnsctl('firewall', 'isolated', 'ruleset').stdout)['nftables'],
                         netns1.nft('isolated'))
        netns1.netnsctl('firewall', 'isolated', 'remove', '1')
        netns1.netnsctl('firewall', 'isolated', 'policy', 'input', 'accept')
        self.assertNotIn('netnsd', run('nft', 'list', 'tables', namespace='isolated').stdout)

    def test_words(self):
        """What can be typed arrives."""
        netns1.netnsctl('firewall', 'isolated', 'add', 'input', 'udp', '53,1000-2000', 'from', '10.0.0.0/8', 'to', ADDRESS,
                        'sport', '99', 'state', 'new,related', 'in', 'veth1', 'reject', '--comment', 'some words')
        netns1.netnsctl('firewall', 'isolated', 'add', 'output', 'out', 'veth1', 'drop', '--position', '1')
        self.assertEqual(self.own_texts(), [
            'policy accept',
            'iifname "veth1" ip saddr 10.0.0.0/8 ip daddr 10.0.0.2 udp sport 99 udp dport { 53, 1000-2000 } '
            'ct state related,new reject with icmp port-unreachable'])
        self.assertEqual(self.own_texts('output'), ['policy accept', 'oifname "veth1" drop'])
        for words, text in ((['add', 'input', 'tcp', '0', 'drop'], '“0” is not a port'),
                            (['add', 'sideways', 'drop'], 'input, forward or output'),
                            (['add', 'input', 'vanish'], 'accept, drop or reject'),
                            (['remove', '77'], 'no rule with handle 77'), (['policy', 'input', 'reject'], 'accept or drop')):
            result = netns1.netnsctl('firewall', 'isolated', *words, check=False)
            self.assertEqual((result.returncode, result.stderr.count('\n')), (1, 1))
            self.assertIn(text, result.stderr)


class Packets(TestCase):
    def test_input(self):
        """Ports, ranges, protocols, addresses, links, in the order of the rules."""
        with traffic.Echo('isolated', tcp=[80, 81, 1000, 1500, 2001], udp=[80, 53]):
            self.policy('input', 'drop')
            self.add('input', 'accept', protocol='tcp', destination_ports=['80', '1000-2000'])
            self.add('input', 'reject', protocol='tcp', destination_ports=['81'])
            self.add('input', 'accept', protocol='udp', destination_ports=['53'], source=f'{HOST_ADDRESS6}/128')
            for address in (ADDRESS, ADDRESS6):
                for port in (80, 1000, 1500):
                    self.assertTrue(traffic.answers(address, port))
                self.assertEqual(traffic.call(address, 81, timeout=netns1.PATIENCE), 'refused')
                self.assertEqual(traffic.call(address, 2001), 'silence')
                self.assertEqual(traffic.call(address, 80, 'udp'), 'silence')
            self.assertTrue(traffic.answers(ADDRESS6, 53, 'udp'))
            self.assertEqual(traffic.call(ADDRESS, 53, 'udp'), 'silence')
            self.add('input', 'drop', protocol='tcp', position=u(1), in_link='veth1', source=HOST_ADDRESS)
            self.assertEqual(traffic.call(ADDRESS, 80), 'silence')
            self.assertTrue(traffic.answers(ADDRESS6, 80))
            self.assertTrue(traffic.answers(ADDRESS, 80, namespace='isolated'))  # lo, besides the policy

    def test_what_a_dropping_policy_lets_in(self):
        """Answers, the namespace itself, and IPv6 neighbours; no ping from outside."""
        for chain in ('input', 'forward'):
            self.policy(chain, 'drop')
        run('ip', 'neighbour', 'flush', 'dev', 'veth0')
        run('ip', 'neighbour', 'flush', 'dev', 'veth1', namespace='isolated')
        for address in (ADDRESS, ADDRESS6):
            self.assertFalse(netns1.can_ping(address, timeout=1.5))
        for address in (HOST_ADDRESS, HOST_ADDRESS6, '127.0.0.1', '::1'):
            self.assertTrue(netns1.can_ping(address, namespace='isolated'))
        with traffic.Echo(None, tcp=[80]), traffic.Echo('isolated', tcp=[80]):
            self.assertTrue(traffic.answers(HOST_ADDRESS, 80, namespace='isolated'))
            self.assertTrue(traffic.answers('::1', 80, namespace='isolated'))
            self.assertEqual(traffic.call(ADDRESS6, 80), 'silence')
        self.add('input', 'accept', protocol='icmp')
        self.add('input', 'accept', protocol='icmpv6')
        for address in (ADDRESS, ADDRESS6):
            self.assertTrue(netns1.can_ping(address))
        self.add('input', 'drop', connection_state=['established'], position=u(1))  # a rule can say otherwise
        self.assertFalse(netns1.can_ping(HOST_ADDRESS, namespace='isolated', timeout=1.5))

    def test_output(self):
        with traffic.Echo(None, tcp=[80, 443]), traffic.Echo('isolated', tcp=[80]):
            self.policy('output', 'drop')
            handle = self.add('output', 'accept', protocol='tcp', destination_ports=['443'], destination='10.0.0.0/8')
            self.assertTrue(traffic.answers(HOST_ADDRESS, 443, namespace='isolated'))
            self.assertNotEqual(traffic.call(HOST_ADDRESS6, 443, namespace='isolated'), 'answer')
            self.assertNotEqual(traffic.call(HOST_ADDRESS, 80, namespace='isolated'), 'answer')
            self.assertTrue(traffic.answers(ADDRESS, 80))  # an answer goes out
            self.firewall('RemoveRule', '(t)', handle)
            self.assertNotEqual(traffic.call(HOST_ADDRESS, 443, namespace='isolated'), 'answer')

    def test_forward(self):
        """A router with a network of its own: what the network refuses stays refused."""
        self.caller.create_namespace('inner')
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan',
                       {'namespace': 'isolated', 'nat': True, 'subnets': ['10.1.0.0/24']})
        self.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'inner', 'isolated:lan', {})
        run('ip', 'route', 'add', '10.1.0.0/24', 'via', ADDRESS)
        with traffic.Echo(None, tcp=[80, 443]), traffic.Echo('inner', tcp=[80]):
            self.assertTrue(traffic.answers(HOST_ADDRESS, 80, namespace='inner'))
            self.policy('forward', 'drop')
            self.assertEqual(traffic.call(HOST_ADDRESS, 80, namespace='inner'), 'silence')
            self.add('forward', 'accept', protocol='tcp', destination_ports=['443'], in_link='lan', out_link='veth1')
            self.assertTrue(traffic.answers(HOST_ADDRESS, 443, namespace='inner'))
            self.assertEqual(traffic.call(HOST_ADDRESS, 80, namespace='inner'), 'silence')
            self.policy('forward', 'accept')
            self.add('forward', 'accept')
            self.assertNotEqual(traffic.call('10.1.0.2', 80), 'answer')  # not NATed networks' business
            self.assertTrue(traffic.answers(HOST_ADDRESS, 80, namespace='inner'))

    def test_host(self):
        """The host has one as well; a rule there is nobody's in a namespace."""
        inside = netns1.nft('isolated')
        with traffic.Echo(None, tcp=[80, 81]):
            self.caller = self.root
            self.add('input', 'drop', path=HOST, protocol='tcp', destination_ports=['81'])
            self.assertEqual(traffic.call(HOST_ADDRESS, 81, namespace='isolated'), 'silence')
            self.assertTrue(traffic.answers(HOST_ADDRESS, 80, namespace='isolated'))
        self.assertEqual(netns1.nft('isolated'), inside)


class Rules(TestCase):
    def table(self):
        return [item for item in netns1.nft('isolated') if 'metainfo' not in item]

    def test_ruleset(self):
        """GetRuleset is what nft prints inside, also of rules that people make by hand."""
        run('nft', '-f', '-', input=FOREIGN, namespace='isolated')
        self.policy('input', 'drop')
        self.add('input', 'accept', protocol='tcp', destination_ports=['80'], comment='web')
        printed = run('nft', '-j', 'list', 'ruleset', namespace='isolated').stdout
        self.assertEqual(json.loads(self.firewall('GetRuleset')), json.loads(printed))
        self.assertEqual(self.firewall('GetRuleset'), printed.strip())

    def test_list(self):
        run('nft', '-f', '-', input=FOREIGN, namespace='isolated')
        first = self.add('input', 'accept', protocol='tcp', destination_ports=['80'], comment='web')
        self.add('forward', 'drop', in_link='a')
        self.assertEqual(self.listed(own=True), [
            {'own': True, 'family': 'inet', 'table': 'netnsd', 'chain': 'input', 'hook': 'input', 'policy': 'accept',
             'text': 'policy accept'},
            {'own': True, 'family': 'inet', 'table': 'netnsd', 'chain': 'input', 'hook': 'input', 'handle': first,
             'protocol': 'tcp', 'destination-ports': ['80'], 'comment': 'web', 'action': 'accept',
             'text': 'tcp dport 80 accept'},
            {'own': True, 'family': 'inet', 'table': 'netnsd', 'chain': 'forward', 'hook': 'forward', 'policy': 'accept',
             'text': 'policy accept'},
            {'own': True, 'family': 'inet', 'table': 'netnsd', 'chain': 'forward', 'hook': 'forward', 'handle': 2,
             'in-link': 'a', 'action': 'drop', 'text': 'iifname "a" drop'},
            {'own': True, 'family': 'inet', 'table': 'netnsd', 'chain': 'output', 'hook': 'output', 'policy': 'accept',
             'text': 'policy accept'},
        ])
        handles = {(item['rule']['table'], item['rule']['chain']): item['rule']['handle']
                   for item in netns1.nft('isolated') if 'rule' in item and item['rule']['table'] != 'netnsd'}
        foreign = self.listed(own=False)
        self.assertCountEqual(foreign, [
            {'own': False, 'family': 'ip', 'table': 'filter', 'chain': 'INPUT', 'hook': 'input', 'policy': 'accept',
             'text': 'policy accept'},
            {'own': False, 'family': 'ip', 'table': 'filter', 'chain': 'INPUT', 'hook': 'input', 'comment': 'by hand',
             'text': 'ip saddr 192.0.2.0/24 tcp dport 25 counter drop', 'kernel-handle': handles['filter', 'INPUT']},
            {'own': False, 'family': 'inet', 'table': 'mine', 'chain': 'helper', 'hook': '',
             'text': 'udp dport { 53, 67 } accept', 'kernel-handle': handles['mine', 'helper']},
        ])

    def test_order_and_handles(self):
        """A rule goes where it is told, and is called the same as long as it is there, by restarts, too."""
        handles = {port: self.add('input', 'accept', protocol='tcp', destination_ports=[port], **where)
                   for port, where in (('1', {}), ('2', {}), ('3', {'position': u(1)}), ('4', {'position': u(2)}))}
        self.add('output', 'drop', protocol='gre', position=u(1))
        self.assertEqual(list(handles.values()), [1, 2, 3, 4])

        def ports():
            return [(rule['destination-ports'][0], rule['handle']) for rule in self.listed(own=True)
                    if rule['chain'] == 'input' and 'handle' in rule]
        self.assertEqual(ports(), [('3', 3), ('4', 4), ('1', 1), ('2', 2)])
        in_kernel = [item['rule']['expr'][0]['match']['right'] for item in self.table()
                     if item.get('rule', {}).get('chain') == 'firewall-input']
        self.assertEqual(in_kernel, [3, 4, 1, 2])
        self.firewall('RemoveRule', '(t)', 4)
        netns1.NETNSD.restart()
        self.assertEqual(ports(), [('3', 3), ('1', 1), ('2', 2)])
        self.firewall('RemoveRule', '(t)', 2)
        for handle in (2, 4, 0, 99):
            with self.assertBusError('NotFound'):
                self.firewall('RemoveRule', '(t)', handle)
        self.assertEqual(self.add('input', 'drop'), 6)  # never the number of one that is gone

    def test_comes_back(self):
        """After a flush inside; and nothing is left when the namespace is deleted, or all is taken back."""
        self.policy('input', 'drop')
        self.add('input', 'accept', protocol='tcp', destination_ports=['80'])
        before = run('nft', '-s', 'list', 'ruleset', namespace='isolated').stdout
        run('nft', 'flush ruleset', namespace='isolated')
        netns1.wait_for(lambda: run('nft', '-s', 'list', 'ruleset', namespace='isolated').stdout == before)
        self.caller.call(ISOLATED, 'Namespace', 'Rename', '(s)', 'other')
        run('nft', 'flush ruleset', namespace='other')
        netns1.wait_for(lambda: run('nft', '-s', 'list', 'ruleset', namespace='other').stdout == before)
        self.caller.call(f'{ROOT}/namespace/other', 'Namespace', 'Delete', '(a{sv})', {})
        self.assertEqual([files for _, _, files in os.walk('/run/netnsd') if set(files) - {'broker'}], [])
        self.caller.create_namespace('isolated')
        self.assertEqual(self.own_texts(), ['policy accept'])

    def test_namespace_is_let_go(self):
        """Nothing of the service keeps one with a firewall alive."""
        self.policy('input', 'drop')
        inode = os.stat('/run/netns/isolated').st_ino
        run('ip', 'netns', 'delete', 'isolated')
        netns1.wait_for(lambda: netns1.link('veth0') is None)  # its end inside is gone, and the namespace with it
        self.assertNotIn(inode, references.lsns())
        netns1.wait_for(lambda: not [files for _, _, files in os.walk('/run/netnsd/firewalls') if files])

    def test_same_again(self):
        """Saying what is so already changes nothing, handles of the kernel's included."""
        self.policy('input', 'drop')
        before = self.table()
        self.policy('input', 'drop')
        self.policy('output', 'accept')
        self.assertEqual(self.table(), before)

    def test_many(self):
        """As many as there can be, and one more. Added one by one they would take a minute."""
        self.add('input', 'accept', protocol='tcp', destination_ports=['1'])
        netns1.NETNSD.stop()
        file, = [os.path.join('/run/netnsd/firewalls', name) for name in os.listdir('/run/netnsd/firewalls')]
        with open(file) as stream:
            text = stream.read()
        rule = next(line for line in text.splitlines() if line.startswith('Rules=')).removeprefix('Rules=')
        rules = ''.join(rule.replace("['1']", f"['{number}']").replace('uint64 1', f'uint64 {number}')
                        for number in range(1, 501))
        with open(file, 'w') as stream:
            stream.write(text.replace(rule, rules).replace('LastHandle=1', 'LastHandle=500'))
        netns1.NETNSD.start()
        netns1.wait_for(lambda: len([item for item in self.table() if 'rule' in item]) == 500)
        with self.unchanged(), self.assertBusError('QuotaExceeded') as context:
            self.add('input', 'accept')
        self.assertIn('500', context.exception.message)
        self.firewall('RemoveRule', '(t)', 250)
        self.assertEqual(self.add('input', 'accept'), 501)


if __name__ == '__main__':
    netns1.main()
