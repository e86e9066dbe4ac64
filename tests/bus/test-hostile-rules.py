#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Rules that an unfriendly user makes in a namespace of a user namespace, and then lets the service look at: such that
# libnftables does not survive, and such that never come to an end. Whoever asks gets an error, and nobody else notices.
import contextlib
import glob
import json
import os
import re
import select
import signal
import subprocess
import time
import unittest

import inside
import netns1
import references
from netns1 import ALICE, ROOT, allow_only, run

NETFILTER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'netfilter.py')
PATH = f'{ROOT}/namespace/hostile'
# What the user data of a set can say that its key is made of. libnftables 1.0.6 knows what to do with few of them.
TYPEOF = (0, 2, 3, 5, 15, 20, 30, 33, 40, 200)
# What an active session may do (data/org.example.NetNS1.policy).
DEFAULT_RIGHTS = allow_only('create-namespace', 'configure-own', 'run', 'open-socket')
STATE = os.environ['SANDBOX']
# A firewall that has a place for rules of others.
DOCKER = '''
table ip filter {
  chain DOCKER-USER { return; }
  chain FORWARD { type filter hook forward priority 0; policy drop; jump DOCKER-USER; }
}
'''

def read_file(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def log():
    with open(os.path.join(STATE, 'netnsd.log'), encoding='utf-8', errors='replace') as file:
        return file.read()


def nft_survives(*commands):
    """Whether this machine's libnftables does."""
    return run('nft', *commands, namespace='hostile', check=False).returncode >= 0


class TestCase(netns1.TestCase):
    rules = DEFAULT_RIGHTS

    def setUp(self):
        super().setUp()
        self.caller = self.alice if netns1.IS_ROOT else self.root
        self.pid = self.adopt('hostile')
        self.service = netns1.NETNSD.pid

    def adopt(self, name):
        """A namespace of the caller's, whose rules are the caller's as well."""
        identity = ['setpriv', f'--reuid={ALICE}', f'--regid={ALICE}', '--clear-groups'] if netns1.IS_ROOT else []
        process = subprocess.Popen([*identity, 'unshare', '--user', '--map-root-user', '--net', 'sh', '-c',
                                    'echo ready; exec sleep 1000'], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), 'ready\n')
        self.caller.call(ROOT, 'Manager', 'AdoptProcess', '(sua{sv})', name, process.pid, {})
        return process.pid

    def inside(self, *command):
        identity = ['setpriv', f'--reuid={ALICE}', f'--regid={ALICE}', '--clear-groups'] if netns1.IS_ROOT else []
        run(*identity, 'nsenter', '--user', '--net', '--preserve-credentials', f'--target={self.pid}', *command, timeout=600)

    def make(self, *arguments):
        self.inside('/usr/bin/python3', NETFILTER, *map(str, arguments))

    def firewall(self, method, signature=None, *values, path=PATH):
        return self.caller.call(path, 'Firewall', method, signature, *values)

    def assert_lives(self):
        self.assertEqual(netns1.NETNSD.pid, self.service)
        os.kill(self.service, 0)
        self.assertEqual(self.root.get(ROOT, 'Manager', 'HostNamespace'), netns1.HOST)


