#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Calls that wait for a password: how the answers of the dialog come back, that waiting harms nobody else, and that a
# permission is for what the dialog spoke of, whatever became of it meanwhile.
import contextlib
import json
import os
import re
import unittest

import netns1
from dialogs import RUNNING_PER_USER, WAITING_PER_USER, DialogTestCase, path_of
from gi.repository import GLib
from netns1 import ROOT, allow_only, run, set_rules

class Answers(DialogTestCase):
    CALL = (ROOT, 'Manager', 'CreateNamespace', '(sa{sv})', 'web', {})

    def test_not_interactive(self):
        """Without the flag there is no dialog: an error that says so, and another one when it was closed."""
        with self.assertBusError('InteractiveAuthorizationRequired') as context, self.unchanged():
            self.asked.call(*self.CALL)
        self.assertIn('create-namespace', context.exception.message)
        self.assertTrue(self.questions.arrived.empty())
        call = self.start(*self.CALL)
        self.questions.next().dismiss()
        with self.assertBusError('AuthorizationDismissed') as context, self.unchanged():
            call.result()
        self.assertIn('web', context.exception.message)

    def test_wrong_password(self):
        call = self.start(*self.CALL)
        self.questions.next().refuse()
        with self.unchanged():
            self.assert_fails(call, 'AccessDenied')

    def test_no_agent(self):
        """Nobody who could ask: a refusal, not an invitation to set the flag that is set."""
        with self.assertBusError('AccessDenied'), self.unchanged():
            self.bob.call(*self.CALL, interactive=True)

    def test_nobody_is_asked_for_nothing(self):
        """A call that makes no sense, and one of root."""
        self.assert_fails(self.start(ROOT, 'Manager', 'CreateNamespace', '(sa{sv})', '../x', {}), 'InvalidName')
        with netns1.Caller(0) as other:
            other.become_agent()
            other.call(*self.CALL, interactive=True)
            self.assertTrue(other.questions.arrived.empty())
        self.assertTrue(self.questions.arrived.empty())

    def test_two_actions_are_two_questions(self):
        """Foreign and host: the second refused is all refused."""
        self.create_for(netns1.BOB, 'theirs')
        call = self.start(ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', 'theirs', 'v1', '', 'v2', {})
        first = self.questions.next()
        with self.unchanged():
            first.grant()
            second = self.questions.next()
            self.assertEqual({first.action, second.action}, {'configure-foreign', 'configure-host'})
            second.refuse()
            self.assert_fails(call, 'AccessDenied')

    def test_german(self):
        """What happens and where, in the language of whom polkit asks: nothing is left in English."""
        self.create_for(netns1.BOB, 'theirs')
        with netns1.Caller(netns1.CAROL) as carol:
            questions = carol.become_agent('C.UTF-8')
            for method, types, arguments, text in (
                    ('Delete', '(a{sv})', ({},), 'Um den Namensraum zu löschen, ist eine Anmeldung nötig (theirs, bob)'),
                    ('SetDns', '(asas)', (['192.0.2.1'], []),
                     'Um die Nameserver zu setzen, ist eine Anmeldung nötig (theirs, bob)')):
                call = carol.start(path_of('theirs'), 'Namespace', method, types, *arguments, interactive=True)
                question = questions.next()
                self.assertEqual(question.message, text)
                question.refuse()
                self.assert_fails(call, 'AccessDenied')

    def test_polkit_killed_meanwhile(self):
        call = self.start(*self.CALL)
        self.questions.next()
        with self.unchanged():
            netns1.POLKITD.kill()
            self.assert_fails(call, 'AccessDenied')
        netns1.POLKITD.start()
        set_rules(allow_only('create-namespace'))
        self.assertEqual(self.asked.call(*self.CALL), path_of('web'))

    def test_polkit_restarted(self):
        """The service itself is not restarted."""
        pid = netns1.NETNSD.pid
        for number in range(3):
            netns1.POLKITD.restart()
            set_rules(allow_only('create-namespace'))
            self.alice.create_namespace(f'web{number}')
        self.assertEqual(netns1.NETNSD.pid, pid)


class Details(DialogTestCase):
    """What rules get to know. Dialogs: test-api.py."""

    KEYS = ('namespace', 'owner', 'link', 'kind', 'network', 'subnet', 'verb')
    rules = f'''
polkit.addRule(function(action, subject) {{
  if (action.id.indexOf("org.example.NetNS1.") != 0)
    return;
  var keys = {list(KEYS)}, details = {{}};
  keys.forEach(function(key) {{ details[key] = action.lookup(key) || ""; }});
  polkit.log("details " + JSON.stringify(details));
  return polkit.Result.NO;
}});'''

    def assert_details(self, call, **expected):
        start = len(netns1.POLKITD.log)
        with self.assertBusError('AccessDenied'):
            self.alice.call(*call)
        texts = re.findall(r'details ({.*})', netns1.POLKITD.log[start:])
        self.assertEqual(len(texts), 1, texts)
        details = json.loads(texts[0])
        self.assertEqual({key: details[key] for key in expected}, expected)

    def test_details(self):
        self.create_for(netns1.BOB, 'theirs')
        eth7 = self.root.link('theirs', 'eth7')
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan',
                       {'subnets': ['10.1.0.0/24', 'fd00:1::/64']})
        with self.unchanged():
            self.assert_details((eth7, 'Link', 'SetMtu', '(u)', 1400), namespace='theirs', owner='bob', link='eth7',
                                kind='veth', verb='SetMtu')
            self.assert_details((path_of('theirs'), 'Namespace', 'AddRoute', '(ssa{sv})', '192.0.2.0/24', '',
                                 {'link': 'eth7'}), namespace='theirs', subnet='192.0.2.0/24', verb='AddRoute')
            self.assert_details((ROOT, 'Manager', 'Connect', '(ssa{sv})', 'theirs', 'lan', {}), network='lan',
                                verb='Connect')
            self.assert_details((f'{ROOT}/network/lan', 'Network', 'Delete'), network='lan', verb='Delete')
            self.assert_details((ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'dmz', {'subnets': ['10.2.0.0/24']}),
                                network='dmz', subnet='10.2.0.0/24', verb='CreateNetwork')
            self.assert_details((ROOT, 'Manager', 'CreateBridge', '(ssa{sv})', '', 'br0', {}), link='br0',
                                kind='bridge', verb='CreateBridge')

    def test_rule_by_detail(self):
        """A rule that allows one name only."""
        set_rules('''
polkit.addRule(function(action, subject) {
  if (action.id == "org.example.NetNS1.create-namespace")
    return action.lookup("namespace") == "sandbox" && action.lookup("verb") == "CreateNamespace"
           ? polkit.Result.YES : polkit.Result.NO;
});''')
        self.alice.create_namespace('sandbox')
        with self.assertBusError('AccessDenied'), self.unchanged():
            self.alice.create_namespace('sandbox2')


