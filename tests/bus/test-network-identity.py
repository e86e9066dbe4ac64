#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# A network stays the one that it is, whatever name its namespace gets, and however the names change places.
import contextlib
import os
import random
import re

import netns1
import watch
from netns1 import network_path, ROOT, run
from networks import cookie, NamesTestCase, path_of, second_name, STATE


class Following(NamesTestCase):
    """What is known of a network is bound to its namespace, not to a name of that."""

    def setUp(self):
        super().setUp()
        self.alice.create_namespace('web')
        self.create(self.alice, 'lan', 'web', subnets=['10.1.0.0/24'])
        self.alice.create_namespace('client')
        self.connect(self.alice, 'client', 'web:lan')
        self.file = f'{cookie("web")}:lan'

    def assert_whole(self, namespace):
        """It is that namespace's, and works."""
        name = f'{namespace}:lan'
        self.assertIn(network_path(name), self.networks())
        self.assertEqual(self.networks()[network_path(name)], name)
        self.assertEqual([lease[0] for lease in self.root.get(network_path(name), 'Network', 'Leases')], ['10.1.0.2'])
        self.assertEqual(os.listdir(STATE), [self.file])
        with open(os.path.join(STATE, self.file), encoding='utf-8') as file:
            self.assertIn(f'\nNamespace={namespace}\n', file.read())
        self.alice.create_namespace('visitor')
        self.connect(self.alice, 'visitor', name)
        self.assertTrue(netns1.can_ping('10.1.0.2', namespace='visitor'))
        self.alice.call(ROOT, 'Manager', 'Disconnect', '(ss)', 'visitor', name)
        self.alice.call(path_of('visitor'), 'Namespace', 'Delete', '(a{sv})', {})

    def test_rename(self):
        """The old path goes and the new one comes before the reply; the old name can be another's."""
        with watch.Watcher() as watcher:
            watcher.call(path_of('web'), 'Namespace', 'Rename', '(s)', 'www')
            self.assertNotIn(network_path('web:lan'), watcher.tree)
            self.assertEqual(watcher.get(network_path('www:lan'), 'Network', 'Name'), 'www:lan')
            self.assertEqual(watcher.get(network_path('www:lan'), 'Network', 'Namespace'), path_of('www'))
            self.assertEqual(watcher.get(network_path('www:lan'), 'Network', 'Bridge'), self.root.link('www', 'lan'))
            told = [(member, arguments[0]) for _, member, arguments in watcher.signals if '/network/' in str(arguments[0])]
            self.assertEqual(told, [('InterfacesRemoved', network_path('web:lan')), ('InterfacesAdded', network_path('www:lan'))])
            self.assertEqual(watcher.defects, [])
            # Links that were connected a moment ago still get their addresses.
            netns1.wait_for(lambda: watcher.settle() or watcher.tree == self.root.managed_objects())
        self.assert_whole('www')
        with self.unchanged(), self.assertBusError('NotFound') as context:
            self.connect(self.alice, 'client', 'web:lan')
        self.assertIn('namespace “web”', context.exception.message)
        self.bob.create_namespace('web')
        with self.unchanged(), self.assertBusError('NotFound') as context:
            self.connect(self.bob, 'client', 'web:lan')
        self.assertIn('network “web:lan”', context.exception.message)
        netns1.NETNSD.restart()
        self.assert_whole('www')

    def test_names_change_places(self):
        """Three renames, and each network is with its own namespace."""
        self.alice.create_namespace('shop')
        self.create(self.alice, 'lan', 'shop', subnets=['10.2.0.0/24'])
        for name, new_name in (('web', 'between'), ('shop', 'web'), ('between', 'shop')):
            self.rename(self.alice, name, new_name)
        for _ in range(2):
            self.assertEqual({path: self.root.get(path, 'Network', 'Subnets') for path in self.networks()},
                             {network_path('shop:lan'): ['10.1.0.0/24'], network_path('web:lan'): ['10.2.0.0/24']})
            self.assertEqual(netns1.addresses('lan', namespace='shop'), ['10.1.0.1/24'])
            netns1.NETNSD.restart()

    def test_restart(self):
        for stop in (netns1.NETNSD.stop, netns1.NETNSD.kill):
            stop()
            netns1.NETNSD.start()
            self.assert_whole('web')

    def test_another_name_by_others(self):
        """One of two names is taken away; or it gets another name in one moment."""
        for name, new_name, at_once in (('web', 'www', False), ('www', 'shop', True)):
            with self.subTest(new_name), watch.Watcher() as watcher:
                if at_once:
                    second_name(name, new_name, f'ip netns delete {name}')
                else:
                    second_name(name, new_name)
                    netns1.wait_for(lambda: self.root.call(ROOT, 'Manager', 'GetNamespace', '(s)', new_name) == path_of(name))
                    run('ip', 'netns', 'delete', name)
                watcher.wait(lambda: network_path(f'{new_name}:lan') in watcher.tree
                             and network_path(f'{name}:lan') not in watcher.tree, 'it has moved')
                self.assertEqual(watcher.defects, [])
                self.assert_whole(new_name)
                self.assertEqual(self.root.get(path_of(new_name), 'Namespace', 'Owner'), netns1.ALICE)
            netns1.NETNSD.restart()
            self.assert_whole(new_name)

    def test_another_name_meanwhile(self):
        """While the service does not run, with another namespace in the place of the old name."""
        netns1.NETNSD.stop()
        second_name('web', 'www', 'ip netns delete web', 'ip netns add web')
        netns1.NETNSD.start()
        self.assert_whole('www')
        self.assert_networks('www:lan')

    def test_rename_with_two_names(self):
        """What has two names keeps one of them."""
        second_name('web', 'www')
        netns1.wait_for(lambda: self.root.call(ROOT, 'Manager', 'GetNamespace', '(s)', 'www') == path_of('web'))
        self.rename(self.alice, 'web', 'shop')
        name, = {self.root.call(ROOT, 'Manager', 'GetNamespace', '(s)', name) for name in ('www', 'shop')}
        self.assert_whole(name.rpartition('/')[2])
        netns1.NETNSD.restart()
        netns1.wait_for(lambda: len(self.networks()) == 1)
        path, = self.networks()
        self.assert_whole(path.split('/')[5])

    def test_all_that_is_in_it(self):
        """NAT, forwards, rules and commands as well: what belongs to a namespace goes by its cookie."""
        netns1.set_rules('allow-all')
        nat = self.alice.call(ROOT, 'Manager', 'CreateNat', '(sasa{sv})', 'web', ['10.9.0.0/24'], {})
        self.alice.call(path_of('web'), 'Firewall', 'SetPolicy', '(ss)', 'forward', 'drop')
        self.create(self.root, 'lan', subnets=['10.2.0.0/24'])
        self.connect(self.alice, 'web', 'lan')
        forward = self.alice.call(ROOT, 'Manager', 'CreateForward', '(ssqa{sv})', 'web', 'tcp', netns1.GLib.Variant('q', 80), {})
        rules = run('nft', '-s', 'list', 'ruleset', namespace='web').stdout
        second_name('web', 'www', 'ip netns delete web')
        for path, interface, name in ((nat, 'Nat', 'Namespace'), (forward, 'Forward', 'Target')):
            netns1.wait_for(lambda: self.root.get(path, interface, name) == path_of('www'))
        netns1.wait_for(lambda: self.root.get(forward, 'Forward', 'TargetAddress') == '10.2.0.2')
        self.assertEqual(run('nft', '-s', 'list', 'ruleset', namespace='www').stdout, rules)
        run('nft', 'flush', 'ruleset', namespace='www')
        netns1.wait_for(lambda: run('nft', '-s', 'list', 'ruleset', namespace='www').stdout == rules)

    def test_deleted(self):
        """With its namespace, by whomever that is deleted; one made anew has nothing of it."""
        for delete in (lambda: self.alice.call(path_of('web'), 'Namespace', 'Delete', '(a{sv})', {}),
                       lambda: run('ip', 'netns', 'delete', 'web')):
            with watch.Watcher() as watcher:
                delete()
                watcher.wait(lambda: network_path('web:lan') not in watcher.tree, 'it is gone')
                self.assertEqual(watcher.defects, [])
            netns1.wait_for(lambda: os.listdir(STATE) == [])
            self.alice.create_namespace('web')
            self.assert_networks()
            with self.unchanged(), self.assertBusError('NotFound'):
                self.connect(self.alice, 'client', 'web:lan')
            self.create(self.alice, 'lan', 'web', subnets=['10.1.0.0/24'])

    def test_files_of_the_version_before(self):
        """It knew each network by its name alone."""
        netns1.NETNSD.stop()
        with open(os.path.join(STATE, self.file), encoding='utf-8') as file:
            text = file.read()
        self.assertIn(f'\nName={self.file}\n', text)
        with open(os.path.join(STATE, 'lan'), 'w', encoding='utf-8') as file:
            file.write(text.replace(f'\nName={self.file}\n', '\nName=lan\n'))
        os.unlink(os.path.join(STATE, self.file))
        netns1.NETNSD.start()
        self.assert_whole('web')
        self.create(self.root, 'lan')
        netns1.NETNSD.restart()
        self.assert_networks('lan', 'web:lan')
        self.assertFalse(os.path.exists('/run/netnsd/bad'))

    def test_files_that_lie(self):
        """About the namespace: they are set aside."""
        netns1.NETNSD.stop()
        with open(os.path.join(STATE, self.file), encoding='utf-8') as file:
            text = file.read()
        lies = {'lan': text.replace('\nNamespace=web\n', '\nNamespace=\n'), '1:lan': text, 'other': text,
                f'{cookie("client")}:lan': text.replace(self.file, f'{cookie("client")}:lan'),
                'nowhere': re.sub(r'Cookie=\d+', 'Cookie=0', text.replace(self.file, 'nowhere'))}
        for name, content in lies.items():
            with open(os.path.join(STATE, name), 'w', encoding='utf-8') as file:
                file.write(content)
            os.chmod(os.path.join(STATE, name), 0o600)
        netns1.NETNSD.start()
        self.assert_networks('web:lan')
        self.assertEqual(sorted(os.listdir('/run/netnsd/bad')), sorted(f'networks-{name}' for name in lies))
        self.assert_whole('web')


