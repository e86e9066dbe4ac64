#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# What an unfriendly user tries: to reach what polkit was not asked about, to have a dialog speak of something else
# than what is done, and to keep the service from working for others. Each was possible once.
import contextlib
import json
import os
import re
import time
import unittest

import netns1
import references
from gi.repository import GLib
from netns1 import ROOT, allow_only, link, run, set_rules

STATE = os.environ['SANDBOX']


def object_path(namespace):
    return f'{ROOT}/namespace/{namespace}'


def log():
    with open(os.path.join(STATE, 'netnsd.log'), encoding='utf-8', errors='replace') as file:
        return file.read()


def forwards():
    """What the maps of forwards hold."""
    return [item['map'].get('elem') for item in netns1.nft() if item.get('map', {}).get('table') == 'netnsd']


class SecurityTestCase(netns1.TestCase):
    def create_network(self, caller, name, **options):
        return caller.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', name, options)

    def connect(self, caller, namespace, network):
        return caller.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', namespace, network, {})


@unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
class Reach(SecurityTestCase):
    """What a call touches is what polkit is asked about."""

    def test_disconnect_does_not_reach_the_host(self):
        """A pair of cables between two bridges of the host is not alice's to cut."""
        self.create_network(self.root, 'lan', shared=True)
        run('ip', 'link', 'add', 'plug', 'master', 'lan', 'type', 'veth', 'peer', 'name', 'socket')
        set_rules(allow_only('configure-own'))
        with self.unchanged(), self.assertRaises(netns1.BusError):
            self.alice.call(ROOT, 'Manager', 'Disconnect', '(ss)', '', 'lan')
        self.assertIsNotNone(link('socket'))

    def test_network_in_a_namespace_that_was_given_away(self):
        """Who made a network in a namespace may plug into it as long as the namespace is hers."""
        for name in ('shop', 'client'):
            self.alice.create_namespace(name)
        self.create_network(self.alice, 'lan', namespace='shop')
        self.root.call(object_path('shop'), 'Namespace', 'SetOwner', '(u)', netns1.BOB)
        set_rules(allow_only('configure-own'))
        with self.unchanged(), self.assertBusError('AccessDenied'):
            self.connect(self.alice, 'client', 'shop:lan')

    def test_forward_does_not_lead_to_the_host(self):
        """Whoever owns the namespace gives it the address of its gateway, or one that each router listens to: what was
        to lead there must not lead to a program of the host instead."""
        self.create_network(self.root, 'lan', subnets=['10.1.0.0/24', 'fd00:1::/64'], nat=True)
        self.alice.create_namespace('web')
        self.connect(self.root, 'web', 'lan')
        path = self.root.call(ROOT, 'Manager', 'CreateForward', '(ssqa{sv})', 'web', 'udp', 80, {'scope': 'public'})
        eth = self.root.link('web', 'eth0')
        set_rules(allow_only('configure-own'))
        for address in ('10.1.0.2/24', 'fd00:1::2/64'):
            self.alice.call(eth, 'Link', 'RemoveAddress', '(s)', address)
        for address in ('10.1.0.1/24', '10.1.0.255/24', '10.1.0.0/24', 'fd00:1::1/64', 'fd00:1::/64'):
            with self.subTest(address):
                if address.split('/')[0] in ('10.1.0.1', 'fd00:1::1', 'fd00:1::'):  # by other means: the host has it
                    with self.assertBusError('AddressInUse'):
                        self.alice.call(eth, 'Link', 'AddAddress', '(sa{sv})', address, {})
                    run('ip', 'address', 'add', address, 'dev', 'eth0', namespace='web')
                    netns1.wait_for(lambda: address in [entry[0] for entry in self.root.get(eth, 'Link', 'Addresses')])
                else:
                    self.alice.call(eth, 'Link', 'AddAddress', '(sa{sv})', address, {})
                self.assertEqual(self.root.get(path, 'Forward', 'TargetAddresses'), [])
                self.assertNotIn(f"'{address.split('/')[0]}'", str(forwards()))
                self.alice.call(eth, 'Link', 'RemoveAddress', '(s)', address)
        self.alice.call(eth, 'Link', 'AddAddress', '(sa{sv})', '10.1.0.3/24', {})
        self.assertIn("'10.1.0.3'", str(forwards()))

    def test_bridge_of_the_host_is_not_nat(self):
        """The right to translate addresses is none to take over a bridge that was there before."""
        run('ip', 'link', 'add', 'office', 'type', 'bridge')
        set_rules(allow_only('nat'))
        with self.unchanged(), self.assertBusError('AccessDenied'):
            self.create_network(self.alice, 'lan', bridge='office', nat=True)
        self.create_network(self.alice, 'lan', nat=True)

    def test_owner_of_a_namespace_made_a_moment_ago(self):
        """Nobody keeps, or misses, a namespace because the service had not looked at it yet."""
        for number in range(5):
            with self.subTest(number):
                run('ip', 'netns', 'add', f'new{number}')
                self.root.call(object_path(f'new{number}'), 'Namespace', 'SetOwner', '(u)', netns1.ALICE)
                self.assertEqual(self.bob.get(object_path(f'new{number}'), 'Namespace', 'Owner'), netns1.ALICE)

    def test_property_of_an_interface_that_is_not_there(self):
        with self.assertRaises(netns1.BusError):
            self.alice.get(netns1.HOST, 'Link', 'Mtu')
        with self.assertRaises(netns1.BusError):
            self.alice.get_all(netns1.HOST, 'Veth')


@unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
class Dialogs(SecurityTestCase):
    """What an administrator and a rule get to see is what is done."""

    rules = 'ask-all'

    def ask(self, path, interface, method, signature, *values):
        """The first question that a call of bob makes polkit ask; it is dismissed."""
        call = self.bob.start(path, interface, method, signature, *values, interactive=True)
        question = self.questions.next()
        question.dismiss()
        with self.assertBusError('AuthorizationDismissed'):
            call.result()
        return question

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.questions = cls.bob.become_agent()

    def setUp(self):
        super().setUp()
        set_rules('allow-all')
        self.alice.create_namespace('bank')
        self.bob.create_namespace('toys')
        set_rules('ask-all')

    def test_the_foreign_namespace_is_named(self):
        for first, second in (('bank', 'toys'), ('toys', 'bank')):
            question = self.ask(ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', first, 'a', second, 'b', {})
            self.assertEqual(question.action, 'configure-foreign')
            self.assertIn('(bank, alice)', question.message)

    def test_both_ends_are_named(self):
        question = self.ask(ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', 'toys', 'harmless', '', 'wan', {})
        self.assertIn('create the veth pair harmless wan', question.message)

    def test_whose_network(self):
        set_rules('allow-all')
        self.create_network(self.alice, 'vault')
        set_rules('ask-all')
        question = self.ask(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'toys', 'vault', {})
        self.assertEqual(question.action, 'configure-foreign')
        self.assertIn('connect a namespace to the network vault', question.message)
        self.assertIn('alice', question.message)

    def test_all_sources_are_named(self):
        question = self.ask(ROOT, 'Manager', 'CreateNat', '(sasa{sv})', 'toys', ['10.9.0.0/24', '0.0.0.0/1'], {})
        self.assertIn('10.9.0.0/24 0.0.0.0/1', question.message)

    def test_another_link_than_the_one_in_the_dialog(self):
        """A rename while the dialog is open."""
        run('ip', 'link', 'add', 'harmless', 'type', 'bridge')
        path = self.bob.link('', 'harmless')
        call = self.bob.start(path, 'Link', 'Delete', interactive=True)
        question = self.questions.next()
        run('ip', 'link', 'set', 'harmless', 'name', 'precious')
        question.grant()
        with self.assertBusError('NamespaceGone'):
            call.result()
        self.assertIsNotNone(link('precious'))


@unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
class Exhaustion(SecurityTestCase):
    """One user cannot have all of the service, nor of the machine."""

    def test_giant_lists(self):
        """They are refused before they cost anything, and before polkit is asked."""
        subnets = [f'10.{i // 16384}.{i // 64 % 256}.{i % 64 * 4}/30' for i in range(20000)]
        before = netns1.NETNSD.worked
        for method, signature, *values in (('CreateNetwork', '(sa{sv})', 'lan', {'subnets': subnets}),
                                           ('CreateNat', '(sasa{sv})', '', subnets, {}),
                                           ('CreateBridge', '(ssa{sv})', '', 'br', {'addresses': subnets})):
            with self.subTest(method), self.unchanged(), self.assertBusError('InvalidArgument'):
                self.bob.call(ROOT, 'Manager', method, signature, *values)
        self.assertLess(netns1.NETNSD.worked - before, 30)

    def test_many_calls(self):
        """alice is told to wait, and bob does not have to."""
        calls = [self.alice.start(ROOT, 'Manager', 'CreateNamespace', '(sa{sv})', f'n{i}', {}) for i in range(200)]
        begin = time.monotonic()
        self.bob.create_namespace('bob')
        self.assertLess(time.monotonic() - begin, 10)
        names = []
        for call in calls:
            with contextlib.suppress(netns1.BusError):
                names.append(call.result())
        self.assertGreater(len(names), 0)
        self.assertEqual(len(netns1.namespaces()), len(names) + 1)

    def test_quota(self):
        """Root has given alice almost all that she can have."""
        for i in range(248):
            self.root.create_namespace(f'n{i}')
            self.root.call(object_path(f'n{i}'), 'Namespace', 'SetOwner', '(u)', netns1.ALICE)
        for name in ('a', 'b'):
            self.alice.create_namespace(name)
        with self.assertBusError('QuotaExceeded'):
            self.alice.create_namespace('c')
        self.alice.call(ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', 'a', 'x', 'b', 'y', {})
        self.bob.create_namespace('d')
        self.root.create_namespace('e')
        self.alice.call(object_path('b'), 'Namespace', 'Delete', '(a{sv})', {})
        self.alice.create_namespace('c')

    def test_quota_of_networks(self):
        """Wherever they are; those of others do not count."""
        self.alice.create_namespace('a')
        for number in range(100):
            self.create_network(self.alice, f'n{number}', namespace='a')
        with self.unchanged(), self.assertBusError('QuotaExceeded'):
            self.create_network(self.alice, 'more', namespace='a')
        with self.assertBusError('QuotaExceeded'):
            self.create_network(self.alice, 'more')
        self.create_network(self.root, 'lan')
        self.bob.create_namespace('b')
        self.create_network(self.bob, 'of-bob', namespace='b')
        self.alice.call(f'{ROOT}/namespace/a/network/n7', 'Network', 'Delete')
        self.create_network(self.alice, 'more', namespace='a')

    def test_quota_of_namespaces_that_do_not_end(self):
        """Something invisible keeps a namespace that was deleted: it counts until it has ended."""
        for i in range(249):
            self.root.create_namespace(f'n{i}')
            self.root.call(object_path(f'n{i}'), 'Namespace', 'SetOwner', '(u)', netns1.ALICE)
        self.alice.create_namespace('a')
        keeper = references.in_transit(self, 'a')
        with self.assertBusError('Busy'):
            self.alice.call(object_path('a'), 'Namespace', 'Delete', '(a{sv})', {})
        self.assertNotIn('a', netns1.namespaces())
        with self.assertBusError('QuotaExceeded'):
            self.alice.create_namespace('b')
        self.bob.create_namespace('d')
        keeper.kill()

        def can_create():
            with contextlib.suppress(netns1.BusError):
                return self.alice.create_namespace('b')
            return None
        netns1.wait_for(can_create)

    def test_quota_of_nats(self):
        """As many as one user can have; another user still can."""
        subnets = [f'10.{i // 256}.{i % 256}.0/24' for i in range(251)]
        for subnet in subnets[:250]:
            self.alice.call(ROOT, 'Manager', 'CreateNat', '(sasa{sv})', '', [subnet], {})
        with self.unchanged(), self.assertBusError('QuotaExceeded'):
            self.alice.call(ROOT, 'Manager', 'CreateNat', '(sasa{sv})', '', [subnets[250]], {})
        self.bob.call(ROOT, 'Manager', 'CreateNat', '(sasa{sv})', '', [subnets[250]], {})
        self.alice.call(f'{ROOT}/nat/7', 'Nat', 'Delete')
        self.alice.call(ROOT, 'Manager', 'CreateNat', '(sasa{sv})', '', [subnets[6]], {})

    def test_log(self):
        """No lines in another's name, and none without end."""
        with self.assertBusError('NotFound'):
            self.connect(self.bob, 'x', 'y\nuid 0: forged')
        with self.assertBusError('NotFound'):
            self.connect(self.bob, 'x', 'z' * 1000000)
        lines = log().splitlines()
        self.assertEqual([line for line in lines if line.startswith('uid 0: forged')], [])
        self.assertEqual([line[:100] for line in lines if len(line) > 4000], [])

    def test_what_a_terminal_obeys(self):
        """Neither the log nor netnsctl writes it, in no format: here in the description of a link, which is anybody's."""
        hostile = 'a\x9b31m\u202eb\u2066c\U000e0041\u2028d'
        shown = r'a\u009b31m\u202eb\u2066c\udb40\udc41\u2028d'
        with self.assertBusError('NotFound'):
            self.connect(self.bob, 'x', hostile)
        self.assertIn(shown, log())
        self.assertEqual(set(hostile) & set(log()) - set('abcdm31'), set())
        self.bob.create_namespace('a')
        self.bob.call(ROOT, 'Manager', 'CreateBridge', '(ssa{sv})', 'a', 'br', {})
        self.bob.call(self.bob.link('a', 'br'), 'Link', 'SetDescription', '(s)', hostile)
        for options in ([], ['--json=short'], ['--json=pretty']):
            with self.subTest(options):
                text = netns1.netnsctl(*options, 'link', 'show', 'a', 'br').stdout
                self.assertIn(shown, text)
                self.assertTrue(all(c.isprintable() or c == '\n' for c in text), ascii(text))
        self.assertEqual(json.loads(netns1.netnsctl('--json=short', 'link', 'show', 'a', 'br').stdout)['description'], hostile)

    def test_forward(self):
        """An open port is in the line, done and refused alike."""
        self.root.create_namespace('web')
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'subnets': ['10.1.0.0/24']})
        self.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'web', 'lan', {})
        for caller, protocol, port in ((self.root, 'tcp', 8080), (self.bob, 'udp', 5353)):
            options = {'scope': 'public', 'listen-port': GLib.Variant('q', port)}
            with contextlib.suppress(netns1.BusError):
                caller.call(ROOT, 'Manager', 'CreateForward', '(ssqa{sv})', 'web', protocol, 80, options)
            words = [f'protocol={protocol}', f'port={port}', 'scope=public']
            line = [line for line in log().splitlines() if 'CreateForward' in line][-1]
            self.assertEqual([word for word in words if word in line.replace(': ', ' ').split()], words, line)

    def test_flood_of_refusals(self):
        """Who is refused all day does not push others' lines out of the journal; the rest is counted."""
        carol = self.join(netns1.CAROL)
        began = time.monotonic()
        for _ in range(300):
            with self.assertBusError('NotFound'):
                self.connect(carol, 'absent', 'absent')
        lines = [line for line in log().splitlines() if f'uid {netns1.CAROL}: ' in line]
        spans = 1 + int((time.monotonic() - began) / 30)  # in each of which they are counted anew
        self.assertIn(len(lines), range(100, 105 * spans))
        self.assertTrue(any('not logged' in line for line in (lines if spans > 1 else lines[-1:])))
        with self.assertBusError('NotFound'):
            self.connect(self.bob, 'absent', 'bobs-own')
        self.assertIn('bobs-own', log())

    def test_who_left_is_not_root(self):
        """A caller who is gone before the bus says who it was."""
        for _ in range(20):
            with netns1.Caller(netns1.CAROL) as carol:
                carol.start(ROOT, 'Manager', 'Disconnect', '(ss)', 'absent', 'absent')
                carol.kill()
        self.bob.get(ROOT, 'Manager', 'Version')
        self.assertNotIn('uid 0: Disconnect', log())


@unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
class Names(SecurityTestCase):
    def test_no_name_is_a_reference(self):
        """`@bridges` is a set to nftables, and `@host` the host to netnsctl."""
        self.alice.create_namespace('a')
        with self.unchanged():
            for method, signature, *values in (('CreateNamespace', '(sa{sv})', '@host', {}),
                                               ('CreateBridge', '(ssa{sv})', 'a', '@bridges', {}),
                                               ('CreateNetwork', '(sa{sv})', 'n', {'bridge': '@bridges'})):
                with self.subTest(method), self.assertBusError('InvalidName'):
                    self.alice.call(ROOT, 'Manager', method, signature, *values)

    def test_names_that_are_no_text(self):
        """A container calls its links as it likes."""
        self.alice.create_namespace('a')
        self.alice.create_namespace('b')
        raw = b'x\xff\xfe'
        run('ip', 'link', 'add', raw, 'type', 'bridge', namespace='a', text=False)
        path = next(path for path, interfaces in self.alice.managed_objects().items()
                    if interfaces.get(netns1.full_interface('Link'), {}).get('Name') == 'x\\xff\\xfe')
        self.alice.call(path, 'Link', 'SetDescription', '(s)', 'odd')
        self.alice.call(path, 'Link', 'SetEnabled', '(b)', True)
        self.alice.call(path, 'Link', 'SetName', '(s)', 'plain')
        self.assertIsNotNone(link('plain', namespace='a'))