class Queue(DialogTestCase):
    """One user with many open dialogs."""

    def test_limit(self):
        set_rules('''
polkit.addRule(function(action, subject) {
  if (action.id.indexOf("org.example.NetNS1.") == 0)
    return subject.user == "bob" ? polkit.Result.YES : polkit.Result.AUTH_ADMIN;
});''')
        calls = [self.start(ROOT, 'Manager', 'CreateNamespace', '(sa{sv})', f'w{number}', {})
                 for number in range(RUNNING_PER_USER + WAITING_PER_USER)]
        first = [self.questions.next() for _ in range(RUNNING_PER_USER)]
        with self.unchanged():
            self.assert_fails(self.start(ROOT, 'Manager', 'CreateNamespace', '(sa{sv})', 'one-more', {}),
                              'LimitsExceeded')
            self.assertTrue(self.questions.arrived.empty())
            self.assertFalse(any(call.done for call in calls))
            # A second connection is the same user.
            with self.assertBusError('LimitsExceeded'):
                self.alice.create_namespace('one-more')
            # Reads are answered, hers too, and so is root.
            self.assertIn(netns1.HOST, self.alice.managed_objects())
        self.bob.create_namespace('of-bob')
        self.root.create_namespace('of-root')
        self.assertEqual(netns1.namespaces(), ['of-bob', 'of-root'])
        # Each answer makes room for the next one.
        first[0].grant()
        self.assertEqual(calls[0].result(), path_of('w0'))
        self.questions.next().dismiss()
        self.assert_fails(calls[RUNNING_PER_USER], 'AuthorizationDismissed')
        self.assertEqual(netns1.namespaces(), ['of-bob', 'of-root', 'w0'])
        # Who leaves has asked for nothing.
        with self.unchanged():
            self.asked.kill()
            self.wait_until_refused('w', RUNNING_PER_USER + WAITING_PER_USER - 2)
        set_rules('allow-all')
        self.alice.create_namespace('again')

    def wait_until_refused(self, prefix, count):
        """Of those that are being asked, polkit may be the first to say that nobody can be asked any longer."""
        pattern = re.compile(rf'CreateNamespace on .* namespace={prefix}\d+: .*AccessDenied.*')
        netns1.wait_for(lambda: len(pattern.findall(netns1.NETNSD.log)) == count)
        left = [line for line in pattern.findall(netns1.NETNSD.log) if 'left the bus' in line]
        self.assertGreaterEqual(len(left), count - RUNNING_PER_USER)

    def test_caller_leaves(self):
        """A caller who is gone before the answer: the dialog closes, and nothing happens."""
        caller = netns1.Caller(netns1.ALICE)
        questions = caller.become_agent()
        caller.start(ROOT, 'Manager', 'CreateNamespace', '(sa{sv})', 'late1', {}, interactive=True)
        question = questions.next()
        with self.unchanged():
            caller.kill()
            self.wait_until_refused('late', 1)
            with contextlib.suppress(netns1.BusError, BrokenPipeError, ValueError):
                question.grant()
            self.asked.get(ROOT, 'Manager', 'Version')
        self.assertNotIn('late1', netns1.namespaces())


