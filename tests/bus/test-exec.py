#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# `netnsctl exec`, at real terminals and at none: what a user types and sees, exit statuses, and that the terminal is as
# it was whatever happens.
import contextlib
import fcntl
import json
import os
import signal
import struct
import subprocess
import tempfile
import termios
import unittest

import netns1
import running
from netns1 import allow_only, netnsctl, run, set_rules, wait_for


def status_of_process(pid):
    with open(f'/proc/{pid}/status') as file:
        return running.status_of(file.read())


class AtTerminal:
    """netnsctl exec at a terminal of its own, of some size."""

    def __init__(self, *command, uid=netns1.ALICE, size=(33, 99), shell=None):
        self.pid, self.terminal = os.forkpty()
        if self.pid == 0:
            with contextlib.suppress(BaseException):
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', *size, 0, 0))
                os.setgroups([])
                os.setresgid(uid, uid, uid)
                os.setresuid(uid, uid, uid)
                arguments = ['sh', '-c', shell] if shell else [os.environ['NETNSCTL'], 'exec', 'isolated', *command]
                os.execvp(arguments[0], arguments)
            os._exit(99)
        os.set_blocking(self.terminal, False)
        self.received = b''
        self.status = None
        self.before = None

    def read(self):
        with contextlib.suppress(BlockingIOError, OSError):
            while received := os.read(self.terminal, 65536):
                self.received += received
        return self.received

    def wait_for(self, text):
        wait_for(lambda: text in self.read(), what=f'{text!r} in {self.received!r}')

    def type(self, data):
        while data:
            try:
                data = data[os.write(self.terminal, data):]
            except BlockingIOError:
                self.read()

    def resize(self, rows, columns):
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))

    @property
    def modes(self):
        """Those of the user's side."""
        return termios.tcgetattr(self.terminal)

    def finish(self):
        """Waits for its end; returns the exit status as shells have it."""
        def ended():
            self.read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            return pid
        if self.status is None:
            wait_for(ended, what=f'the end of netnsctl, which said {self.received!r}')
            self.read()
        return self.status if self.status >= 0 else 128 - self.status

    def close(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.terminal)


class ExecTestCase(running.TestCase):
    def exec(self, *command, **options):
        return netnsctl('exec', 'isolated', *command, check=False, **options)

    def at_terminal(self, *command, **options):
        started = AtTerminal(*command, **options)
        self.addCleanup(started.close)
        return started

    def assert_all_ended(self):
        wait_for(lambda: not running.processes_named('netnsd-run'))


@unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
class Streams(ExecTestCase):
    """Without a terminal."""

    def test_inside(self):
        inode = os.stat('/run/netns/isolated').st_ino
        self.assertEqual(self.exec('--', 'readlink', '/proc/self/ns/net').stdout, f'net:[{inode}]\n')
        self.assertEqual(self.exec('id', '-u').stdout, '1000\n')

    def test_exit_status(self):
        for script, status in (('exit 0', 0), ('exit 7', 7), ('kill -9 $$', 137), ('kill -15 $$', 143), ('exit 255', 255)):
            with self.subTest(script):
                self.assertEqual(self.exec('sh', '-c', script).returncode, status)

    def test_not_executed(self):
        for command, status, words in ((['no-such-command'], 127, 'no-such-command'), (['/etc/passwd'], 126, 'Permission denied'),
                                       (['/nowhere/x'], 127, '/nowhere/x')):
            with self.subTest(command):
                result = self.exec(*command)
                self.assertEqual((result.returncode, result.stdout), (status, ''))
                self.assertIn(words, result.stderr)
                self.assertEqual(result.stderr.count('\n'), 1)

    def test_other_failures(self):
        result = netnsctl('exec', 'nope', 'true', check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn('There is no namespace “nope”', result.stderr)
        set_rules(allow_only('configure-own'))
        self.assertEqual(self.exec('true').returncode, 4)

    def test_streams(self):
        """Three different ones, passed as they are."""
        result = self.exec('sh', '-c', 'cat; echo error >&2', input='typed\n')
        self.assertEqual((result.stdout, result.stderr), ('typed\n', 'error\n'))
        self.assertEqual(self.exec('sh', '-c', 'readlink /proc/$$/fd/0').stdout, '/dev/null\n')

    def test_much_data(self):
        data = os.urandom(3 << 20)
        self.assertEqual(self.exec('cat', input=data, text=False).stdout, data)

    def test_options_of_the_command(self):
        """All that comes after the command is the command's."""
        for before in ([], ['--']):
            self.assertEqual(self.exec(*before, 'echo', '--help', '-x', '--json=pretty', '--', '-H').stdout,
                             '--help -x --json=pretty -- -H\n')
        result = self.exec('-x', 'true')
        self.assertEqual(result.returncode, 2)
        self.assertIn('--', result.stderr)

    def test_environment_and_directory(self):
        result = run('env', 'FOO=bar baz', b'BAD=\xff', os.environ['NETNSCTL'], 'exec', 'isolated', 'sh', '-c',
                     'echo $FOO; pwd; echo ${BAD-none}', uid=netns1.ALICE, cwd='/usr/share')
        self.assertEqual(result.stdout, 'bar baz\n/usr/share\nnone\n')

    def test_busctl(self):
        line = netnsctl('--busctl', 'exec', 'isolated', 'sh', '-c', 'id -u >/run/sandbox/marker', cwd='/').stdout
        self.assertEqual(line.split(maxsplit=7)[-1],
                         "Run 'asassaha{sv}' 3 sh -c 'id -u >/run/sandbox/marker' 0 / 0 1 detach b true\n")
        run('sh', '-c', line)
        wait_for(lambda: os.path.exists('/run/sandbox/marker') and os.path.getsize('/run/sandbox/marker'))

    def test_interrupt(self):
        """Ctrl-C when only the client is at the terminal: the command hears of it, and has the last word."""
        with tempfile.TemporaryFile() as output:
            client = subprocess.Popen(
                ['setpriv', '--reuid=1000', '--regid=1000', '--clear-groups', os.environ['NETNSCTL'], 'exec', 'isolated',
                 'sh', '-c', 'trap "echo int; exit 6" INT; echo up; while :; do sleep 0.1; done'], stdout=output)
            self.addCleanup(client.wait)
            self.addCleanup(client.kill)
            wait_for(lambda: os.fstat(output.fileno()).st_size)
            wait_for(lambda: self.catches(client.pid, signal.SIGINT))
            client.send_signal(signal.SIGINT)
            self.assertEqual(client.wait(netns1.PATIENCE), 6)
            output.seek(0)
            self.assertEqual(output.read(), b'up\nint\n')

    @staticmethod
    def catches(pid, number):
        """Until the answer to the call has come, a signal is the client's own affair."""
        return int(status_of_process(pid)['SigCgt'], 16) & 1 << (number - 1)

    def test_terminated(self):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL):
            with self.subTest(number):
                client = subprocess.Popen(['setpriv', '--reuid=1000', '--regid=1000', '--clear-groups',
                                           os.environ['NETNSCTL'], 'exec', 'isolated', 'sleep', '1006'])
                wait_for(lambda: running.count_processes('sleep', '1006'))
                if number != signal.SIGKILL:
                    wait_for(lambda number=number: self.catches(client.pid, number))
                client.send_signal(number)
                self.assertEqual(client.wait(netns1.PATIENCE), -number if number == signal.SIGKILL else 128 + number)
                wait_for(lambda: not running.count_processes('sleep', '1006'))

    def test_service_restarted(self):
        client = subprocess.Popen(
            ['setpriv', '--reuid=1000', '--regid=1000', '--clear-groups', os.environ['NETNSCTL'], 'exec', 'isolated',
             'sh', '-c', 'read line; exit 8'], stdin=subprocess.PIPE)
        self.addCleanup(client.wait)
        self.addCleanup(client.kill)
        wait_for(lambda: any('/process/' in path for path in self.root.managed_objects()))
        for _ in range(3):  # also one that goes before it has answered the client's question
            netns1.NETNSD.kill()
            netns1.NETNSD.start()
        client.stdin.write(b'\n')
        client.stdin.close()
        self.assertEqual(client.wait(netns1.PATIENCE), 8)

    def test_command_lost(self):
        """Helper and service were killed together: nobody knows how it ended, and the client says so."""
        client = subprocess.Popen(['setpriv', '--reuid=1000', '--regid=1000', '--clear-groups', os.environ['NETNSCTL'],
                                   'exec', 'isolated', 'sleep', '1010'], stderr=subprocess.PIPE, text=True)
        self.addCleanup(client.stderr.close)
        wait_for(lambda: running.count_processes('sleep', '1010'))
        wait_for(lambda: int(status_of_process(client.pid)['SigCgt'], 16) & 1 << (signal.SIGINT - 1))
        netns1.NETNSD.kill()
        running.end_helpers()
        netns1.NETNSD.start()
        self.assertEqual(client.wait(netns1.PATIENCE), 5)
        self.assertIn('lost track of the command', client.stderr.read())

    def test_helper_killed(self):
        client = subprocess.Popen(['setpriv', '--reuid=1000', '--regid=1000', '--clear-groups', os.environ['NETNSCTL'],
                                   'exec', 'isolated', 'sleep', '1007'])
        wait_for(lambda: running.count_processes('sleep', '1007'))
        wait_for(lambda: int(status_of_process(client.pid)['SigCgt'], 16) & 1 << (signal.SIGINT - 1))  # it was told
        running.end_helpers()
        self.assertEqual(client.wait(netns1.PATIENCE), 137)


@unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
class Terminal(ExecTestCase):
    def test_exit_status(self):
        for script, status in (('exit 7', 7), ('kill -9 $$', 137)):
            with self.subTest(script):
                self.assertEqual(self.at_terminal('sh', '-c', script).finish(), status)

    def test_output(self):
        """To the last byte, also of a command that ends at once."""
        started = self.at_terminal('sh', '-c', 'seq 100000; echo end')
        self.assertEqual(started.finish(), 0)
        self.assertEqual(started.received.split(), [b'%d' % number for number in range(1, 100001)] + [b'end'])

    def test_is_a_terminal(self):
        started = self.at_terminal('sh', '-c', 'test -t 0 && test -t 1 && test -t 2 && tty && echo yes >/dev/tty')
        self.assertEqual(started.finish(), 0, started.received)
        self.assertIn(b'/dev/pts/', started.received)
        self.assertNotIn(os.ttyname(started.terminal).encode() + b'\r', started.received)
        self.assertIn(b'yes', started.received)

    def test_streams_that_are_none(self):
        started = self.at_terminal(shell='netnsctl exec isolated sh -c "tty; echo error >&2" 2>/dev/null')
        self.assertEqual(started.finish(), 0)
        self.assertIn(b'/dev/pts/', started.received)
        self.assertNotIn(b'error', started.received)

    def test_interrupt(self):
        started = self.at_terminal('sh', '-c', 'trap "echo int; exit 3" INT; echo up; while :; do sleep 0.1; done')
        started.wait_for(b'up')
        started.type(b'\x03')
        self.assertEqual(started.finish(), 3)
        self.assertIn(b'int', started.received)

    def test_quit(self):
        started = self.at_terminal('sh', '-c', 'echo up; exec sleep 1000')
        started.wait_for(b'up')
        started.type(b'\x1c')
        self.assertEqual(started.finish(), 128 + signal.SIGQUIT)

    def test_end_of_input(self):
        started = self.at_terminal('cat')
        started.type(b'typed\n')
        started.wait_for(b'typed\r\ntyped\r\n')  # echo, and what cat says
        started.type(b'\x04')
        self.assertEqual(started.finish(), 0)

    def test_size(self):
        started = self.at_terminal('sh', '-c', 'trap "stty size" WINCH; stty size; while :; do sleep 0.1; done')
        started.wait_for(b'33 99')
        started.resize(44, 111)
        started.wait_for(b'44 111')

    def test_job_control(self):
        """Ctrl-Z stops what runs in the shell inside, not the client."""
        started = self.at_terminal('bash', '--norc', '--noprofile', '-i')
        started.type(b'PS1=ready; sleep 1000\n')
        wait_for(lambda: running.count_processes('sleep', '1000'))
        started.type(b'\x1a')
        started.wait_for(b'Stopped')
        wait_for(lambda: started.read().endswith(b'ready'))
        started.type(b'kill -9 %1; wait; exit 9\nexit 9\n')  # with stopped jobs it wants to hear it twice
        started.finish()
        self.assertEqual(started.status, 9, started.received)

    def test_every_byte(self):
        """Those that mean something to a terminal, too."""
        started = self.at_terminal('sh', '-c', 'stty raw -echo; echo up; head -c 256 | od -An -v -tx1; stty sane')
        started.wait_for(b'up')
        started.type(bytes(range(256)))
        self.assertEqual(started.finish(), 0)
        text = started.received.partition(b'up')[2].decode()
        self.assertEqual(text.split(), [f'{byte:02x}' for byte in range(256)])

    def test_much_input(self):
        """More than the command takes at once."""
        started = self.at_terminal('sh', '-c', 'stty raw -echo; echo up; sleep 1; head -c 300000 | wc -c; stty sane')
        started.wait_for(b'up')
        started.type(b'x' * 300000)
        self.assertEqual(started.finish(), 0)
        self.assertIn(b'300000', started.received)

    def test_terminal_is_restored(self):
        for how in ('exit', 'TERM', 'HUP', 'INT', 'QUIT', 'SEGV', 'no such command'):
            with self.subTest(how):
                started = self.at_terminal(shell='stty rows 20; echo ready; read line; netnsctl exec isolated '
                                           + ('no-such-command' if how == 'no such command' else 'sh -c "echo up; read line"')
                                           + '; echo status $?; read line')
                started.wait_for(b'ready')
                before = started.modes
                self.assertTrue(before[3] & termios.ICANON)
                started.type(b'\n')
                if how != 'no such command':
                    started.wait_for(b'up')
                    wait_for(lambda: not started.modes[3] & (termios.ICANON | termios.ISIG | termios.ECHO))
                    if how == 'exit':
                        started.type(b'\n')
                    else:
                        run('pkill', f'-{how}', '-x', 'netnsctl')
                started.wait_for(b'status')
                self.assertEqual(started.modes, before)
                started.type(b'\n')
                self.assertEqual(started.finish(), 0)

    def test_killed(self):
        """Nothing is left of the command."""
        started = self.at_terminal('sh', '-c', 'trap "" HUP; echo up; sleep 1008')
        started.wait_for(b'up')
        os.kill(started.pid, signal.SIGKILL)
        wait_for(lambda: not running.count_processes('sleep', '1008'))
        self.assert_all_ended()

    def test_hangup(self):
        """The terminal is closed, as a window is."""
        started = AtTerminal('sh', '-c', 'echo up; exec sleep 1009')
        started.wait_for(b'up')
        os.close(started.terminal)
        os.waitpid(started.pid, 0)
        wait_for(lambda: not running.count_processes('sleep', '1009'))

    def test_service_restarted(self):
        """The user does not even see it."""
        started = self.at_terminal('sh', '-c', 'echo up; read line; echo "got $line"; exit 5')
        started.wait_for(b'up')
        netns1.NETNSD.restart()
        started.type(b'word\n')
        self.assertEqual(started.finish(), 5)
        self.assertIn(b'got word', started.received)

    def test_root(self):
        started = self.at_terminal('sh', '-c', 'id -u; tty', uid=0)
        self.assertEqual(started.finish(), 0)
        self.assertTrue(started.received.startswith(b'0\r\n/dev/pts/'))


class Restarted(netns1.TestCase):
    def test_end_beside_oblivion(self):
        """The end of a command counts, also where a restarted service has forgotten the command already."""
        netns1.NETNSD.stop()
        for _ in range(20):
            with subprocess.Popen([os.path.join(os.path.dirname(netns1.kernel.__file__), 'forgetful.py')],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as service:
                self.addCleanup(service.kill)
                self.assertEqual(service.stdout.readline(), 'ready\n')
                self.assertEqual(netnsctl('exec', 'web', 'true', check=False).returncode, 8)


if __name__ == '__main__':
    netns1.main()