class Typeof(TestCase):
    def assert_unreadable(self):
        self.assertEqual(self.caller.get(PATH, 'Firewall', 'RulesetError'), '')
        for method in ('ListRules', 'GetRuleset'):
            with self.assertBusError('Unreadable'):
                self.firewall(method)
        self.assertIn('cannot be read', self.caller.get(PATH, 'Firewall', 'RulesetError'))
        self.assert_lives()

    def test_each(self):
        """In a table of the user's: it cannot be read, but our own can be changed."""
        for number in TYPEOF:
            with self.subTest(number):
                self.make('typeof', 'theirs', 'set', number)
                self.assertFalse(nft_survives('list', 'ruleset'), 'this libnftables is mended')
                self.assert_unreadable()
                self.firewall('SetPolicy', '(ss)', 'input', 'drop')
                handle = self.firewall('AddRule', '(a{sv})', {'chain': 'input', 'action': 'accept', 'protocol': 'udp'})
                self.assert_lives()
                self.firewall('RemoveRule', '(t)', handle)
                self.firewall('SetPolicy', '(ss)', 'input', 'accept')
                self.assert_lives()
                self.inside('nft', 'flush', 'ruleset')
                self.firewall('ListRules')

    def test_shown(self):
        """netnsctl names the namespace whose rules cannot be read, and why, until they can."""
        for _ in range(2):
            self.assertIsNone(self.shown('namespace', 'show', 'hostile')['ruleset-error'])
            self.assertEqual(self.shown('status')['unreadable-rulesets'], [])
            self.make('typeof', 'theirs', 'set', 200)
            result = netns1.netnsctl('firewall', 'hostile', 'show', uid=self.caller.uid, check=False)
            self.assertEqual(result.returncode, 1)
            self.assertIn('cannot be read', result.stderr)
            self.assertIn('cannot be read', self.shown('namespace', 'show', 'hostile')['ruleset-error'])
            self.assertEqual(self.shown('status')['unreadable-rulesets'], ['hostile'])
            self.assertRegex(self.netnsctl('namespace', 'show', 'hostile'), 'Ruleset error: .*cannot be read')
            self.assertRegex(self.netnsctl('status'), 'Unreadable rulesets: hostile\n')
            self.inside('nft', 'flush', 'ruleset')
            self.netnsctl('firewall', 'hostile', 'show')

    def netnsctl(self, *words):
        return netns1.netnsctl(*words, uid=self.caller.uid).stdout

    def shown(self, *words):
        return json.loads(self.netnsctl('--json=short', *words))

    def test_others_do_not_notice(self):
        self.make('typeof', 'theirs', 'set', *TYPEOF)
        other = self.bob if netns1.IS_ROOT else self.root
        path = other.create_namespace('peaceful')
        pending = [self.caller.start(PATH, 'Firewall', 'GetRuleset') for _ in range(10)]
        for _ in range(10):
            other.call(path, 'Firewall', 'SetPolicy', '(ss)', 'input', 'drop')
            self.assertIn('"policy": "drop"', other.call(path, 'Firewall', 'GetRuleset'))
            other.call(path, 'Firewall', 'SetPolicy', '(ss)', 'input', 'accept')
        for call in pending:
            with self.assertBusError('Unreadable'):
                call.result()
        self.assert_lives()

    def test_in_our_table(self):
        """The user may change our table, too. It is made anew."""
        self.firewall('SetPolicy', '(ss)', 'input', 'drop')
        self.make('typeof', 'netnsd', 'set', *TYPEOF)
        netns1.wait_for(lambda: 'set200' not in run('nft', 'list', 'sets', namespace='hostile', check=False).stdout
                        and nft_survives('list', 'ruleset'))
        self.assertIn('policy drop', run('nft', 'list', 'table', 'inet', 'netnsd', namespace='hostile').stdout)
        self.assert_lives()

    def test_start(self):
        """With rules of ours there, they are looked for when the service starts: it starts, says so, and makes them again."""
        self.firewall('SetPolicy', '(ss)', 'input', 'drop')
        self.make('typeof', 'theirs', 'set', *TYPEOF)
        netns1.NETNSD.kill()
        netns1.NETNSD.start()
        self.service = netns1.NETNSD.pid
        netns1.wait_for(lambda: 'Cannot check the rules in namespace “hostile”' in log())
        netns1.wait_for(lambda: 'restored: firewall hostile' in log())
        self.assert_lives()


class Size(TestCase):
    """Lists that the kernel takes long to give, or that are long."""

    def test_many_elements(self):
        self.make('elements', 'theirs', 'set', 300000)
        with self.assertBusError('TooLarge'):
            self.firewall('GetRuleset')
        self.assertIn('too large', self.caller.get(PATH, 'Firewall', 'RulesetError'))
        self.firewall('SetPolicy', '(ss)', 'input', 'drop')
        self.assertEqual([rule['policy'] for rule in self.firewall('ListRules') if rule['chain'] == 'input'], ['drop'])
        self.assert_lives()

    def test_many_chains_deep_jumps(self):
        """Rules that jump from each to the next: the walk ends."""
        commands = ['add table inet theirs'] + [f'add chain inet theirs c{i}' for i in range(200)]
        commands += [f'add rule inet theirs c{i} counter jump c{i + 1}' for i in range(15)]
        self.inside('nft', '; '.join(commands))
        self.assertEqual(sum('jump' in rule['text'] for rule in self.firewall('ListRules')), 15)
        self.assert_lives()


