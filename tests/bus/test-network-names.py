#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Names of networks: each namespace has its own, so that nobody takes a name from the host or from another user, and
# whatever says which network is meant says in which namespace.
import itertools
import json
import os
import re
import select
import subprocess

import netns1
import watch
from netns1 import allow_only, busctl, network_path, ROOT, run
from networks import cookie, NamesTestCase, OWN, path_of, second_name, STATE


class Names(NamesTestCase):
    def test_three_of_one_name(self):
        self.make_three()
        self.assert_networks('lan', 'web:lan', 'shop:lan')
        for namespace, address, gateway in (('web-client', '10.1.0.2/24', '10.1.0.1'), ('shop-client', '10.2.0.2/24', '10.2.0.1'),
                                            ('client', '10.3.0.2/24', '10.3.0.1')):
            self.assertEqual(netns1.addresses('eth0', namespace=namespace), [address])
            self.assertTrue(netns1.can_ping(gateway, namespace=namespace))
        for place, owner in (('web', netns1.ALICE), ('shop', netns1.BOB), (None, 0)):
            name = f'{place}:lan' if place else 'lan'
            self.assertEqual(netns1.link('lan', namespace=place)['linkinfo']['info_kind'], 'bridge')
            values = self.bob.get_all(network_path(name), 'Network')
            self.assertEqual((values['Name'], values['Namespace'], values['Owner']),
                             (name, path_of(place) if place else netns1.HOST, owner))
            self.assertEqual(values['Bridge'], self.root.link(place or '', 'lan'))
            lease, = values['Leases']
            self.assertEqual(lease[1], path_of(f'{place}-client' if place else 'client'))
        self.assertEqual(sorted(os.listdir(STATE)), sorted(['lan', f'{cookie("web")}:lan', f'{cookie("shop")}:lan']))

    def test_enumerated(self):
        """As sd-bus and GDBus find objects: by introspection, folder for folder."""
        self.make_three()
        tree = busctl('tree', '--list', netns1.SERVICE).stdout.split()
        self.assertEqual(sorted(path for path in tree if path.endswith('/lan')), sorted(self.networks()))
        shown = busctl('introspect', netns1.SERVICE, network_path('web:lan')).stdout
        self.assertIn(f'"{path_of("web")}"', shown)
        # One object, one path.
        for path in (f'{netns1.HOST}/network/lan', f'{ROOT}/network/web_3alan', f'{path_of("web")}/network/web_3alan',
                     f'{ROOT}/network/_{cookie("web")[0]:0>2}', f'{ROOT}/network/{netns1.escape(cookie("web") + ":lan")}',
                     f'{path_of("web")}/network/{netns1.escape(cookie("web") + ":lan")}', f'{path_of("web")}/network/l_61n',
                     f'{path_of("client")}/network/lan'):
            with self.subTest(path), self.assertBusError('NotFound'):
                self.root.get(path, 'Network', 'Name')

    def test_host_is_not_for_all(self):
        """A name of the host's is for those who may have networks there, whatever is in a namespace of theirs."""
        for name in ('lan', 'other'):
            with self.unchanged(), self.assertBusError('AccessDenied'):
                self.create(self.alice, name)
        self.alice.create_namespace('web')
        self.create(self.alice, 'lan', 'web')
        self.create(self.root, 'lan')
        with self.unchanged(), self.assertBusError('Exists') as context:
            self.create(self.root, 'lan')
        self.assertIn('“lan”', context.exception.message)
        with self.unchanged(), self.assertBusError('Exists') as context:
            self.create(self.alice, 'lan', 'web')
        self.assertIn('“web:lan”', context.exception.message)

    def test_methods(self):
        """Each takes the network that it names, and no other one of the name."""
        self.make_three()
        self.alice.create_namespace('more')
        for name, namespace in (('lan', 'client'), ('shop:lan', 'shop-client')):
            with self.unchanged():
                for call in (('Connect', '(ssa{sv})', 'more', name, {}), ('Disconnect', '(ss)', namespace, name)):
                    with self.assertBusError('AccessDenied'):
                        self.alice.call(ROOT, 'Manager', *call)
        self.connect(self.alice, 'more', 'web:lan')
        self.assertEqual(netns1.addresses('eth0', namespace='more'), ['10.1.0.3/24'])
        with self.unchanged(), self.assertBusError('Exists') as context:
            self.connect(self.alice, 'more', 'web:lan')
        self.assertIn('“web:lan”', context.exception.message)
        with self.unchanged(), self.assertBusError('NotFound') as context:
            self.root.call(ROOT, 'Manager', 'Disconnect', '(ss)', 'more', 'lan')
        self.assertIn('“lan”', context.exception.message)
        with self.unchanged(), self.assertBusError('Busy') as context:
            self.alice.call(network_path('web:lan'), 'Network', 'Delete')
        self.assertIn('“web:lan”', context.exception.message)
        for namespace in ('more', 'web-client'):
            self.alice.call(ROOT, 'Manager', 'Disconnect', '(ss)', namespace, 'web:lan')
        with self.unchanged(), self.assertBusError('AccessDenied'):
            self.alice.call(network_path('web:lan'), 'Network', 'SetNat', '(b)', True)
        netns1.set_rules(allow_only(*OWN, 'nat'))
        self.alice.call(network_path('web:lan'), 'Network', 'SetNat', '(b)', True)
        self.assertEqual([self.root.get(path, 'Network', 'Nat') for path in sorted(self.networks())], [False, True, False])
        self.alice.call(network_path('web:lan'), 'Network', 'Delete')
        self.assert_networks('lan', 'shop:lan')
        self.assertIsNone(netns1.link('lan', namespace='web'))

    def test_colons(self):
        """The name of a namespace can have some; the last one counts."""
        for namespace in ('a', 'a:b', 'b'):
            self.alice.create_namespace(namespace)
            self.create(self.alice, 'lan', namespace)
        self.create(self.alice, 'b', 'a')
        self.assert_networks('a:lan', 'a:b:lan', 'b:lan', 'a:b')
        self.alice.create_namespace('member')
        for name in ('a:b:lan', 'a:b'):
            path = self.connect(self.alice, 'member', name)
            with self.subTest(name):
                self.assertEqual([lease[1] for lease in self.root.get(network_path(name), 'Network', 'Leases')],
                                 [path.split('/link/')[0]])

    def test_a_second_name_of_the_namespace(self):
        """It leads to the same network, which has one path."""
        self.alice.create_namespace('web')
        self.create(self.alice, 'lan', 'web')
        second_name('web', 'www')
        netns1.wait_for(lambda: self.root.call(ROOT, 'Manager', 'GetNamespace', '(s)', 'www') == path_of('web'))
        self.alice.create_namespace('member')
        self.connect(self.alice, 'member', 'www:lan')
        with self.unchanged(), self.assertBusError('Exists'):
            self.create(self.alice, 'lan', 'www')
        self.assertEqual(self.create(self.alice, 'more', 'www'), network_path('web:more'))
        self.assert_networks('web:lan', 'web:more')

    def test_without_a_name(self):
        """A namespace without a name has no networks; what names one there is understood."""
        sleeper = netns1.sleeper(self, 'unshare', '-n')
        inode = os.stat(f'/proc/{sleeper.pid}/ns/net').st_ino
        self.alice.create_namespace('member')
        with self.unchanged():
            with self.assertBusError('InvalidArgument') as context:
                self.create(self.root, 'lan', f'@id{inode}')
            self.assertIn('AdoptProcess', context.exception.message)
            with self.assertBusError('NotFound') as context:
                self.connect(self.root, 'member', f'@id{inode}:lan')
            self.assertIn(f'no network “@id{inode}:lan”', context.exception.message)
            with self.assertBusError('NotFound'):
                self.root.get(f'{ROOT}/namespace/_id{inode}/network/lan', 'Network', 'Name')


