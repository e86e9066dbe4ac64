#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# The API as tools see it: busctl and gdbus print all of it, what a method made is on the bus before its reply, and
# polkit's questions name the object.
import os
import re
import signal
import socket
import unittest

import netns1
import taps
from gi.repository import GLib
from netns1 import api

INTERFACES = {name: interface for name, interface in api.load().items()
              if name.startswith(netns1.SERVICE) and (taps.HAVE_TAPS or not name.endswith('.Tap'))}


class World(netns1.TestCase):
    """A network with NAT, two namespaces on it, links, a translation, a command: an object of every interface."""

    def setUp(self):
        super().setUp()
        call = self.root.call
        call(netns1.ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'subnets': ['10.1.0.0/24'], 'nat': True})
        for name in ('web', 'db-1'):
            self.root.create_namespace(name)
            call(netns1.ROOT, 'Manager', 'Connect', '(ssa{sv})', name, 'lan', {})
        call(netns1.ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', '', 'veth0', 'web', 'veth1', {})
        if taps.HAVE_TAPS:
            call(netns1.ROOT, 'Manager', 'CreateTap', '(ssa{sv})', 'web', 'tap0', {})
        self.nat = call(netns1.ROOT, 'Manager', 'CreateNat', '(sasa{sv})', '', ['10.9.0.0/24'], {})
        command = call(f'{netns1.ROOT}/namespace/web', 'Namespace', 'Run', '(asassaha{sv})', ['sleep', '1000'], [], '', [],
                       {})
        self.addCleanup(os.kill, self.root.get(command, 'Process', 'Pid'), signal.SIGKILL)
        self.forward = call(netns1.ROOT, 'Manager', 'CreateForward', '(ssqa{sv})', 'web', 'tcp', 80, {})


class Introspection(World):
    def object_with(self, interface):
        if interface == f'{netns1.SERVICE}.Manager':
            return netns1.ROOT
        return next(path for path, interfaces in self.root.managed_objects().items() if interface in interfaces)

    def test_objects_of_every_interface(self):
        present = {name for interfaces in self.root.managed_objects().values() for name in interfaces}
        self.assertEqual(set(INTERFACES) - {f'{netns1.SERVICE}.Manager'}, present - {f'{netns1.SERVICE}.Manager'})

    def test_busctl_tree(self):
        tree = netns1.busctl('tree', '--list', netns1.SERVICE).stdout.split()
        for path in self.root.managed_objects():
            self.assertIn(path, tree)
        for path in (netns1.ROOT, netns1.HOST, f'{netns1.ROOT}/namespace/web', f'{netns1.ROOT}/namespace/db_2d1',
                     f'{netns1.ROOT}/network/lan', self.nat, self.forward):
            self.assertIn(path, tree)

    def test_busctl_introspect(self):
        for name, interface in INTERFACES.items():
            printed = netns1.busctl('introspect', netns1.SERVICE, self.object_with(name), name).stdout
            rows = [line.split() for line in printed.splitlines()]
            seen = {row[0][1:]: row for row in rows if row and row[0].startswith('.')}
            self.assertEqual(set(seen), {member.name for member in interface.members}, name)
            for member in interface.members:
                row = seen[member.name]
                arguments = ''.join(type_ for _, type_ in member.arguments) or '-'
                results = ''.join(type_ for _, type_ in member.results) or '-'
                self.assertEqual(row[1], member.kind, row)
                if member.kind == 'property':
                    self.assertEqual(row[2], member.type, row)
                    self.assertNotIn('writable', row, row)
                else:
                    self.assertEqual(row[2], arguments if member.kind == 'method' else results, row)

    def test_gdbus_introspect(self):
        printed = netns1.run('gdbus', 'introspect', '--system', '--dest', netns1.SERVICE, '--object-path',
                             netns1.ROOT, '--recurse').stdout
        for path in self.root.managed_objects():
            self.assertIn(f'node {path} {{', printed)
        for name, interface in INTERFACES.items():
            blocks = re.findall(rf'(?m)^( *)interface {re.escape(name)} {{\n(.*?)^\1}};', printed, re.DOTALL)
            self.assertTrue(blocks, f'no {name}')
            for member in interface.members:
                pattern = (rf'readonly {re.escape(member.type)} {member.name}\b' if member.kind == 'property'
                           else rf'(?m)^ *{member.name}\(')
                for _, block in blocks:
                    self.assertRegex(block, pattern)

    def test_introspect_works_on_every_node(self):
        """Also on those in between, which are no objects."""
        for path in netns1.busctl('tree', '--list', netns1.SERVICE).stdout.split():
            self.bob.call(path, 'org.freedesktop.DBus.Introspectable', 'Introspect')


class Typed(netns1.TestCase):
    def test_create_namespace(self):
        """The call that the documentation shows."""
        result = netns1.busctl('call', netns1.SERVICE, netns1.ROOT, f'{netns1.SERVICE}.Manager', 'CreateNamespace',
                               'sa{sv}', 'web', '0', uid=netns1.ALICE if netns1.IS_ROOT else None)
        self.assertEqual(result.stdout.strip(), f'o "{netns1.ROOT}/namespace/web"')
        self.assertEqual(netns1.namespaces(), ['web'])


class BusPolicy(netns1.TestCase):
    def request_name(self, caller):
        return caller.call('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'RequestName', '(su)', netns1.SERVICE, 4,
                           destination='org.freedesktop.DBus')

    @unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
    def test_only_root_owns_name(self):
        netns1.NETNSD.stop()
        with self.assertBusError('AccessDenied'):
            self.request_name(self.alice)
        self.assertEqual(self.request_name(self.root), 1)
        self.root.call('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'ReleaseName', '(s)', netns1.SERVICE,
                       destination='org.freedesktop.DBus')

    @unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
    def test_everybody_reads(self):
        with netns1.Caller(netns1.CAROL) as stranger:
            self.assertEqual(stranger.get(netns1.ROOT, 'Manager', 'HostNamespace'), netns1.HOST)
            self.assertEqual(stranger.get(netns1.ROOT, 'Manager', 'KernelRelease'), os.uname().release)
            self.assertIn(netns1.HOST, stranger.managed_objects())
            stranger.call(netns1.HOST, 'org.freedesktop.DBus.Introspectable', 'Introspect')
            stranger.call(netns1.HOST, 'org.freedesktop.DBus.Peer', 'Ping')
            self.assertEqual(stranger.get_all(netns1.HOST, 'Namespace')['Name'], '')


class Order(netns1.TestCase):
    """busctl monitor shows InterfacesAdded before the reply of the method that made the object."""

    def assert_added_first(self, paths_of, path, interface, method, *arguments):
        """paths_of makes a list of object paths of the results."""
        with netns1.Monitor() as monitor:
            results = self.root.call(path, interface, method, *arguments)
            paths = paths_of(results)

            def reply_position():
                calls = [message for message in monitor.messages if message.get('member') == method]
                for position, message in enumerate(monitor.messages):
                    if (calls and message['type'] == 'method_return' and message['destination'] == self.root.name
                            and message.get('reply_cookie') == calls[0]['cookie']):
                        return position + 1  # never 0
                return None
            position = netns1.wait_for(reply_position) - 1
            added = [message['payload']['data'][0] for message in monitor.messages[:position]
                     if message.get('member') == 'InterfacesAdded']
        for path in paths:
            self.assertIn(path, added, method)
        return results

    def assert_made_first(self, *arguments):
        return self.assert_added_first(lambda results: results if isinstance(results, tuple) else [results],
                                       netns1.ROOT, 'Manager', *arguments)

    def test_added_before_reply(self):
        self.assert_made_first('CreateNamespace', '(sa{sv})', 'web', {})
        self.assert_made_first('CreateVeth', '(ssssa{sv})', '', 'veth0', 'web', 'veth1',
                               {'addresses': ['10.5.0.1/24'], 'peer-addresses': ['10.5.0.2/24']})
        self.assert_made_first('CreateVeth', '(ssssa{sv})', 'web', 'a-very-long-name-of-a-link', 'web', 'b', {})
        self.assert_made_first('CreateBridge', '(ssa{sv})', 'web', 'br0', {'addresses': ['10.6.0.1/24']})
        if taps.HAVE_TAPS:
            self.assert_made_first('CreateTap', '(ssa{sv})', 'web', 'tap0', {'addresses': ['10.6.1.1/24']})
        self.assert_made_first('CreateLink', '(sssa{sv})', 'web', 'macvlan', 'mv0', {'link': 'b'})
        network = self.assert_made_first('CreateNetwork', '(sa{sv})', 'lan', {'nat': True})
        self.assertIn(self.root.get(network, 'Network', 'Bridge'), self.root.managed_objects())
        self.assert_made_first('Connect', '(ssa{sv})', 'web', 'lan', {})
        self.assert_made_first('CreateNat', '(sasa{sv})', '', ['10.9.0.0/24'], {})
        self.assert_added_first(lambda result: [result], self.root.link('', 'veth0'), 'Link', 'MoveTo', '(sa{sv})',
                                'web', {'name': GLib.Variant('s', 'moved')})
        self.assert_added_first(lambda result: [f'{netns1.ROOT}/namespace/web2'], f'{netns1.ROOT}/namespace/web',
                                'Namespace', 'Rename', '(s)', 'web2')


class ReadYourWrites(netns1.TestCase):
    """What a method changed is in the properties when it returns, also where the kernel tells of it later."""

    def addresses(self, path):
        return sorted(address for address, _ in self.root.get(path, 'Link', 'Addresses')
                      if not address.startswith('fe80:'))

    def test_connect(self):
        """An IPv6 address without duplicate address detection is announced by the kernel after the request ended."""
        self.root.call(netns1.ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan',
                       {'subnets': ['10.1.0.0/24', 'fd00:1::/64']})
        for number in range(2, 26):
            name = f'web{number}'
            self.root.create_namespace(name)
            path = self.root.call(netns1.ROOT, 'Manager', 'Connect', '(ssa{sv})', name, 'lan', {})
            self.assertEqual(self.addresses(path), [f'10.1.0.{number}/24', f'fd00:1::{number:x}/64'])

    def test_veth(self):
        for number in range(1, 25):
            ends = self.root.call(netns1.ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', '', f'a{number}', '',
                                  f'b{number}', {'addresses': [f'fd00:{number:x}::1/64'],
                                                 'peer-addresses': [f'fd00:{number:x}::2/64']})
            for path, host in zip(ends, (1, 2)):
                self.assertEqual(self.addresses(path), [f'fd00:{number:x}::{host}/64'])


@unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
class Dialogs(netns1.TestCase):
    """The questions of data/*.policy: no variable is left open, and the object is named."""

    rules = 'ask-all'

    def setUp(self):
        super().setUp()
        self.root.create_namespace('theirs')
        self.root.call(netns1.ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', 'theirs', 'eth7', 'theirs', 'eth8', {})
        self.alice_asked = netns1.Caller(netns1.ALICE)
        self.addCleanup(self.alice_asked.close)
        self.questions = self.alice_asked.become_agent()

    def ask(self, *call):
        pending = self.alice_asked.start(*call, interactive=True)
        question = self.questions.next()
        self.assertNotIn('$(', question.message)
        question.refuse()
        with self.assertBusError('AccessDenied'), self.unchanged():
            pending.result()
        return question

    def test_create_namespace(self):
        question = self.ask(netns1.ROOT, 'Manager', 'CreateNamespace', '(sa{sv})', 'web', {})
        self.assertEqual(question.action, 'create-namespace')
        self.assertIn('web', question.message)

    def test_own(self):
        self.root.call(f'{netns1.ROOT}/namespace/theirs', 'Namespace', 'SetOwner', '(u)', netns1.ALICE)
        question = self.ask(f'{netns1.ROOT}/namespace/theirs', 'Namespace', 'Rename', '(s)', 'mine')
        self.assertEqual(question.action, 'configure-own')
        self.assertIn('theirs', question.message)
        question = self.ask(self.root.link('theirs', 'eth7'), 'Link', 'SetMtu', '(u)', 1400)
        self.assertEqual(question.action, 'configure-own')
        self.assertIn('theirs', question.message)

    def test_foreign(self):
        self.root.call(f'{netns1.ROOT}/namespace/theirs', 'Namespace', 'SetOwner', '(u)', netns1.BOB)
        question = self.ask(self.root.link('theirs', 'eth7'), 'Link', 'SetMtu', '(u)', 1400)
        self.assertEqual(question.action, 'configure-foreign')
        for words in ('set the MTU of eth7', '(theirs, bob)'):
            self.assertIn(words, question.message)

    def test_host(self):
        question = self.ask(netns1.ROOT, 'Manager', 'CreateBridge', '(ssa{sv})', '', 'br0', {})
        self.assertEqual(question.action, 'configure-host')
        self.assertIn(f'create the bridge br0 ({socket.gethostname()})', question.message)

    def test_nat(self):
        question = self.ask(netns1.ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'nat': True, 'subnets': ['10.8.0.0/24']})
        self.assertEqual(question.action, 'nat')
        self.assertIn(f'create the network lan ({socket.gethostname()}, 10.8.0.0/24)', question.message)
        question = self.ask(netns1.ROOT, 'Manager', 'CreateNat', '(sasa{sv})', '', ['10.9.0.0/24'], {})
        self.assertEqual(question.action, 'nat')

    def test_service(self):
        question = self.ask(netns1.ROOT, 'Manager', 'Reload')
        self.assertEqual(question.action, 'manage-service')

    def test_granted_and_dismissed(self):
        pending = self.alice_asked.start(netns1.ROOT, 'Manager', 'CreateNamespace', '(sa{sv})', 'web', {},
                                         interactive=True)
        self.questions.next().grant()
        self.assertEqual(pending.result(), f'{netns1.ROOT}/namespace/web')
        self.assertEqual(self.root.get(f'{netns1.ROOT}/namespace/web', 'Namespace', 'Owner'), netns1.ALICE)
        pending = self.alice_asked.start(netns1.ROOT, 'Manager', 'CreateNamespace', '(sa{sv})', 'web2', {},
                                         interactive=True)
        self.questions.next().dismiss()
        with self.assertBusError('AuthorizationDismissed'), self.unchanged():
            pending.result()


if __name__ == '__main__':
    netns1.main()