class Host(netns1.TestCase):
    """A set of very many elements in the rules of the host, as those have who block addresses."""

    def make(self):
        for kind in ('elements', 'networks'):
            run('/usr/bin/python3', NETFILTER, kind, 'theirs', f'set-{kind}', '150000', timeout=600)
        self.addCleanup(run, 'nft', 'delete', 'table', 'inet', 'theirs', timeout=600)

    def change(self):
        """Of our rules, each in another way; what that costs the one process that all wait for."""
        before = netns1.NETNSD.worked
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'nat': True, 'shared': True})
        for number in range(2):
            name = f'member{number}'
            self.root.create_namespace(name)
            self.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', name, 'lan', {})
            self.root.call(ROOT, 'Manager', 'CreateForward', '(ssqa{sv})', name, 'tcp', 80 + number, {})
        for number in range(2):
            self.root.call(f'{ROOT}/namespace/member{number}', 'Namespace', 'Delete', '(a{sv})', {})
        self.root.call(f'{ROOT}/network/lan', 'Network', 'Delete')
        return netns1.NETNSD.worked - before

    def test_changes(self):
        """Nothing of it is read to change something else."""
        few = self.change()
        self.make()
        # The service has heard of all that was made.
        netns1.wait_for(lambda: inside.count_readings() == 0
                        and netns1.NETNSD.worked + 0.01 > (time.sleep(0.2) or netns1.NETNSD.worked))
        self.assertLess(self.change(), few + 0.5)

    def test_start(self):
        """Our rules are looked for among those of others, and found."""
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'nat': True, 'shared': True})
        handles = run('nft', '-a', 'list', 'tables', 'inet').stdout
        self.make()
        since = len(log())
        netns1.NETNSD.restart()
        self.root.call(netns1.HOST, 'Firewall', 'ListRules')  # waits behind what is read at the start
        run('nft', 'delete', 'table', 'inet', 'netnsd')
        netns1.wait_for(lambda: 'restored: network lan' in log()[since:])
        self.assertNotIn('Cannot check', log()[since:])
        self.assertEqual(log()[since:].count('restored: '), 1)
        self.assertIn('netnsd', handles)

    def test_check(self):
        """Whether it blocks a network is not known, for there are too many to look at."""
        self.make()
        run('nft', 'add chain inet theirs c { type filter hook forward priority 0; }; '
            'add rule inet theirs c ip saddr @set-elements drop')
        with self.assertBusError('BlockedByFirewall') as context:
            self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'nat': True, 'firewall': 'check'})
        self.assertIn('Cannot tell', context.exception.message)

    def user_chain(self):
        return run('nft', '-a', 'list', 'chain', 'ip', 'filter', 'DOCKER-USER').stdout

    def assert_nobody_waits(self, *call):
        """While a call waits for who reads the rules that it depends on, others have their turn."""
        with inside.stopped(inside.broker()):
            pending = self.root.start(*call)
            for number in range(5):
                self.root.create_namespace(f'n{number}')
                self.root.call(f'{ROOT}/namespace/n{number}', 'Namespace', 'Delete', '(a{sv})', {})
            self.assertFalse(pending.done)
        return pending.result()

    def test_nobody_waits(self):
        """A firewall is as big as its maker likes."""
        run('nft', '-f', '-', input=DOCKER)
        path = self.assert_nobody_waits(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan',
                                        {'nat': True, 'firewall': 'cure'})
        self.assertEqual(self.user_chain().count('netnsd network lan'), 2)
        self.root.create_namespace('web')
        self.assert_nobody_waits(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'web', 'lan', {'firewall': 'check'})
        self.root.call(f'{ROOT}/namespace/web', 'Namespace', 'Delete', '(a{sv})', {})
        self.assert_nobody_waits(path, 'Network', 'SetNat', '(b)', False)
        self.assertEqual(self.user_chain().count('netnsd network lan'), 0)

    def make_anew(self, handles):
        """Others make the table with our rules anew; theirs have these numbers then. Returns their chain."""
        run('nft', '-f', '-', input='delete table ip filter' + DOCKER)
        run('nft', '-f', '-', input=''.join(f'add rule ip filter DOCKER-USER ip saddr 192.0.2.{number} accept\n'
                                            for number in range(10)))
        chain = self.user_chain()
        self.assertEqual(set(handles) - set(re.findall('accept # handle ([0-9]+)', chain)), set())
        return chain

    def cure(self):
        """Returns: a network, and the numbers of its rules in the chain of others."""
        run('nft', '-f', '-', input=DOCKER)
        path = self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'nat': True, 'firewall': 'cure'})
        handles = re.findall('netnsd network lan" # handle ([0-9]+)', self.user_chain())
        self.assertEqual(len(handles), 2)
        return path, handles

    def test_changed_meanwhile(self):
        """A rule that was found is removed by its number only if that still is its number: the table is made anew before the
        call makes its change."""
        path, handles = self.cure()
        run('nft', '-f', '-', input='add rule ip filter DOCKER-USER ip saddr 192.0.2.1 counter\n' * 6000)
        netns1.wait_for(lambda: inside.count_readings() == 0)
        with inside.worker_stopped():
            with inside.stopped(inside.broker()):
                deletion = self.root.start(path, 'Network', 'Delete')
                netns1.wait_for(lambda: inside.count_readings() > 0)
            netns1.wait_for(lambda: inside.count_readings() == 0)
            before = self.make_anew(handles)
            self.assertFalse(deletion.done)
        deletion.result()
        self.assertEqual(self.user_chain(), before)

    def test_changed_in_the_midst(self):
        """And also if that happens when the change begins: after its last look, before the kernel gets it."""
        path, handles = self.cure()
        self.root.create_namespace('web')
        self.root.call(f'{ROOT}/namespace/web', 'Firewall', 'SetPolicy', '(ss)', 'input', 'drop')
        with inside.stopped(netns1.wait_for(inside.compiler)):
            deletion = self.root.start(path, 'Network', 'Delete')
            netns1.wait_for(inside.worker_polls)
            before = self.make_anew(handles)
            self.assertFalse(deletion.done)
        deletion.result()
        self.assertEqual(self.user_chain(), before)

    def change_after_look(self, first, second):
        """Others change their rules, and the service looks at them; before it is the turn of what the look was for, they change
        them again."""
        self.root.create_namespace('web')
        netns1.wait_for(lambda: inside.count_readings() == 0)
        self.root.managed_objects()  # nothing is left for the worker
        broker = inside.broker()
        with inside.stopped(broker):
            run('nft', '-f', '-', input=first)
            netns1.wait_for(lambda: inside.count_readings() >= 2)  # for rules that are missing, and for those that are too many
            with inside.worker_stopped():
                change = self.root.start(f'{ROOT}/namespace/web', 'Firewall', 'SetPolicy', '(ss)', 'input', 'drop')
                self.root.get(ROOT, 'Manager', 'Version')  # it has its turn
                os.kill(broker, signal.SIGCONT)
                netns1.wait_for(lambda: inside.count_readings() == 0)
                os.kill(broker, signal.SIGSTOP)
                run('nft', '-f', '-', input=second)
                self.root.get(ROOT, 'Manager', 'Version')  # and the service has heard of this
            change.result()
            netns1.wait_for(lambda: inside.count_readings() >= 1)  # it looks again
            between = self.user_chain().count('netnsd network lan')
        netns1.wait_for(lambda: inside.count_readings() == 0)
        return between

    def test_lost_meanwhile(self):
        """Rules of ours that others remove are added again, also if that happens after a look that has found them."""
        run('nft', '-f', '-', input=DOCKER + 'add table ip others\nadd chain ip others c\n'
            + 'add rule ip others c ip saddr 192.0.2.1 counter\n' * 6000)
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'nat': True, 'firewall': 'cure'})
        self.change_after_look('add table ip theirs', 'flush chain ip filter DOCKER-USER')
        netns1.wait_for(lambda: self.user_chain().count('netnsd network lan') == 2)

    def test_restored_meanwhile(self):
        """Rules of ours that were missing in a look and that others have added again are not added twice."""
        run('nft', '-f', '-', input=DOCKER)
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'nat': True, 'firewall': 'cure'})
        rules = run('nft', 'list', 'table', 'ip', 'filter').stdout
        self.assertEqual(self.change_after_look('flush chain ip filter DOCKER-USER', 'delete table ip filter\n' + rules), 2)

    def test_library(self):
        """What reads rules of others is not in the service."""
        with open(f'/proc/{netns1.NETNSD.pid}/maps', encoding='utf-8') as file:
            self.assertFalse([line for line in file if 'libnftables' in line])


