#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# What becomes of commands inside namespaces: how they are shown, how they end with their client, what a restart of the
# service means for them, and who else may have a say.
import fcntl
import os
import signal
import tempfile
import unittest

import netns1
import running
from netns1 import ROOT, allow_only, run, set_rules, wait_for
from running import is_alive, status_of

JOBS_PER_USER = 64  # src/core/namespace/run.c
KEPT_PER_USER = 64  # src/core/job/jobs.c
WAITS_PER_USER = 256  # src/bus/tree/waits.c
RUNNING = {'State': 'running', 'ExitStatus': 0, 'ExitSignal': 0}
FOR_EVER = 10 * netns1.PATIENCE

needs_users = unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')


@needs_users
class Objects(running.TestCase):
    """Process objects and their end."""

    def test_exit_status(self):
        for command, expected in (('exit 0', (0, 0)), ('exit 7', (7, 0)), ('kill -9 $$', (-1, 9)),
                                  ('kill -TERM $$', (-1, 15)), ('exit 255', (255, 0))):
            with self.subTest(command):
                self.assertEqual(self.start('sh', '-c', command).exited(), expected)

    def test_properties(self):
        started = self.start('sleep', '1000', '--', environment=['SECRET=1'])
        pid = self.pid_of(started)
        self.assertEqual(self.bob.get_all(started.process, 'Process'), {
            'Pid': pid, 'Namespace': self.path, 'User': netns1.ALICE, 'Command': ['sleep'], **RUNNING})
        self.assertIn(str(pid), run('ip', 'netns', 'pids', 'isolated').stdout.split())
        self.assertIn(started.process, self.bob.managed_objects())
        self.assertIn(started.process, netns1.busctl('tree', '--list', netns1.SERVICE).stdout.split())
        self.alice.call(self.path, 'Namespace', 'Rename', '(s)', 'renamed')
        self.assertEqual(self.bob.get(started.process, 'Process', 'Namespace'), f'{ROOT}/namespace/renamed')

    def test_another_name_by_others(self):
        """Of the namespace that a command runs in."""
        process = self.start('sleep', '1000').process
        run('sh', '-e', '-c', 'touch /run/netns/other; mount --bind /run/netns/isolated /run/netns/other; '
                              'ip netns delete isolated')
        wait_for(lambda: self.bob.get(process, 'Process', 'Namespace') == f'{ROOT}/namespace/other')

    def test_order_of_signals(self):
        """There, ended, and when the client leaves, gone; and then no longer an object."""
        with netns1.Monitor() as monitor:
            started = self.start('sh', '-c', 'exit 3')
            self.assertEqual(started.exited(), (3, 0))
            path = started.process
            self.assertEqual(self.root.get(path, 'Process', 'State'), 'ended')
            started.close()

            def signals():
                return [message['member'] for message in monitor.messages if message['type'] == 'signal'
                        and path in (message['path'], *message['payload']['data'][:1])]
            wait_for(lambda: 'InterfacesRemoved' in signals())
            self.assertEqual(signals(), ['InterfacesAdded', 'PropertiesChanged', 'Exited', 'InterfacesRemoved'])
        with self.assertRaises(netns1.BusError):
            self.root.get(path, 'Process', 'Pid')

    def test_signal(self):
        started = self.start('sh', '-c', 'trap "echo caught; exit 5" USR1; echo up; while :; do sleep 0.1; done')
        self.wait_for_output(started, 'up')
        self.alice.call(started.process, 'Process', 'Signal', '(i)', signal.SIGUSR1)
        self.assertEqual(started.finish(), (5, 0))
        self.assertIn('caught', started.output)

    def test_bad_signals(self):
        started = self.start('sleep', '1000')
        for number in (0, -1, 65, 2 ** 31 - 1, -2 ** 31):
            with self.subTest(number), self.assertBusError('InvalidArgument'):
                self.alice.call(started.process, 'Process', 'Signal', '(i)', number)
        self.assertTrue(is_alive(self.pid_of(started)))

    def test_quota(self):
        """A user has so many; others are not concerned."""
        caller = netns1.Caller(netns1.ALICE)
        self.addCleanup(caller.close)

        def start():
            return caller.call(self.path, 'Namespace', 'Run', '(asassaha{sv})', ['sleep', '1005'], [], '', [], {})
        started = [start() for _ in range(JOBS_PER_USER)]
        with self.assertBusError('QuotaExceeded') as context:
            start()
        self.assertIn(str(JOBS_PER_USER), context.exception.message)
        self.output_of('true', uid=netns1.BOB)
        caller.call(started[0], 'Process', 'Signal', '(i)', signal.SIGKILL)
        self.assertEqual(self.bob.call(started[0], 'Process', 'Wait'), (-1, 9))
        start()
        self.assertEqual(running.count_processes('sleep', '1005'), JOBS_PER_USER)
        caller.close()  # and all of them end
        wait_for(lambda: running.count_processes('sleep', '1005') == 0)

    def test_no_descriptor_is_left(self):
        """Of the service's, after many commands that worked and many that did not."""
        def count():
            return len(os.listdir(f'/proc/{netns1.NETNSD.pid}/fd'))
        self.output_of('true')
        before = wait_for(count)
        for _ in range(10):
            self.output_of('true')
            with self.assertBusError('CommandNotFound'):
                self.alice.call(self.path, 'Namespace', 'Run', '(asassaha{sv})', ['no-such'], [], '', [], {})
        wait_for(lambda: count() <= before)
        wait_for(lambda: not running.processes_named('netnsd-run'))
        self.assertEqual(os.listdir('/run/netnsd/process'), [])