def delete_by_hand(name):
    run('ip', 'netns', 'delete', name)


def inode(name):
    return os.stat(f'/run/netns/{name}').st_ino


def add_by_hand(name):
    """A namespace with the links that those of these tests have, and the same ifindexes."""
    run('ip', 'netns', 'add', name)
    run('ip', 'link', 'add', 'eth8', 'type', 'veth', 'peer', 'name', 'eth7', namespace=name)


class Meanwhile(DialogTestCase):
    """What a call is for changes while its dialog is open; then the password is typed."""

    def setUp(self):
        super().setUp()
        self.create_for(netns1.ALICE, 'mine', 'mine2')
        self.create_for(netns1.BOB, 'theirs')
        call = self.root.call
        call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'subnets': ['10.1.0.0/24'], 'shared': True})
        call(ROOT, 'Manager', 'CreateBridge', '(ssa{sv})', '', 'br0', {})
        self.nat = call(ROOT, 'Manager', 'CreateNat', '(sasa{sv})', 'theirs', ['10.9.0.0/24'], {})

    def calls_on(self, name):
        """One call of each kind that concerns a namespace."""
        eth7 = self.root.link(name, 'eth7')
        return [
            (path_of(name), 'Namespace', 'Delete', '(a{sv})', {}),
            (path_of(name), 'Namespace', 'Rename', '(s)', 'renamed'),
            (path_of(name), 'Namespace', 'SetOwner', '(u)', netns1.ALICE),
            (path_of(name), 'Namespace', 'AddRoute', '(ssa{sv})', '192.0.2.0/24', '', {'link': 'lo'}),
            (eth7, 'Link', 'SetMtu', '(u)', 1400),
            (eth7, 'Link', 'AddAddress', '(sa{sv})', '192.0.2.1/24', {}),
            (eth7, 'Link', 'MoveTo', '(sa{sv})', 'mine2', {'name': GLib.Variant('s', 'moved')}),
            (eth7, 'Link', 'Delete'),
            (self.root.link('mine2', 'eth8'), 'Link', 'MoveTo', '(sa{sv})', name, {'name': GLib.Variant('s', 'moved')}),
            (ROOT, 'Manager', 'CreateBridge', '(ssa{sv})', name, 'br7', {}),
            (ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', 'mine2', 'v1', name, 'v2', {}),
            (ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', name, 'v3', name, 'v4', {}),
            (ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'new', {'namespace': name}),
            (ROOT, 'Manager', 'Connect', '(ssa{sv})', name, 'lan', {}),
            (ROOT, 'Manager', 'CreateNat', '(sasa{sv})', name, ['10.10.0.0/24'], {}),
        ]

    def test_deleted(self):
        """By `ip netns delete`."""
        for _ in self.assert_all_fail(self.calls_on('mine'), lambda: delete_by_hand('mine'), 'NamespaceGone',
                                      'NotFound'):
            self.create_for(netns1.ALICE, 'mine')

    def test_deleted_foreign(self):
        for _ in self.assert_all_fail([(self.nat, 'Nat', 'Delete'), *self.calls_on('theirs')],
                                      lambda: delete_by_hand('theirs'), 'NamespaceGone', 'NotFound'):
            self.create_for(netns1.BOB, 'theirs')

    def test_created_again(self):
        """Under the same name, by `ip netns`."""
        def replace():
            delete_by_hand('mine')
            add_by_hand('mine')

        for _ in self.assert_all_fail(self.calls_on('mine'), replace, 'NamespaceGone', 'NotFound'):
            self.assertEqual(self.owner('mine'), netns1.NOBODY)
            self.root.call(path_of('mine'), 'Namespace', 'Delete', '(a{sv})', {})
            self.create_for(netns1.ALICE, 'mine')

    def replace(self, name):
        """The kernel gives the inode again as soon as the old namespace is really gone, to whoever comes first."""
        wanted, found = inode(name), []
        delete_by_hand(name)

        def is_same():
            run('ip', 'netns', 'add', name)
            found.append(inode(name))
            if found[-1] != wanted:
                delete_by_hand(name)
            return found[-1] == wanted
        if not any(is_same() for _ in range(100)):
            run('ip', 'netns', 'add', name)
        run('ip', 'link', 'add', 'eth8', 'type', 'veth', 'peer', 'name', 'eth7', namespace=name)
        return found[-1] == wanted

    def test_created_again_with_same_inode(self):
        """The hardest case: name, owner (nobody), ifindex and in most cases inode are those that the dialog spoke of."""
        add_by_hand('nobodys')
        calls = [(self.root.link('nobodys', 'eth7'), 'Link', 'SetMtu', '(u)', 1400),
                 (path_of('nobodys'), 'Namespace', 'Delete', '(a{sv})', {}),
                 (ROOT, 'Manager', 'CreateBridge', '(ssa{sv})', 'nobodys', 'br7', {}),
                 (ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', 'mine', 'v1', 'nobodys', 'v2', {})]
        self.replace_during_dialogs(calls, lambda: netns1.wait_for(lambda: self.is_seen('nobodys')), 'NamespaceGone')
        # In the midst of it the service may know that the old link is gone, and not yet that there is a new one.
        self.replace_during_dialogs(calls, lambda: None, 'NamespaceGone', 'NotFound')

    def replace_during_dialogs(self, calls, wait, *names):
        same = []

        def change():
            same.append(self.replace('nobodys'))
            wait()
        for _ in range(3):
            for _ in self.assert_all_fail(calls, change, *names):
                pass
            netns1.wait_for(lambda: self.is_seen('nobodys'))
            if same[-1]:
                break

    def is_seen(self, name):
        """Whether the service shows the links that the namespace has now: each eth7 has an address of its own."""
        with contextlib.suppress(netns1.BusError):
            return (self.root.get(self.root.link(name, 'eth7'), 'Link', 'MacAddress')
                    == netns1.ip('link', 'show', 'eth7', namespace=name)[0]['address'])

    def test_renamed(self):
        """It lives on under another name; and another namespace gets its old one."""
        for _ in self.assert_all_fail([(path_of('mine'), 'Namespace', 'Delete', '(a{sv})', {}),
                                       (self.root.link('mine', 'eth7'), 'Link', 'SetMtu', '(u)', 1400)],
                                      self.swap, 'NamespaceGone', 'NotFound'):
            pass

    def swap(self):
        self.root.call(path_of('mine'), 'Namespace', 'Rename', '(s)', 'was-mine')
        self.root.call(path_of('theirs'), 'Namespace', 'Rename', '(s)', 'mine')

    def test_given_away(self):
        """alice's becomes bob's: what she may with her own does not count."""
        def give():
            self.root.call(path_of('mine'), 'Namespace', 'SetOwner', '(u)', netns1.BOB)
        calls = [call for call in self.calls_on('mine') if call[2] != 'SetOwner']
        for _ in self.assert_all_fail(calls, give, 'NamespaceGone'):
            self.root.call(path_of('mine'), 'Namespace', 'SetOwner', '(u)', netns1.ALICE)

    def test_other_owner(self):
        """The dialog spoke of bob's namespace; now it is carol's."""
        def give():
            self.root.call(path_of('theirs'), 'Namespace', 'SetOwner', '(u)', netns1.CAROL)
        for _ in self.assert_all_fail(self.calls_on('theirs')[:2], give, 'NamespaceGone'):
            pass

    def test_root_does_not_wait(self):
        """Two calls that travel one behind the other: who is not asked was not told anything that changed."""
        eth7 = self.root.link('mine', 'eth7')
        calls = [(eth7, 'Link', 'SetName', '(s)', 'eth9'), (eth7, 'Link', 'SetMtu', '(u)', 1400),
                 (path_of('mine'), 'Namespace', 'SetOwner', '(u)', netns1.BOB),
                 (eth7, 'Link', 'SetEnabled', '(b)', False)]
        for call in [self.root.start(*call) for call in calls]:
            call.result()
        self.assertEqual(netns1.link('eth9', namespace='mine')['mtu'], 1400)

    def test_link_deleted(self):
        calls = [(self.root.link('mine', 'eth7'), 'Link', 'SetMtu', '(u)', 1400),
                 (self.root.link('mine', 'eth7'), 'Link', 'Delete'),
                 (self.root.link('', 'br0'), 'Link', 'SetMtu', '(u)', 1400)]

        def delete():
            run('ip', 'link', 'delete', 'eth7', namespace='mine')
            run('ip', 'link', 'delete', 'br0')
        for _ in self.assert_all_fail(calls, delete, 'NotFound', 'NamespaceGone'):
            pass

    def test_network_deleted(self):
        calls = [(f'{ROOT}/network/lan', 'Network', 'Delete'),
                 (f'{ROOT}/network/lan', 'Network', 'SetNat', '(b)', True),
                 (ROOT, 'Manager', 'Connect', '(ssa{sv})', 'mine', 'lan', {}), (self.nat, 'Nat', 'Delete')]

        def delete():
            self.root.call(f'{ROOT}/network/lan', 'Network', 'Delete')
            self.root.call(self.nat, 'Nat', 'Delete')
        for _ in self.assert_all_fail(calls, delete, 'NotFound', 'NamespaceGone'):
            pass

    def test_definitions_replaced(self):
        """By others of the same name or number: where the dialog spoke of a network, it meant that one."""
        call = self.root.call
        call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'theirs', 'lan', {})
        call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'spare', {})
        arguments = ('(ssqa{sv})', 'theirs', 'tcp', GLib.Variant('q', 80), {'listen-port': GLib.Variant('q', 8080)})
        forward = call(ROOT, 'Manager', 'CreateForward', *arguments)
        calls = [(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'mine', 'lan', {}),
                 (ROOT, 'Manager', 'Disconnect', '(ss)', 'theirs', 'lan'),
                 (f'{ROOT}/network/spare', 'Network', 'Delete'),
                 (f'{ROOT}/network/lan', 'Network', 'SetNat', '(b)', True),
                 (self.nat, 'Nat', 'Delete'), (self.nat, 'Nat', 'GetCounters'), (forward, 'Forward', 'Delete'),
                 (forward, 'Forward', 'GetCounters')]

        def replace():
            call(forward, 'Forward', 'Delete')
            call(ROOT, 'Manager', 'Disconnect', '(ss)', 'theirs', 'lan')
            call(f'{ROOT}/network/lan', 'Network', 'Delete')
            call(self.nat, 'Nat', 'Delete')
            call(f'{ROOT}/network/spare', 'Network', 'Delete')
            call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'spare', {})
            call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'subnets': ['10.66.0.0/24'], 'shared': True})
            call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'theirs', 'lan', {})
            self.assertEqual(call(ROOT, 'Manager', 'CreateForward', *arguments), forward)
            self.assertEqual(call(ROOT, 'Manager', 'CreateNat', '(sasa{sv})', 'theirs', ['10.9.0.0/24'], {}), self.nat)
        for _ in self.assert_all_fail(calls, replace, 'NamespaceGone'):
            pass

    def test_parent_replaced(self):
        """A link that another one is to stand on, and the bridge of a network."""
        run('ip', 'link', 'add', 'parent', 'type', 'veth', 'peer', 'name', 'other')
        calls = [(ROOT, 'Manager', 'CreateLink', '(sssa{sv})', '', 'macvlan', 'new', {'link': 'parent'}),
                 (ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'new', {'bridge': 'br0'})]

        def replace():
            run('ip', 'link', 'delete', 'parent')
            run('ip', 'link', 'add', 'parent', 'type', 'veth', 'peer', 'name', 'other')
            run('ip', 'link', 'delete', 'br0')
            run('ip', 'link', 'add', 'br0', 'type', 'bridge')
        for _ in self.assert_all_fail(calls, replace, 'NamespaceGone'):
            pass

    def test_done_meanwhile(self):
        """Somebody else was quicker."""
        calls = [(ROOT, 'Manager', 'CreateNamespace', '(sa{sv})', 'new', {}),
                 (path_of('mine'), 'Namespace', 'Rename', '(s)', 'new')]
        for _ in self.assert_all_fail(calls, lambda: run('ip', 'netns', 'add', 'new'), 'Exists'):
            pass

    def test_nothing_else_is_needed(self):
        """The same without a change in between works: what the tests above see is no other failure."""
        calls = self.calls_on('mine')
        for call in (*calls[3:6], *calls[9:15], calls[1]):
            with self.subTest(call[2]):
                pending = self.start(*call)
                self.questions.next().grant()
                self.grant_until_done(pending)
                pending.result()


@unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
class Ownership(netns1.TestCase):
    rules = allow_only('create-namespace', 'configure-own')

    def setUp(self):
        super().setUp()
        self.alice.create_namespace('web')

    def assert_hers(self):
        self.assertEqual(self.root.get(path_of('web'), 'Namespace', 'Owner'), netns1.ALICE)
        self.alice.call(ROOT, 'Manager', 'CreateBridge', '(ssa{sv})', 'web', f'br{netns1.NETNSD.pid}', {})
        with self.assertBusError('AccessDenied'), self.unchanged():
            self.bob.call(ROOT, 'Manager', 'CreateBridge', '(ssa{sv})', 'web', 'br-bob', {})

    def assert_nobodys(self):
        netns1.wait_for(lambda: self.root.get(path_of('web'), 'Namespace', 'Owner') == netns1.NOBODY)
        for caller in (self.alice, self.bob):
            with self.assertBusError('AccessDenied'), self.unchanged():
                caller.call(path_of('web'), 'Namespace', 'Delete', '(a{sv})', {})

    def recreate(self):
        run('ip', 'netns', 'delete', 'web')
        run('ip', 'netns', 'add', 'web')

    def test_restart(self):
        self.assert_hers()
        netns1.NETNSD.restart()
        self.assert_hers()
        netns1.NETNSD.kill()
        netns1.NETNSD.start()
        self.assert_hers()

    def test_rename(self):
        self.alice.call(path_of('web'), 'Namespace', 'Rename', '(s)', 'www')
        netns1.NETNSD.restart()
        self.assertEqual(self.root.get(path_of('www'), 'Namespace', 'Owner'), netns1.ALICE)

    def test_created_again(self):
        """Also in the first moment, when news of it is still under way."""
        for _ in range(10):
            self.recreate()
            with self.unchanged(), self.assertRaises(netns1.BusError) as context:
                self.alice.call(path_of('web'), 'Namespace', 'Delete', '(a{sv})', {})
            self.assertIn(context.exception.name, ('AccessDenied', 'NamespaceGone', 'NotFound'))
            self.assert_nobodys()
            self.root.call(path_of('web'), 'Namespace', 'Delete', '(a{sv})', {})
            self.alice.create_namespace('web')

    def test_created_again_while_stopped(self):
        netns1.NETNSD.stop()
        self.recreate()
        netns1.NETNSD.start()
        self.assert_nobodys()

    def test_given(self):
        self.root.call(path_of('web'), 'Namespace', 'SetOwner', '(u)', netns1.BOB)
        netns1.NETNSD.restart()
        with self.assertBusError('AccessDenied'), self.unchanged():
            self.alice.call(path_of('web'), 'Namespace', 'Delete', '(a{sv})', {})
        self.root.call(path_of('web'), 'Namespace', 'SetOwner', '(u)', netns1.NOBODY)
        netns1.NETNSD.restart()
        self.assert_nobodys()


@unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
class Audit(netns1.TestCase):
    """One line for each change that was allowed, refused or failed: who, what, result. None for looking."""

    rules = allow_only('create-namespace')

    @contextlib.contextmanager
    def one_line(self, *words):
        start = len(netns1.NETNSD.log)
        yield
        lines = [line for line in netns1.NETNSD.log[start:].splitlines() if line]
        self.assertEqual(len(lines), 1, lines)
        for word in words:
            self.assertIn(word, lines[0])

    def test_lines(self):
        with self.one_line('uid 1000: CreateNamespace on', 'namespace=web', ': done'):
            self.alice.create_namespace('web')
        with self.one_line('uid 1001: Delete on /org/example/NetNS1/namespace/web', 'owner=alice', 'AccessDenied',
                           'configure-foreign'), self.assertBusError('AccessDenied'):
            self.bob.call(path_of('web'), 'Namespace', 'Delete', '(a{sv})', {})
        with self.one_line('uid 0: CreateNamespace on', 'Error.Exists', 'web'), self.assertBusError('Exists'):
            self.root.create_namespace('web')
        with self.one_line('uid 0: Delete on', 'namespace=web', ': done'):
            self.root.call(path_of('web'), 'Namespace', 'Delete', '(a{sv})', {})

    def test_reads_are_not_logged(self):
        start = len(netns1.NETNSD.log)
        self.alice.managed_objects()
        self.alice.link('', 'lo')
        self.alice.get_all(ROOT, 'Manager')
        self.assertNotIn('uid', netns1.NETNSD.log[start:])


if __name__ == '__main__':
    netns1.main()