# Stops so many netnsd-nft, as their user namespace's root may, and says which they were.
STOP = '''
import os, signal, sys
print("ready", flush=True)
stopped = set()
while len(stopped) < int(sys.argv[1]):
    for pid in set(filter(str.isdigit, os.listdir("/proc"))) - stopped:
        try:
            with open(f"/proc/{pid}/comm") as file:
                ours = file.read() == "netnsd-nft\\n"
            if ours:
                os.kill(int(pid), signal.SIGSTOP)
                state = ""
                while state not in ("T", "Z"):
                    with open(f"/proc/{pid}/stat") as file:
                        state = file.read().rpartition(") ")[2][0]
                if state == "T":
                    print(pid, flush=True)
                    stopped.add(pid)
                    break
        except OSError:
            pass
'''


@unittest.skipUnless(netns1.IS_ROOT, 'needs two users besides root')
class Held(TestCase):
    def stop_helpers(self, count):
        """From now on; the process has a line of output for each."""
        process = subprocess.Popen(
            ['setpriv', f'--reuid={ALICE}', f'--regid={ALICE}', '--clear-groups', 'nsenter', '--user', '--net',
             '--preserve-credentials', f'--target={self.pid}', '/usr/bin/python3', '-c', STOP, str(count)],
            stdout=subprocess.PIPE, text=True)
        for cleanup in (process.stdout.close, process.wait, process.kill):
            self.addCleanup(cleanup)
        self.assertEqual(process.stdout.readline(), 'ready\n')
        return process

    def stopped(self, stopper, within=0):
        """Whether there is a line that was not read yet."""
        return bool(select.select([stopper.stdout], [], [], within)[0])

    def hold_back(self, method, stopper):
        """Returns: a call whose helper was stopped, and the helper's process id, which may be found out already."""
        while not self.stopped(stopper):
            pending = self.caller.start(PATH, 'Firewall', method)
            netns1.wait_for(lambda: pending.done or self.stopped(stopper, 0.01))
            if pending.done and 'stopped' in getattr(pending.future.exception(), 'message', ''):
                netns1.wait_for(lambda: self.stopped(stopper, 0.01))
        return pending, int(stopper.stdout.readline())