class Storm(NamesTestCase):
    rules = 'allow-all'
    NAMES = [f'n{number}' for number in range(6)]

    def calls(self, chance):
        """What three users do at once with namespaces and networks of few names, and others by hand."""
        for caller in (self.alice, self.bob, self.root):
            one, other = chance.choice(self.NAMES), chance.choice(self.NAMES)
            kind = chance.randrange(7)
            if kind == 0:
                yield caller, ROOT, 'Manager', 'CreateNamespace', '(sa{sv})', one, {}
            elif kind == 1:
                yield caller, path_of(one), 'Namespace', 'Rename', '(s)', other
            elif kind == 2:
                yield caller, path_of(one), 'Namespace', 'Delete', '(a{sv})', {}
            elif kind == 3:
                yield caller, ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {
                    'namespace': one, 'nat': chance.random() < .5, 'shared': chance.random() < .5}
            elif kind == 4:
                yield caller, ROOT, 'Manager', 'Connect', '(ssa{sv})', other, f'{one}:lan', {}
            elif kind == 5:
                yield caller, network_path(f'{one}:lan'), 'Network', 'Delete'
            else:
                run('sh', '-c', f'[ -e /run/netns/{one} ] && [ ! -e /run/netns/{other} ] && touch /run/netns/{other} && '
                                f'mount --bind /run/netns/{one} /run/netns/{other} && ip netns delete {one}', check=False)

    def test_all_at_once(self):
        """The service goes on, and signals, objects, files and the next service have the same networks in the end."""
        chance, pid = random.Random(7), netns1.NETNSD.pid
        with watch.Watcher() as watcher:
            for _ in range(400):
                for call in [caller.start(*call) for caller, *call in self.calls(chance)]:
                    with contextlib.suppress(netns1.BusError):
                        call.result()
            self.assertEqual(netns1.NETNSD.pid, pid)

            def is_calm():
                watcher.settle()
                networks = self.networks()
                return (set(watcher.tree) == set(self.root.managed_objects())
                        and all(path == network_path(name) and self.root.get(path, 'Network', 'Bridge') != '/'
                                for path, name in networks.items())
                        and len(os.listdir(STATE)) == len(networks))
            netns1.wait_for(is_calm)
            self.assertEqual(watcher.defects, [])
        networks = self.networks()
        netns1.NETNSD.restart()
        self.assertEqual(self.networks(), networks)