class Uplink(netns1.TestCase):
    def test_alternative_name(self):
        """Rules match a link by its name; another one of its names would never match."""
        run('ip', '-batch', '-', input='link add way up type bridge\nlink property add dev way altname the-way-out\n')
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lab',
                       {'subnets': ['10.7.0.0/24'], 'nat': True, 'uplink': 'the-way-out'})
        nat = self.root.call(ROOT, 'Manager', 'CreateNat', '(sasa{sv})', '', ['10.8.0.0/24'], {'uplink': 'the-way-out'})
        for path, interface in ((f'{ROOT}/network/lab', 'Network'), (nat, 'Nat')):
            self.assertEqual(self.root.get(path, interface, 'Uplink'), 'way')
        rules = run('nft', 'list', 'ruleset').stdout
        self.assertEqual(len(re.findall('oifname "way".* masquerade', rules)), 2)
        self.assertNotIn('the-way-out', rules)


class RouterAdvertisements(netns1.TestCase):
    """A namespace that is connected to a network must not become the host's router."""

    def accept_ra(self, link):
        return netns1.sysctl(f'net/ipv6/conf/{link}/accept_ra')

    def test_bridge_and_others(self):
        run('ip', '-batch', '-', input='link add br9 type bridge\nlink add v9 type veth peer name w9\nlink add t9 type ifb\n')
        before = {link: self.accept_ra(link) for link in ('br9', 'v9', 't9')}
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lab', {'subnets': ['fd00:7::/64'], 'nat': True})
        self.assertEqual(self.accept_ra('lab'), '0')
        self.assertEqual({link: self.accept_ra(link) for link in before}, {**before, 't9': '2'})
        self.root.call(f'{ROOT}/network/lab', 'Network', 'Delete')
        self.assertEqual({link: self.accept_ra(link) for link in before}, before)


if __name__ == '__main__':
    netns1.main()