class Stopped(Held):
    """Its owner stops who reads the rules: others would wait."""

    def stop(self, signals=()):
        pending, helper = self.hold_back('GetRuleset', self.stop_helpers(1))
        for number in signals:
            with contextlib.suppress(ProcessLookupError):  # it is killed when it is found to be stopped
                os.kill(helper, number)
        with self.assertBusError('Unreadable') as context:
            pending.result()
        self.assertIn('stopped', context.exception.message)
        self.assertIn('stopped', self.caller.get(PATH, 'Firewall', 'RulesetError'))
        self.assert_lives()

    def test_stopped(self):
        self.stop()
        self.firewall('GetRuleset')

    def test_goes_on(self):
        """Whoever does it again and again is found out all the same."""
        self.make('elements', 'theirs', 'set', 300000)
        self.stop([signal.SIGCONT])

    def test_host_of_root(self):
        """What root asked for there does not keep root's own from being read."""
        self.make('elements', 'theirs', 'set', 300000)
        with netns1.Monitor() as monitor:
            pending = [self.root.start(PATH, 'Firewall', 'GetRuleset') for _ in range(5)]
            self.root.call(netns1.HOST, 'Firewall', 'GetRuleset')
            for call in pending:
                with self.assertBusError('TooLarge'):
                    call.result()

            def answers():
                return [message['type'] for message in monitor.messages
                        if message['type'] in ('method_return', 'error') and message.get('destination') == self.root.name]
            netns1.wait_for(lambda: len(answers()) == len(pending) + 1)
        self.assertIn('method_return', answers()[:-1])  # before the last one of those that are too large
        self.assert_lives()