class Told(NamesTestCase):
    """Whatever speaks of a network names it so that no other one can be meant."""

    def setUp(self):
        super().setUp()
        netns1.set_rules(allow_only(*OWN, 'nat'))
        self.alice.create_namespace('web')
        self.create(self.alice, 'lan', 'web', subnets=['10.1.0.0/24', 'fd00:1::/64'], nat=True)
        self.create(self.root, 'lan', subnets=['10.2.0.0/24'], nat=True)
        self.alice.create_namespace('client')

    def test_rules(self):
        """In the table a network has its own name, as each namespace has a table; the signal says which one."""
        self.rename(self.alice, 'web', 'www')
        comments = {place: {item['rule']['comment'] for item in netns1.nft(place) if 'rule' in item} for place in ('www', None)}
        self.assertEqual(comments, {'www': {'network lan'}, None: {'network lan'}})
        with watch.Watcher() as watcher:
            run('nft', 'flush', 'ruleset', namespace='www')
            watcher.wait(lambda: [arguments for _, member, arguments in watcher.signals if member == 'RulesRestored']
                         == [(['network www:lan'],)], 'they are restored')

    def test_drift(self):
        run('ip', 'link', 'set', 'lan', 'down', namespace='web')
        with watch.Watcher() as watcher:
            watcher.wait(lambda: self.root.get(self.root.link('web', 'lan'), 'Link', 'Enabled') is False, 'it is down')
            run('ip', 'address', 'flush', 'dev', 'lan', 'scope', 'global', namespace='web')
            watcher.wait(lambda: any(member == 'Drifted' and arguments[0] == network_path('web:lan') and 'Gateways' in arguments[2]
                                     for _, member, arguments in watcher.signals), 'it has drifted')
            self.assertEqual([arguments for _, member, arguments in watcher.signals
                              if member == 'Drifted' and arguments[0] == network_path('lan')], [])

    def test_log(self):
        start = len(netns1.NETNSD.log)
        self.connect(self.alice, 'client', 'web:lan')
        with self.assertBusError('AccessDenied'):
            self.connect(self.alice, 'client', 'lan')
        self.create(self.alice, 'more', 'web')
        lines = netns1.NETNSD.log[start:]
        for part in ('Connect on /org/example/NetNS1 namespace=client owner=alice network=web:lan: done',
                     'client owner=root network=lan: ', 'network=web:more subnet='):
            self.assertIn(part, lines)

    def test_refusals(self):
        """Errors that name a network."""
        self.connect(self.alice, 'client', 'web:lan')
        eth0, bridge = self.root.link('client', 'eth0'), self.root.link('web', 'lan')
        self.alice.create_namespace('more')
        more = ('Manager', 'Connect', '(ssa{sv})', 'more', 'web:lan')
        gateway = {'addresses': ['10.1.0.1/24']}
        for error, call in (
                ('AddressInUse', (ROOT, *more, gateway)), ('InvalidArgument', (ROOT, *more, {'addresses': ['10.7.0.1/24']})),
                ('InvalidArgument', (ROOT, 'Manager', 'Connect', '(ssa{sv})', 'web', 'web:lan', {})),
                ('AddressInUse', (eth0, 'Link', 'AddAddress', '(sa{sv})', '10.1.0.1/24', {})),
                ('AddressInUse', (eth0, 'Link', 'SetMacAddress', '(s)', netns1.link('lan', 'web')['address'])),
                ('Busy', (bridge, 'Link', 'Delete')), ('Busy', (bridge, 'Link', 'SetName', '(s)', 'x')),
                ('SubnetConflict', (ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'x', {'namespace': 'web', 'subnets': ['10.1.0.0/25']})),
                ('SubnetConflict', (ROOT, 'Manager', 'CreateNat', '(sasa{sv})', 'web', ['10.1.0.0/25'], {})),
                ('Busy', (network_path('web:lan'), 'Network', 'Delete'))):
            with self.subTest(call), self.unchanged(), self.assertBusError(error) as context:
                self.alice.call(*call)
            self.assertIn('“web:lan”', context.exception.message)

    def test_rules_of_polkit(self):
        """A rule for a network of the host is not for one that somebody calls so."""
        netns1.set_rules('''
polkit.addRule(function(action, subject) {
  if (action.id == "org.example.NetNS1.nat")
    return action.lookup("network") == "team" ? polkit.Result.YES : polkit.Result.NO;
  return action.id.indexOf("org.example.NetNS1.") == 0 ? polkit.Result.YES : undefined;
});''')
        with self.unchanged(), self.assertBusError('AccessDenied'):
            self.create(self.alice, 'team', 'web', nat=True)
        self.create(self.alice, 'team', nat=True)

    def test_subnets_of_ipv6(self):
        """Those of two networks of one name are not the same, as far as there is a choice."""
        subnets = [self.root.get(self.create(caller, 'six', place, ipv6=True), 'Network', 'Subnets')[1]
                   for caller, place in ((self.root, ''), (self.alice, 'web'))]
        self.assertNotEqual(*subnets)


