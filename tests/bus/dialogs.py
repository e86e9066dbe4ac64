# SPDX-License-Identifier: LGPL-2.1-or-later
"""A user who is asked for a password for each call, and types it when the test says so:

  class Test(dialogs.DialogTestCase):
      def test_it(self):
          call = self.start(path, 'Namespace', 'Delete', '(a{sv})', {})
          question = self.questions.next()
          ...                                   # what happens meanwhile
          question.grant()
          self.assert_fails(call, 'NamespaceGone')"""
import unittest

import netns1
from netns1 import ROOT

RUNNING_PER_USER, WAITING_PER_USER = 4, 64  # src/bus/call/authority.h


def path_of(namespace):
    return f'{ROOT}/namespace/{namespace}'


@unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
class DialogTestCase(netns1.TestCase):
    rules = 'ask-all'

    def setUp(self):
        super().setUp()
        self.asked = netns1.Caller(netns1.ALICE)
        self.addCleanup(self.asked.close)
        self.questions = self.asked.become_agent()

    def create_for(self, owner, *names):
        for name in names:
            self.root.create_namespace(name)
            self.root.call(path_of(name), 'Namespace', 'SetOwner', '(u)', owner)
            self.root.call(ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', name, 'eth7', name, 'eth8', {})

    def owner(self, name):
        return self.root.get(path_of(name), 'Namespace', 'Owner')

    def start(self, *call):
        return self.asked.start(*call, interactive=True)

    def assert_fails(self, call, *names):
        with self.assertRaises(netns1.BusError) as context:
            call.result()
        self.assertIn(context.exception.name, names, context.exception.message)
        return context.exception

    def assert_all_fail(self, calls, change, *names):
        """Opens the dialog of each, changes something, types the passwords; nothing more happens. After each group of
        calls the caller makes the world as it was."""
        for start in range(0, len(calls), RUNNING_PER_USER):
            pid = netns1.NETNSD.pid
            group = calls[start:start + RUNNING_PER_USER]
            pending = [self.start(*call) for call in group]
            questions = [self.questions.next() for _ in group]
            change()
            before = netns1.snapshot()
            for question in questions:
                question.grant()
            for number, call in enumerate(pending):
                self.grant_until_done(call)
                with self.subTest(f'{group[number][2]} {group[number][4:]}'):
                    self.assert_fails(call, *names)
            self.assertEqual(netns1.difference(before, netns1.snapshot()), '')
            self.assertEqual(netns1.NETNSD.pid, pid)
            yield

    def grant_until_done(self, call):
        """A call that needs two actions asks a second question."""
        while netns1.wait_for(lambda: call.done or not self.questions.arrived.empty()) and not call.done:
            self.questions.next().grant()