@unittest.skipUnless(netns1.IS_ROOT, 'needs two users besides root')
class Names(TestCase):
    """A list that waits for another one of its user until its namespace's name is another user's."""

    def setUp(self):
        super().setUp()
        self.adopt('first')

    def ask_and_take_name(self, method):
        """The first list is held, and the second one comes after it. Returns: the second one"""
        elsewhere = self.bob.create_namespace('bobs')
        self.bob.call(elsewhere, 'Firewall', 'SetPolicy', '(ss)', 'input', 'drop')
        netns1.wait_for(inside.compiler)  # which works without the broker
        with inside.stopped(inside.broker()):
            first = self.caller.start(f'{ROOT}/namespace/first', 'Firewall', 'GetRuleset')
            second = self.caller.start(PATH, 'Firewall', method)
            self.caller.call(PATH, 'Namespace', 'Rename', '(s)', 'elsewhere')
            self.assertEqual(self.bob.create_namespace('hostile'), PATH)
            self.bob.call(PATH, 'Firewall', 'AddRule', '(a{sv})',
                          {'chain': 'input', 'action': 'accept', 'comment': 'secret'})
            self.assertFalse(first.done)
        first.result()
        return second

    def test_rules_of_another_user(self):
        with self.assertBusError('AccessDenied'):
            self.bob.call(PATH, 'Firewall', 'ListRules')
        self.firewall('AddRule', '(a{sv})', {'chain': 'input', 'action': 'drop', 'comment': 'own'})
        pending = self.ask_and_take_name('ListRules')
        self.assertEqual([rule.get('comment') for rule in pending.result() if 'policy' not in rule], ['own'])
        self.assert_lives()

    def test_ruleset_of_another_user(self):
        pending = self.ask_and_take_name('GetRuleset')
        self.assertNotIn('secret', pending.result())
        self.assert_lives()


class Worker(Held):
    """The one thread that changes something reads no rules that a user could hold back: others get their answer while
    every netnsd-nft in the user's namespace is stopped."""

    rules = allow_only('create-namespace', 'configure-own', 'run', 'open-socket', 'nat')
    REFUSED = 'can be neither checked nor cured: it belongs to another user namespace'

    def create_network(self, name, **options):
        self.caller.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', name,
                         {'namespace': 'hostile', 'nat': True, **options})

    def assert_none_waits(self, stopper, name):
        """A call of another user's is answered, and no helper had to be stopped."""
        self.bob.create_namespace(name)
        self.assertFalse(self.stopped(stopper))
        self.assert_lives()

    def test_calls(self):
        self.create_network('lan', subnets=['10.1.0.0/24'])
        self.caller.create_namespace('member')
        stopper = self.stop_helpers(100)
        pending, helper = self.hold_back('ListRules', stopper)
        for number, word in enumerate(('check', 'cure')):
            with self.unchanged(), self.assertBusError('NotSupported') as context:
                self.create_network('other', subnets=['10.2.0.0/24'], firewall=word)
            self.assertIn(self.REFUSED, context.exception.message)
            self.assert_none_waits(stopper, f'peaceful{number}')
        with self.unchanged(), self.assertBusError('NotSupported') as context:
            self.caller.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'member', 'hostile:lan',
                             {'firewall': 'check'})
        self.assertIn(self.REFUSED, context.exception.message)
        self.assert_none_waits(stopper, 'peaceful')
        with contextlib.suppress(ProcessLookupError):
            os.kill(helper, signal.SIGCONT)
        netns1.wait_for(lambda: pending.done)

    def test_repair(self):
        """A network that is remembered as cured, of a time when that was possible: neither repaired nor in the way."""
        def refused(since):
            return any('Cannot restore the rules of network hostile:lan: ' in line and self.REFUSED in line
                       for line in log()[since:].splitlines())
        self.create_network('lan', subnets=['10.1.0.0/24'])
        since, (path,) = len(log()), glob.glob('/run/netnsd/networks/*:lan')
        netns1.NETNSD.stop()
        with open(path, encoding='utf-8') as file:
            text = file.read()
        self.assertIn('Cured=false', text)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text.replace('Cured=false', 'Cured=true'))
        netns1.NETNSD.start()
        self.service = netns1.NETNSD.pid
        netns1.wait_for(lambda: refused(since))
        self.firewall('ListRules')  # what else is read for this user after the start has been read then
        stopper, since = self.stop_helpers(100), len(log())
        self.inside('nft', 'add', 'table', 'inet', 'theirs')
        netns1.wait_for(lambda: refused(since))
        self.assert_none_waits(stopper, 'peaceful')
        network = netns1.network_path('hostile:lan')
        self.caller.call(network, 'Network', 'Delete')
        self.assert_none_waits(stopper, 'calm')
        self.assertNotIn(network, self.root.managed_objects())