class Client(NamesTestCase):
    def setUp(self):
        super().setUp()
        self.make_three()

    def rows(self, *arguments):
        return [line.split() for line in netns1.netnsctl(*arguments).stdout.splitlines()]

    def test_list(self):
        """The host's first. What is listed is what is typed."""
        rows = self.rows('--no-legend', 'network', 'list')
        self.assertEqual([row[:3] for row in rows],
                         [['lan', '@host', '@host:lan'], ['shop:lan', 'shop', 'shop:lan'], ['web:lan', 'web', 'web:lan']])
        shown = json.loads(netns1.netnsctl('--json=short', 'network', 'list').stdout)
        self.assertEqual([(row['name'], row['namespace']) for row in shown],
                         [('lan', '@host'), ('shop:lan', 'shop'), ('web:lan', 'web')])
        for name in ('lan', 'shop:lan', 'web:lan'):
            one = json.loads(netns1.netnsctl('--json=short', 'network', 'show', name).stdout)
            self.assertEqual(one, next(row for row in shown if row['name'] == name))
        self.assertEqual(netns1.netnsctl('network', 'show', '@host:lan').stdout, netns1.netnsctl('network', 'show', 'lan').stdout)

    def test_tree(self):
        lines = netns1.netnsctl('tree').stdout.splitlines()
        drawn = [re.search(r'\[network (.*?)[,\]]', line).group(1) for line in lines if '[network ' in line]
        self.assertEqual(sorted(drawn), ['lan', 'shop:lan', 'web:lan'])
        tree = json.loads(netns1.netnsctl('--json=short', 'tree').stdout)
        self.assertEqual(sorted((place['name'], link['network']) for place in tree for link in place['links'] if link['network']),
                         [('@host', 'lan'), ('shop', 'shop:lan'), ('web', 'web:lan')])

    def test_commands(self):
        netns1.netnsctl('namespace', 'create', 'more')
        netns1.netnsctl('connect', 'more', 'web:lan')
        self.assertEqual(netns1.addresses('eth0', namespace='more'), ['10.1.0.3/24'])
        for namespace in ('more', 'web-client'):
            netns1.netnsctl('disconnect', namespace, 'web:lan')
        netns1.set_rules(allow_only(*OWN, 'nat'))
        netns1.netnsctl('network', 'nat', 'web:lan', 'on')
        self.assertTrue(self.root.get(network_path('web:lan'), 'Network', 'Nat'))
        netns1.netnsctl('network', 'delete', 'web:lan')
        self.assert_networks('lan', 'shop:lan')
        netns1.netnsctl('disconnect', 'client', '@host:lan', uid=None)
        netns1.netnsctl('network', 'delete', '@host:lan', uid=None)
        self.assert_networks('shop:lan')
        made = json.loads(netns1.netnsctl('--json=short', 'network', 'create', 'lan', '--namespace', 'web').stdout)
        self.assertEqual(made, {'object': network_path('web:lan')})

    def test_mistakes(self):
        for words, status, text in (
                (('network', 'show', 'nope:lan'), 1, 'There is no network “nope:lan”'),
                (('network', 'delete', 'web:nope'), 1, 'There is no network “web:nope”'),
                (('network', 'nat', 'nope', 'on'), 1, 'There is no network “nope”'),
                (('connect', 'client', 'web:nope'), 1, 'There is no network “web:nope”'),
                (('connect', 'client', 'nope:lan'), 1, 'There is no namespace “nope”'),
                (('disconnect', 'client', 'web:'), 1, '“web:” does not name a network'),
                (('network', 'create', 'web:lan'), 1, 'web:lan'),
                # As when a variable of the shell was not set: not what the host has.
                (('disconnect', 'client', ':lan'), 2, 'the host namespace is called @host'),
                (('network', 'delete', ':lan'), 2, 'the host namespace is called @host'),
                (('network', 'show', ':lan'), 2, 'the host namespace is called @host')):
            with self.subTest(words), self.unchanged():
                result = netns1.netnsctl(*words, uid=None, check=False)
                self.assertEqual(result.returncode, status, result.stderr)
                self.assertIn(text, result.stderr)
                self.assertEqual(result.stderr.count('\n'), 1)

    def test_monitor(self):
        def look(*options):
            process = subprocess.Popen([os.environ['NETNSCTL'], *options, 'monitor'], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, text=True)
            for cleanup in (process.stdout.close, process.wait, process.terminate):
                self.addCleanup(cleanup)
            return process

        def begun(process):
            """It tells of what happens now."""
            self.root.call(self.root.link('web', 'lan'), 'Link', 'SetMtu', '(u)', next(numbers))
            return select.select([process.stdout], [], [], 0.1)[0]

        numbers = itertools.count(1300)
        text, data = look(), look('--json=short')
        for process in (text, data):
            netns1.wait_for(lambda: begun(process))
        self.rename(self.alice, 'web', 'www')
        lines, events = set(), set()
        wanted = {'- network web:lan\n', '+ network www:lan\n'}
        while not wanted <= lines:
            lines.add(text.stdout.readline())
        while not {('removed', 'web:lan'), ('added', 'www:lan')} <= events:
            event = json.loads(data.stdout.readline())
            if event['kind'] == 'network':
                events.add((event['event'], event['name']))


class Quota(NamesTestCase):
    def test_each_for_itself(self):
        """As many as one user can have, with the names that another one has; those that ended do not count."""
        for caller, namespace in ((self.alice, 'web'), (self.bob, 'shop')):
            caller.create_namespace(namespace)
            for number in range(100):
                self.create(caller, f'n{number}', namespace)
        for caller, namespace in ((self.alice, 'web'), (self.bob, 'shop')):
            caller.create_namespace(f'{namespace}-2')
            for place in (namespace, f'{namespace}-2'):
                with self.unchanged(), self.assertBusError('QuotaExceeded'):
                    self.create(caller, 'more', place)
        self.rename(self.alice, 'web', 'www')
        with self.unchanged(), self.assertBusError('QuotaExceeded'):
            self.create(self.alice, 'more', 'web-2')
        self.alice.call(path_of('www'), 'Namespace', 'Delete', '(a{sv})', {})
        self.create(self.alice, 'more', 'web-2')
        with self.assertBusError('QuotaExceeded'):
            self.create(self.bob, 'more', 'shop')
        self.create(self.root, 'n0')


if __name__ == '__main__':
    netns1.main()
