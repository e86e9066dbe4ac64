#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# All or nothing, for the rules of namespaces.
import re

import faults
import netns1

# A rule's number is never given again, so it is taken back with its namespace, and the next one has another cookie.
COOKIE = re.compile(r'(Cookie=|Name=|firewalls/)\d+')

DOCKER = '''
table ip filter {
  chain DOCKER-USER { return; }
  chain FORWARD { type filter hook forward priority 0; policy drop; jump DOCKER-USER; }
}
'''

# Calls to the kernel that are made by the deletion of a network when its rules are about to be removed or are so already.
LATE_IN_DELETION = range(13, 20)


def read_files(original=faults.read_files):
    return {COOKIE.sub(r'\1N', name): COOKIE.sub(r'\1N', text) for name, text in original().items()}


faults.read_files = read_files


class Firewalls(faults.TestCase):
    def firewall(self, method, signature, *values):
        return self.root.call(f'{netns1.ROOT}/namespace/web', 'Firewall', method, signature, *values)

    def add(self):
        self.handle = self.firewall('AddRule', '(a{sv})', {'chain': 'input', 'action': 'accept', 'protocol': 'tcp',
                                                           'destination-ports': ['80', '1000-2000']})

    def remove(self):
        self.firewall('RemoveRule', '(t)', self.handle)

    def forget(self):
        """As if there had never been a rule: the next one has the same number."""
        self.namespace('web', 'Delete', '(a{sv})', {})
        self.make_namespaces('web')

    def test_policy(self):
        self.make_namespaces('web')

        def switch(policy):
            self.firewall('SetPolicy', '(ss)', 'input', policy)
        switch('drop')
        self.walk(lambda: switch('accept'), lambda: switch('drop'), at_least=4)
        switch('accept')
        self.walk(lambda: switch('drop'), lambda: switch('accept'), at_least=4)

    def test_rule(self):
        self.make_namespaces('web')
        self.walk(self.add, self.forget, at_least=4)

    def test_rule_beside_nat(self):
        """The table is that of a network, too."""
        self.make_namespaces('web')
        self.manager('CreateNetwork', '(sa{sv})', 'lan', {'namespace': 'web', 'nat': True, 'subnets': ['10.1.0.0/24']})
        self.firewall('SetPolicy', '(ss)', 'input', 'drop')

        def back():
            self.network('web:lan', 'Delete')
            self.forget()
            self.manager('CreateNetwork', '(sa{sv})', 'lan', {'namespace': 'web', 'nat': True, 'subnets': ['10.1.0.0/24']})
            self.firewall('SetPolicy', '(ss)', 'input', 'drop')
        self.walk(self.add, back, at_least=4)

    def test_cure(self):
        """Rules in chains of others."""
        netns1.run('nft', '-f', '-', input=DOCKER)

        def create():
            self.manager('CreateNetwork', '(sa{sv})', 'lan', {'nat': True, 'subnets': ['10.1.0.0/24'],
                                                              'firewall': 'cure'})
        self.walk(create, lambda: self.network('lan', 'Delete'), at_least=20)
        self.walk(lambda: self.network('lan', 'Delete'), create, at_least=15)

    def test_cure_looked_at_meanwhile(self):
        """Others change their rules, so that the service looks whether ours are needed again, while a call removes ours and has to
        add them again: that they were missing in the look is no reason to add them twice."""
        netns1.run('nft', '-f', '-', input=DOCKER)

        def create():
            self.manager('CreateNetwork', '(sa{sv})', 'lan', {'nat': True, 'subnets': ['10.1.0.0/24'], 'firewall': 'cure'})
        create()
        refused = 0
        while refused < 50:
            for number in LATE_IN_DELETION:
                netns1.run('nft', 'add table ip theirs; delete table ip theirs')
                error, where = self.call_with_fault(lambda: self.network('lan', 'Delete'), number)
                if error is None:
                    create()
                else:
                    refused += 1
                rules = netns1.run('nft', 'list', 'chain', 'ip', 'filter', 'DOCKER-USER').stdout
                self.assertEqual(rules.count('netnsd network lan'), 2, where)


if __name__ == '__main__':
    netns1.main()
