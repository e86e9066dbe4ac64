#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Changes that no property shows have signals of their own: one for each change, before the reply, and none where
nothing changed. They do not say what there is now, because everybody hears them."""
import netns1
import watch
from netns1 import nft, run, sysctl

WEB = f'{netns1.ROOT}/namespace/web'
ACCEPT4 = {'chain': 'input', 'action': 'accept', 'source': '10.0.0.0/8'}
ACCEPT6 = {'chain': 'output', 'action': 'drop', 'destination': 'fd00::/8'}


class Unshown(netns1.TestCase):
    def setUp(self):
        super().setUp()
        self.root.create_namespace('web')
        self.link, self.peer = self.root.call(netns1.ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})',
                                              'web', 'v.1', '', 'v0', {})
        self.watcher = watch.Watcher()
        self.addCleanup(self.watcher.__exit__)

    def heard(self):
        """Signals of this kind since it was last called, and no other way of hearing of the change."""
        found = [(path, member, *arguments) for path, member, arguments in self.watcher.signals
                 if member in ('RulesChanged', 'RateLimitChanged', 'SysctlChanged')]
        self.watcher.signals.clear()
        return found

    def call(self, path, interface, method, signature, *values):
        self.heard()
        return self.watcher.call(path, interface, method, signature, *values)

    # ---- rules

    def handles(self):
        return [rule['handle'] for rule in self.root.call(WEB, 'Firewall', 'ListRules') if 'handle' in rule]

    def test_rules(self):
        for rules in ((ACCEPT4, ACCEPT6), (ACCEPT6, ACCEPT4)):
            handles = []
            for rule in rules:
                handles.append(self.call(WEB, 'Firewall', 'AddRule', '(a{sv})', rule))
                self.assertEqual(self.heard(), [(WEB, 'RulesChanged')])
            self.assertCountEqual(self.handles(), handles)
            for handle in handles:
                self.call(WEB, 'Firewall', 'RemoveRule', '(t)', handle)
                self.assertEqual(self.heard(), [(WEB, 'RulesChanged')])
        for policy, changed in (('accept', False), ('drop', True), ('drop', False), ('accept', True)):
            self.call(WEB, 'Firewall', 'SetPolicy', '(ss)', 'forward', policy)
            self.assertEqual(self.heard(), [(WEB, 'RulesChanged')] * changed, policy)

    def test_rules_refused(self):
        self.call(WEB, 'Firewall', 'AddRule', '(a{sv})', ACCEPT4)
        self.heard()
        with self.assertBusError('NotFound'):
            self.call(WEB, 'Firewall', 'RemoveRule', '(t)', 999)
        with self.assertBusError('InvalidArgument'):
            self.call(WEB, 'Firewall', 'AddRule', '(a{sv})', {'chain': 'input'})
        self.assertEqual(self.heard(), [])

    def test_rules_restored(self):
        """By another program, and put back: that is RulesRestored, and the rules of the service are as they were."""
        self.call(WEB, 'Firewall', 'AddRule', '(a{sv})', ACCEPT6)
        before = nft('web')
        self.heard()
        run('nft', 'flush', 'ruleset', namespace='web')
        self.watcher.wait(lambda: 'RulesRestored' in [member for _, member, _ in self.watcher.signals], 'restored')
        self.assertEqual(len(nft('web')), len(before))
        self.assertEqual(self.heard(), [])

    def test_rules_end(self):
        """A firewall ends with its namespace, without a word of its own; one of that name begins anew."""
        self.call(WEB, 'Firewall', 'AddRule', '(a{sv})', ACCEPT4)
        self.call(WEB, 'Namespace', 'Delete', '(a{sv})', {})
        self.assertEqual(self.heard(), [])
        self.root.create_namespace('web')
        self.call(WEB, 'Firewall', 'AddRule', '(a{sv})', ACCEPT6)
        self.assertEqual(self.heard(), [(WEB, 'RulesChanged')])

    # ---- rates

    def test_rates(self):
        for link in (self.link, self.peer):
            for rate, changed in ((0, False), (10**7, True), (10**7 + 7, False), (35 * 10**9, True), (0, True)):
                self.call(link, 'Link', 'SetRateLimit', '(t)', rate)
                self.assertEqual(self.heard(), [(link, 'RateLimitChanged')] * changed, rate)
                self.assertEqual(self.root.call(link, 'Link', 'GetRateLimit'), rate // 8 * 8)

    def test_rates_of_others(self):
        """What tc does is not followed, and what is there then is what counts."""
        self.call(self.link, 'Link', 'SetRateLimit', '(t)', 10**7)
        self.heard()
        run('tc', 'qdisc', 'del', 'dev', 'v.1', 'root', namespace='web')
        self.call(self.link, 'Link', 'SetRateLimit', '(t)', 0)
        self.assertEqual(self.heard(), [])
        run('tc', 'qdisc', 'add', 'dev', 'v.1', 'root', 'pfifo', namespace='web')
        with self.assertBusError('Busy'):
            self.call(self.link, 'Link', 'SetRateLimit', '(t)', 10**6)
        self.assertEqual(self.heard(), [])

    # ---- settings

    def test_settings(self):
        for key, values in (('net.ipv4.conf.v/1.rp_filter', ('2', '0')), ('net.ipv6.conf.v/1.disable_ipv6', ('1', '0')),
                            ('net.ipv6.conf.all.forwarding', ('1', '0')), ('net.ipv4.ip_forward', ('1', '0')),
                            ('net.ipv4.tcp_rmem', ('4096 100000 200000', '4096 100000 300000'))):
            for value in values:
                self.call(WEB, 'Namespace', 'SetSysctl', '(ss)', key, value)
                self.assertEqual(self.heard(), [(WEB, 'SysctlChanged', key)], value)
                self.assertEqual(self.root.call(WEB, 'Namespace', 'GetSysctl', '(s)', key).split(), value.split())
                self.call(WEB, 'Namespace', 'SetSysctl', '(ss)', key, value)
                self.assertEqual(self.heard(), [], 'the same again')
        with self.assertBusError('KernelRefused'):
            self.call(WEB, 'Namespace', 'SetSysctl', '(ss)', 'net.ipv6.conf.v/1.mtu', '1')
        self.assertEqual(self.heard(), [])

    def test_settings_for_addresses(self):
        """IPv6 is switched on on a new link for its addresses; one of IPv4 needs nothing."""
        run('sysctl', '-q', '-w', 'net.ipv6.conf.default.disable_ipv6=1', namespace='web')
        for number, address, changed in ((1, '10.1.0.1/24', False), (2, 'fd00:1::1/64', True)):
            self.call(netns1.ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', 'web', f'w{number}', '', f'h{number}',
                      {'addresses': [address]})
            key = f'net.ipv6.conf.w{number}.disable_ipv6'
            self.assertEqual(self.heard(), [(WEB, 'SysctlChanged', key)] * changed)
            self.assertEqual(sysctl(key, 'web'), '0' if changed else '1')

    def test_renamed(self):
        """Each signal comes from where the thing is now."""
        self.call(WEB, 'Firewall', 'AddRule', '(a{sv})', ACCEPT4)
        self.call(WEB, 'Namespace', 'Rename', '(s)', 'shop')
        self.assertEqual(self.heard(), [])
        shop = f'{netns1.ROOT}/namespace/shop'
        self.call(shop, 'Firewall', 'AddRule', '(a{sv})', ACCEPT6)
        self.assertEqual(self.heard(), [(shop, 'RulesChanged')])
        link = self.root.link('shop', 'v.1')
        self.call(link, 'Link', 'SetRateLimit', '(t)', 10**6)
        self.assertEqual(self.heard(), [(link, 'RateLimitChanged')])


if __name__ == '__main__':
    netns1.main()