class Dialogs(NamesTestCase):
    """The network that the dialog named is meant, not one that has its name when the password has been typed."""
    rules = 'ask-all'

    def setUp(self):
        super().setUp()
        for caller, name in ((self.root, 'web'), (self.root, 'mine'), (self.root, 'busy')):
            caller.create_namespace(name)
            caller.call(path_of(name), 'Namespace', 'SetOwner', '(u)', netns1.ALICE)
        self.make_networks()
        self.create(self.root, 'lan', subnets=['10.3.0.0/24'])
        self.asked = netns1.Caller(netns1.ALICE)
        self.addCleanup(self.asked.close)
        self.questions = self.asked.become_agent()

    def ask(self, meanwhile, *call):
        """The text of the dialogs, and how the call ends when all are answered after @meanwhile."""
        pending = self.asked.start(*call, interactive=True)
        question = self.questions.next()
        text = question.message
        meanwhile()
        question.grant()
        while not pending.done:
            if not self.questions.arrived.empty():
                self.questions.next().grant()
        return text, pending

    def make_networks(self):
        for name, number in (('lan', 1), ('spare', 2)):
            self.create(self.root, name, 'web', subnets=[f'10.{number}.0.0/24'])
        self.connect(self.root, 'busy', 'web:lan')

    def test_replaced(self):
        """By another one of that name, in that namespace or in another one that has the name of the namespace."""
        def take_away():
            self.root.call(ROOT, 'Manager', 'Disconnect', '(ss)', 'busy', 'web:lan')
            for name in ('web:lan', 'web:spare'):
                self.root.call(network_path(name), 'Network', 'Delete')

        def anew():
            take_away()
            self.make_networks()

        def elsewhere():
            take_away()
            self.root.call(path_of('web'), 'Namespace', 'Delete', '(a{sv})', {})
            self.root.create_namespace('web')
            self.root.call(path_of('web'), 'Namespace', 'SetOwner', '(u)', netns1.ALICE)
            self.make_networks()
        for meanwhile in (anew, elsewhere):
            for name, *call in (('web:lan', ROOT, 'Manager', 'Connect', '(ssa{sv})', 'mine', 'web:lan', {}),
                                ('web:lan', ROOT, 'Manager', 'Disconnect', '(ss)', 'busy', 'web:lan'),
                                ('web:lan', network_path('web:lan'), 'Network', 'SetNat', '(b)', True),
                                ('web:spare', network_path('web:spare'), 'Network', 'Delete')):
                with self.subTest(call[2], meanwhile=meanwhile.__name__):
                    text, pending = self.ask(meanwhile, *call)
                    self.assertIn(name, text)
                    with self.assertBusError('NamespaceGone'):
                        pending.result()

    def test_renamed(self):
        """The path or the name leads nowhere now, or to the namespace that has the name now."""
        def swap():
            self.rename(self.root, 'web', 'was-web')
            self.root.create_namespace('web')
            self.create(self.root, 'lan', 'web', subnets=['10.1.0.0/24'])
        for meanwhile, errors in ((lambda: self.rename(self.root, 'web', 'was-web'), ('NotFound',)),
                                  (swap, ('NamespaceGone',))):
            _, pending = self.ask(meanwhile, ROOT, 'Manager', 'Connect', '(ssa{sv})', 'mine', 'web:lan', {})
            with self.assertRaises(netns1.BusError) as context:
                pending.result()
            self.assertIn(context.exception.name, errors)
            self.assertIsNone(netns1.link('eth0', namespace='mine'))
            if meanwhile is not swap:
                self.rename(self.root, 'was-web', 'web')


if __name__ == '__main__':
    netns1.main()