@needs_users
class HowItEnded(running.TestCase):
    """Nobody misses it."""

    def run_once(self, *command, options=None):
        return self.alice.call(self.path, 'Namespace', 'Run', '(asassaha{sv})', list(command), [], '', [], options or {})

    def test_late(self):
        """Who asks when it has long been over."""
        for command, (status, signal_number) in (('exit 7', (7, 0)), ('kill -TERM $$', (-1, 15)), ('exit 0', (0, 0))):
            for options in ({}, {'detach': True}):
                with self.subTest(command, options=options):
                    process = self.run_once('sh', '-c', command, options=options)
                    wait_for(lambda: not running.processes_named('netnsd-run'))
                    wait_for(lambda: self.bob.get(process, 'Process', 'State') == 'ended')
                    self.assertEqual(self.bob.get_all(process, 'Process'), {
                        'Pid': 0, 'Namespace': self.path, 'User': netns1.ALICE, 'Command': ['sh'], 'State': 'ended',
                        'ExitStatus': status, 'ExitSignal': signal_number})
                    for caller in (self.alice, self.bob, self.root):
                        self.assertEqual(caller.call(process, 'Process', 'Wait'), (status, signal_number))
                    self.assertIn(process, self.bob.managed_objects())
                    with self.assertBusError('NotFound'):
                        self.alice.call(process, 'Process', 'Signal', '(i)', signal.SIGTERM)

    def test_wait(self):
        """Several who wait, of whom one leaves; and other calls of the same caller are answered meanwhile."""
        started = self.start('sleep', '1000')
        leaving = netns1.Caller(netns1.BOB)
        left = leaving.start(started.process, 'Process', 'Wait', timeout=FOR_EVER)
        waits = [caller.start(started.process, 'Process', 'Wait', timeout=FOR_EVER)
                 for caller in (self.alice, self.bob, self.bob)]
        self.assertEqual(self.bob.get(started.process, 'Process', 'State'), 'running')
        leaving.close()
        with self.assertBusError('Disconnected'):
            left.result()
        self.assertFalse(any(wait.done for wait in waits))
        self.alice.call(started.process, 'Process', 'Signal', '(i)', signal.SIGKILL)
        for wait in waits:
            self.assertEqual(wait.result(), (-1, 9))

    def test_wait_with_the_client(self):
        """Its client leaves, and with it the command: others still learn how it ended."""
        started = self.start('sleep', '1000')
        process = started.process
        wait = self.bob.start(process, 'Process', 'Wait', timeout=FOR_EVER)
        self.bob.get(process, 'Process', 'State')
        started.kill()
        self.assertEqual(wait.result(), (-1, signal.SIGHUP))
        wait_for(lambda: process not in self.root.managed_objects())
        with self.assertRaises(netns1.BusError):
            self.bob.call(process, 'Process', 'Wait')

    def test_too_many_waits(self):
        """Of one user, with several connections; those who left do not count."""
        process = self.start('sleep', '1000').process
        callers = [netns1.Caller(netns1.BOB) for _ in range(4)]
        waits = [caller.start(process, 'Process', 'Wait', timeout=FOR_EVER)
                 for caller in callers for _ in range(WAITS_PER_USER // 4)]
        for caller in callers:  # which is answered after those that came before
            caller.get(process, 'Process', 'State')
        self.assertTrue(self.is_refused(process))
        other = self.root.start(process, 'Process', 'Wait', timeout=FOR_EVER)
        callers.pop().close()
        wait_for(lambda: not self.is_refused(process))
        self.alice.call(process, 'Process', 'Signal', '(i)', signal.SIGKILL)
        self.assertEqual(other.result(), (-1, 9))
        for wait in waits[:WAITS_PER_USER * 3 // 4]:
            self.assertEqual(wait.result(), (-1, 9))
        for caller in callers:
            caller.close()

    def is_refused(self, process):
        with netns1.Caller(netns1.BOB) as caller:
            wait = caller.start(process, 'Process', 'Wait', timeout=FOR_EVER)
            caller.get(process, 'Process', 'State')
            if not wait.done:
                return False
            with self.assertBusError('LimitsExceeded'):
                wait.result()
            return True

    def test_many(self):
        """Those that ended first are forgotten first, and those of others stay."""
        other = self.start('true', uid=netns1.BOB)
        other.exited()
        first = self.run_once('sleep', '1000')  # ends last
        processes = []
        for _ in range(KEPT_PER_USER + 5):
            processes.append(self.run_once('true'))
            self.alice.call(processes[-1], 'Process', 'Wait')
        objects = self.root.managed_objects()
        self.assertEqual([process for process in processes if process in objects], processes[5:])
        self.assertIn(other.process, objects)
        self.alice.call(first, 'Process', 'Signal', '(i)', signal.SIGKILL)
        netns1.wait_for(lambda: processes[5] not in self.root.managed_objects())
        self.assertEqual(self.bob.call(first, 'Process', 'Wait'), (-1, 9))
        self.assertIn(processes[6], self.root.managed_objects())

    def test_time(self):
        """Of one that nobody waits for."""
        process = self.run_once('true', options={'detach': True})
        self.alice.call(process, 'Process', 'Wait')
        self.assertIn(process, self.root.managed_objects())
        wait_for(lambda: process not in self.root.managed_objects(), timeout=FOR_EVER)

    def test_namespace(self):
        """It is in nobody's way."""
        process = self.run_once('true')
        self.alice.call(process, 'Process', 'Wait')
        self.alice.call(self.path, 'Namespace', 'Rename', '(s)', 'renamed')
        self.assertEqual(self.root.get(process, 'Process', 'Namespace'), f'{ROOT}/namespace/renamed')
        self.alice.call(f'{ROOT}/namespace/renamed', 'Namespace', 'Delete', '(a{sv})', {})
        self.assertEqual(self.root.get(process, 'Process', 'Namespace'), '/')
        self.assertEqual(self.root.get(process, 'Process', 'State'), 'ended')


@needs_users
class End(running.TestCase):
    """When the client goes, so does the command, with all that it started."""

    def test_hangup(self):
        with tempfile.TemporaryDirectory(dir='/run') as folder:
            os.chmod(folder, 0o777)
            started = self.start('sh', '-c', f'trap "echo hup >{folder}/marker; exit" HUP; echo up; '
                                             'while :; do sleep 0.1; done')
            self.wait_for_output(started, 'up')
            pid = self.pid_of(started)
            started.kill()
            wait_for(lambda: not is_alive(pid))
            with open(f'{folder}/marker') as file:
                self.assertEqual(file.read(), 'hup\n')

    def test_kill(self):
        """Of those who do not listen, who are stopped, and who left the session and their parents."""
        started = self.start('sh', '-c', 'trap "" HUP TERM; (setsid sh -c "trap \\"\\" HUP; sleep 1001 & echo \\$!; '
                                         'exec sleep 1002" &) ; kill -STOP $$')
        self.wait_for_output(started, '\n')
        pid, left = self.pid_of(started), int(started.output.split()[0])
        wait_for(lambda: status_of(open(f'/proc/{pid}/status').read())['State'].startswith('T'))
        helper = running.processes_named('netnsd-run')
        started.kill()
        wait_for(lambda: not is_alive(pid) and not is_alive(left))
        wait_for(lambda: not any(is_alive(one) for one in helper))
        self.assertNotIn('sleep 100', run('ps', '-eo', 'args').stdout)

    def test_what_is_left_behind(self):
        """The command ends by itself, and what it started goes with it."""
        started = self.start('sh', '-c', 'trap "" HUP; sleep 1003 & echo $!; exit 4')
        self.assertEqual(started.exited(), (4, 0))
        self.wait_for_output(started, '\n')
        left = int(started.output)
        wait_for(lambda: not is_alive(left))

    def test_detached(self):
        started = self.start('sleep', '1000', options="{'detach': <true>}")
        pid = self.pid_of(started)
        started.kill()
        other = self.start('true')
        other.exited()
        self.assertTrue(is_alive(pid))
        self.alice.call(started.process, 'Process', 'Signal', '(i)', signal.SIGTERM)
        wait_for(lambda: not is_alive(pid))

    def test_helper_killed(self):
        """By an administrator, say: nobody could end the command then, so it ends."""
        started = self.start('sleep', '1000')
        pid = self.pid_of(started)
        os.kill(running.processes_named('netnsd-run')[0], signal.SIGKILL)
        self.assertEqual(started.exited(), (-1, 9))
        wait_for(lambda: not is_alive(pid))

    def test_client_that_leaves_while_its_command_is_started(self):
        """Which can take long: here somebody has a lease on the program."""
        with tempfile.TemporaryDirectory(dir='/run') as folder:
            os.chmod(folder, 0o755)
            run('cp', '/usr/bin/true', f'{folder}/leased')
            with open(f'{folder}/leased') as file:
                self.addCleanup(signal.signal, signal.SIGIO, signal.signal(signal.SIGIO, signal.SIG_IGN))
                fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
                started = running.Run(netns1.ALICE, self.path, f'{folder}/leased')
                wait_for(lambda: len(running.processes_named('netnsd-run')) == 2)  # the helper and who waits
                self.assertFalse(any('/process/' in path for path in self.root.managed_objects()))
                self.output_of('true')  # nobody else has to wait
                started.kill()
                wait_for(lambda: not running.processes_named('netnsd-run'))

    def test_client_that_leaves_at_once(self):
        """Before its command runs, or while."""
        for _ in range(5):
            started = running.Run(netns1.ALICE, self.path, 'sleep', '1004')
            started.kill()
        wait_for(lambda: 'sleep 1004' not in run('ps', '-eo', 'args').stdout)
        wait_for(lambda: not running.processes_named('netnsd-run'))


@needs_users
class Restart(running.TestCase):
    """The service comes and goes, the commands do not notice."""

    def test_goes_on(self):
        started = self.start('sh', '-c', 'echo up; read line </dev/zero; sleep 1000')
        self.wait_for_output(started, 'up')
        pid = self.pid_of(started)
        netns1.NETNSD.restart()
        self.assertEqual(self.root.get_all(started.process, 'Process'), {
            'Pid': pid, 'Namespace': self.path, 'User': netns1.ALICE, 'Command': ['sh'], **RUNNING})
        self.alice.call(started.process, 'Process', 'Signal', '(i)', signal.SIGKILL)
        self.assertEqual(started.exited(), (-1, 9))
        self.assertNotEqual(self.start('true').process, started.process)

    def test_killed(self):
        started = self.start('sleep', '1000')
        pid = self.pid_of(started)
        netns1.NETNSD.kill()
        netns1.NETNSD.start()
        self.assertEqual(self.pid_of(started), pid)

    def test_ends_meanwhile(self):
        """Who waits hears of it from the next service."""
        started = self.start('sleep', '1000')
        pid = self.pid_of(started)
        netns1.NETNSD.stop()
        os.kill(pid, signal.SIGTERM)
        wait_for(lambda: not is_alive(pid))
        netns1.NETNSD.start()
        self.assertEqual(started.exited(), (-1, 15))

    def test_client_leaves_meanwhile(self):
        started = self.start('sleep', '1000')
        pid = self.pid_of(started)
        netns1.NETNSD.stop()
        started.kill()
        self.assertTrue(is_alive(pid))
        netns1.NETNSD.start()
        wait_for(lambda: not is_alive(pid))

    def test_dead_helper(self):
        """What a helper left that was killed is in nobody's way."""
        started = self.start('sleep', '1000')
        self.assertTrue(started.process)
        netns1.NETNSD.stop()
        os.kill(running.processes_named('netnsd-run')[0], signal.SIGKILL)
        netns1.NETNSD.start()
        self.assertNotIn(started.process, self.root.managed_objects())
        self.assertEqual(os.listdir('/run/netnsd/process'), [])


@needs_users
class Questions(running.TestCase):
    """Others' namespaces, and what dialogs say."""

    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp(dir='/run')
        self.addCleanup(run, 'rm', '-rf', self.folder)
        os.chmod(self.folder, 0o777)
        self.marker = f'{self.folder}/marker'
        set_rules('ask-all')

    def ask(self, *command):
        """bob runs something in alice's namespace; returns the dialog and the call."""
        # The agent is bob's other process: polkit asks the agent of the process that calls, so it must be the same one.
        asked = netns1.Caller(netns1.BOB)
        self.addCleanup(asked.close)
        questions = asked.become_agent()
        call = asked.start(self.path, 'Namespace', 'Run', '(asassaha{sv})', list(command), [], '', [], {'detach': True},
                           interactive=True)
        return questions.next(), call

    def test_granted(self):
        question, call = self.ask('sh', '-c', f'id -un >{self.marker}')
        self.assertEqual(question.action, 'run-foreign')
        for words in ('“isolated”', 'alice', f"“sh -c 'id -un >{self.marker}'”"):
            self.assertIn(words, question.message)
        question.grant()
        call.result()
        wait_for(lambda: os.path.exists(self.marker) and os.path.getsize(self.marker))
        self.assertEqual(os.stat(self.marker).st_uid, netns1.BOB)

    def test_refused(self):
        for how, error in (('refuse', 'AccessDenied'), ('dismiss', 'AuthorizationDismissed')):
            with self.subTest(how):
                question, call = self.ask('touch', self.marker)
                getattr(question, how)()
                with self.assertBusError(error):
                    call.result()
        self.start('true', uid=0).exited()  # another one has come and gone since
        self.assertFalse(os.path.exists(self.marker))
        wait_for(lambda: not running.processes_named('netnsd-run'))

    def test_rule(self):
        """A rule can look at the whole of it."""
        set_rules('''polkit.addRule(function(action, subject) {
            return action.id == "org.example.NetNS1.run-foreign" && action.lookup("namespace") == "isolated"
                && action.lookup("owner") == "alice" && action.lookup("verb") == "Run"
                && action.lookup("command") == "true 'two words'" ? polkit.Result.YES : polkit.Result.NO; });''')
        self.output_of('true', 'two words', uid=netns1.BOB)
        with self.assertBusError('AccessDenied'):
            self.assertEqual(self.start('true', 'three', uid=netns1.BOB).process, '')

    def test_long_command(self):
        """A dialog is not filled to the end, and says so."""
        question, call = self.ask('true', 'x' * 5000, 'ü' * 5000)
        self.assertLess(len(question.message.encode()), 1500)
        self.assertIn('x … (15006 bytes in total)', question.message)
        question.dismiss()
        with self.assertBusError('AuthorizationDismissed'):
            call.result()

    def test_command_that_writes_dialogs(self):
        """No line of its own, and nothing that turns the text around."""
        question, _ = self.ask('true', 'a\nb\u202ec\x1b[1md')
        self.assertIn("true 'a\\u000ab\\u202ec\\u001b[1md'", question.message)
        question.dismiss()

    def test_other_namespace_of_that_name(self):
        """The permission is for the one that the dialog spoke of."""
        question, call = self.ask('touch', self.marker)
        self.root.call(self.path, 'Namespace', 'Delete', '(a{sv})', {})
        self.root.create_namespace('isolated')
        question.grant()
        with self.assertBusError('NamespaceGone'):
            call.result()
        self.assertFalse(os.path.exists(self.marker))

    def test_caller_leaves_meanwhile(self):
        question, call = self.ask('touch', self.marker)
        question.caller.kill()
        self.start('true', uid=0).exited()
        self.assertFalse(os.path.exists(self.marker))

    def test_signal_of_others(self):
        set_rules('allow-all')
        started = self.start('sleep', '1000')
        pid = self.pid_of(started)
        set_rules(allow_only('run'))
        with self.assertBusError('AccessDenied'):
            self.bob.call(started.process, 'Process', 'Signal', '(i)', signal.SIGKILL)
        self.assertTrue(is_alive(pid))
        set_rules(allow_only('run-foreign'))
        self.bob.call(started.process, 'Process', 'Signal', '(i)', signal.SIGKILL)
        self.assertEqual(started.exited(), (-1, 9))

    def test_owner_of_the_namespace_has_no_right_to_a_command(self):
        """It runs as bob, and bob's it is."""
        set_rules('allow-all')
        started = self.start('sleep', '1000', uid=netns1.BOB)
        self.assertTrue(started.process)
        set_rules(allow_only('run'))
        with self.assertBusError('AccessDenied'):
            self.alice.call(started.process, 'Process', 'Signal', '(i)', signal.SIGKILL)
        self.bob.call(started.process, 'Process', 'Signal', '(i)', signal.SIGKILL)
        self.assertEqual(started.exited(), (-1, 9))

    def test_secrets_stay_out_of_the_log(self):
        set_rules('allow-all')
        self.output_of('echo', 'top-secret', environment=['PASSWORD=hunter2'])
        self.assertIn('program=echo: done', netns1.NETNSD.log)
        set_rules('deny-all')
        with self.assertBusError('AccessDenied'):
            self.assertEqual(self.start('cat', 'top-secret').process, '')
        self.assertIn('program=cat: org.freedesktop.DBus.Error.AccessDenied', netns1.NETNSD.log)
        self.assertNotIn('top-secret', netns1.NETNSD.log)
        self.assertNotIn('hunter2', netns1.NETNSD.log)


if __name__ == '__main__':
    netns1.main()
