#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Names of networks: each namespace has its own, so that nobody takes a name from the host or from another user, and
# whatever says which network is meant says in which namespace.
import contextlib
import itertools
import json
import os
import random
import re
import select
import subprocess
import unittest

import netns1
import watch
from netns1 import ROOT, allow_only, busctl, network_path, run

STATE = '/run/netnsd/networks'
OWN = ('create-namespace', 'configure-own')
NETWORK = f'{netns1.SERVICE}.Network'


def path_of(namespace):
    return f'{ROOT}/namespace/{netns1.escape(namespace)}'


def cookie(namespace):
    """SO_NETNS_COOKIE"""
    code = 'import socket, struct; print(struct.unpack("Q", socket.socket().getsockopt(1, 71, 8))[0])'
    return run('/usr/bin/python3', '-c', code, namespace=namespace).stdout.strip()


def second_name(name, other, *then):
    """As `ip netns attach` gives it; with further commands, all at once."""
    run('sh', '-e', '-c', '; '.join((f'touch /run/netns/{other}', f'mount --bind /run/netns/{name} /run/netns/{other}', *then)))


def log():
    with open('/run/sandbox/netnsd.log', encoding='utf-8', errors='replace') as file:
        return file.read()


@unittest.skipUnless(netns1.IS_ROOT, 'needs two ordinary users')
class NamesTestCase(netns1.TestCase):
    rules = allow_only(*OWN)

    def create(self, caller, name, namespace='', **options):
        return caller.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', name,
                           {**({'namespace': namespace} if namespace else {}), **options})

    def connect(self, caller, namespace, network, **options):
        return caller.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', namespace, network, options)

    def rename(self, caller, name, new_name):
        caller.call(path_of(name), 'Namespace', 'Rename', '(s)', new_name)

    def networks(self):
        """Path and name of each."""
        return {path: interfaces[NETWORK]['Name'] for path, interfaces in self.root.managed_objects().items()
                if NETWORK in interfaces}

    def assert_networks(self, *names):
        self.assertEqual(self.networks(), {network_path(name): name for name in names})

    def make_three(self):
        """Networks called `lan` of alice, of bob, and of the host, each with a member."""
        for number, (caller, namespace) in enumerate(((self.alice, 'web'), (self.bob, 'shop'))):
            caller.create_namespace(namespace)
            path = self.create(caller, 'lan', namespace, subnets=[f'10.{number + 1}.0.0/24'])
            self.assertEqual(path, network_path(f'{namespace}:lan'))
            caller.create_namespace(f'{namespace}-client')
            self.connect(caller, f'{namespace}-client', f'{namespace}:lan')
        self.assertEqual(self.create(self.root, 'lan', subnets=['10.3.0.0/24']), network_path('lan'))
        self.root.create_namespace('client')
        self.connect(self.root, 'client', 'lan')


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
            self.assertEqual(watcher.tree, self.root.managed_objects())
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
        start = len(log())
        self.connect(self.alice, 'client', 'web:lan')
        with self.assertBusError('AccessDenied'):
            self.connect(self.alice, 'client', 'lan')
        self.create(self.alice, 'more', 'web')
        lines = log()[start:]
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
            return subprocess.Popen([os.environ['NETNSCTL'], *options, 'monitor'], stdin=subprocess.DEVNULL,
                                    stdout=subprocess.PIPE, text=True)
        def begun(process):
            """It tells of what happens now."""
            self.root.call(self.root.link('web', 'lan'), 'Link', 'SetMtu', '(u)', next(numbers))
            return select.select([process.stdout], [], [], 0.1)[0]
        numbers = itertools.count(1300)
        with look() as text, look('--json=short') as data:
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
            for process in (text, data):
                process.terminate()


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
