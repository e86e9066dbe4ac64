#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# A database of users that takes seconds for each answer (slow-users.c): whoever needs a name from it waits for it, up to two
# seconds, and nobody else.
import contextlib
import os
import unittest

import netns1
from netns1 import ROOT

ASKED, LATE = 'asked for a user', 'The name of user 4321 is not found in time'
ASK_ALL_BUT_BOB = '''
polkit.addRule(function(action, subject) {
  if (action.id.indexOf("org.example.NetNS1.") == 0)
    return subject.user == "bob" ? polkit.Result.YES : polkit.Result.AUTH_ADMIN;
});'''


@unittest.skipUnless(netns1.IS_ROOT, 'needs two ordinary users')
class SlowUsers(netns1.TestCase):
    def setUp(self):
        super().setUp()
        definition = netns1.NETNSD.definition
        with contextlib.ExitStack() as stack:
            stack.callback(netns1.NETNSD.restart)
            stack.callback(netns1.NETNSD.define, **definition)
            self.addCleanup(stack.pop_all().close)
        netns1.NETNSD.stop()
        netns1.preload(os.environ['SLOW_USERS'])
        netns1.NETNSD.start()

    def asked(self):
        return netns1.NETNSD.log.count(ASKED)

    def test_others_go_on(self):
        """Reads and changes of bob's while alice's call waits for the name of whose namespace it is."""
        path = self.root.create_namespace('other')
        self.root.call(path, 'Namespace', 'SetOwner', '(u)', 4321)
        netns1.set_rules(ASK_ALL_BUT_BOB)
        before = self.asked()
        start = len(netns1.NETNSD.log)
        questions = self.alice.become_agent()
        pending = self.alice.start(path, 'Namespace', 'Rename', '(s)', 'elsewhere', interactive=True)
        netns1.wait_for(lambda: self.asked() > before)
        for number in range(20):
            if questions.arrived.empty():
                own = self.bob.create_namespace(f'bobs{number}')
                self.assertEqual(self.bob.get(own, 'Namespace', 'Owner'), netns1.BOB)
        questions.next().grant()
        pending.result()
        meanwhile, late, _ = netns1.NETNSD.log[start:].partition(LATE)
        self.assertTrue(late)
        # By the second one, as one could be answered in the very moment in which all go on.
        made = [line for line in meanwhile.partition(ASKED)[2].splitlines() if 'CreateNamespace' in line and ': done' in line]
        self.assertGreater(len(made), 1, meanwhile)

    def test_asked_once(self):
        """For whose a namespace is, which rules of polkit see; and not again, though there was no name in time."""
        before = self.asked()
        self.bob.create_namespace('bobs0')
        self.bob.managed_objects()
        self.bob.call(ROOT, 'Manager', 'GetNamespace', '(s)', 'bobs0')
        self.assertEqual(self.asked(), before)
        for number in range(3):
            self.bob.call(f'{ROOT}/namespace/bobs{number}', 'Namespace', 'Rename', '(s)', f'bobs{number + 1}')
        self.assertEqual(self.asked(), before + 1)


if __name__ == '__main__':
    netns1.main()