class Deleted(netns1.TestCase):
    """A namespace whose rules are just being read."""
    rules = DEFAULT_RIGHTS

    def setUp(self):
        super().setUp()
        self.caller = self.alice if netns1.IS_ROOT else self.root
        self.make()

    def make(self):
        self.path = self.caller.create_namespace('large')
        run('/usr/bin/python3', NETFILTER, 'elements', 'theirs', 'set', '300000', namespace='large', timeout=600)
        self.inode = references.inode('large')

    def find_reader(self):
        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                with open(f'/proc/{pid}/comm', encoding='utf-8') as file:
                    if file.read() == 'netnsd-nft\n' and os.stat(f'/proc/{pid}/ns/net').st_ino == self.inode:
                        return pid
            except OSError:
                pass
        return None

    def get_uids(self):
        try:
            with open(f'/proc/{self.find_reader()}/status', encoding='utf-8') as file:
                return next(line.split()[1:] for line in file if line.startswith('Uid:'))
        except OSError:
            return None

    def delete(self, **options):
        """Once more if its rules were found to be too many before it was gone: nothing else can hold who reads them."""
        for _ in range(20):
            pending = self.root.start(self.path, 'Firewall', 'GetRuleset')
            netns1.wait_for(lambda pending=pending: pending.done or self.find_reader())
            self.caller.call(self.path, 'Namespace', 'Delete', '(a{sv})', options)
            self.assertEqual(os.listdir('/run/netns'), [])
            self.assertNotIn(self.inode, references.lsns())
            with self.assertRaises(netns1.BusError) as context:
                pending.result()
            if context.exception.name == 'NamespaceGone':
                return
            self.assertEqual(context.exception.name, 'TooLarge')
            self.make()
        self.fail('its rules were always found to be too many before it was gone')

    def test_plain(self):
        """Who reads for the service is no user of it."""
        self.delete()

    def test_kill(self):
        """That is no other user's process."""
        self.delete(kill=True)

    @unittest.skipUnless(netns1.IS_ROOT, 'needs a uid besides root')
    def test_uid(self):
        """No other process has the uid of who reads, so none can stop it."""
        pending = self.root.start(self.path, 'Firewall', 'GetRuleset')
        netns1.wait_for(lambda: self.get_uids() == ['65535'] * 4)
        with self.assertBusError('TooLarge'):
            pending.result()


class Texts(TestCase):
    def test_bytes(self):
        """Names and comments that are not what they seem are only text."""
        self.inside('nft', 'add', 'table', 'inet', 'theirs')
        self.inside('nft', 'add', 'chain', 'inet', 'theirs', 'c')
        self.inside('nft', 'add', 'rule', 'inet', 'theirs', 'c', 'counter', 'comment', '"# handle 77"')
        rules = [rule for rule in self.firewall('ListRules') if rule['table'] == 'theirs']
        self.assertEqual([(rule['text'], rule['comment']) for rule in rules], [('counter', '# handle 77')])

    def test_links_by_number(self):
        """The program that reads may not ask for names of links; it knows them, of many links as well."""
        self.inside('sh', '-c', 'for i in $(seq 200); do echo link add many$i type bridge; done | ip -batch -')
        self.inside('nft', 'add table inet theirs; add chain inet theirs c; add rule inet theirs c iif lo oif many200 accept')
        rules = [rule for rule in self.firewall('ListRules') if rule['table'] == 'theirs']
        self.assertEqual([rule['text'] for rule in rules], ['iif "lo" oif "many200" accept'])
        self.assertIn('many200', self.firewall('GetRuleset'))


if __name__ == '__main__':
    netns1.main()
