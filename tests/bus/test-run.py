#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Commands inside namespaces: whom they run as, what they have and have not, and what is refused. What a command is
# given is looked at from inside, with the kernel's own files, while the service itself has odd signals, limits,
# descriptors and variables, none of which may reach it.
import contextlib
import os
import re
import pty
import signal
import stat
import subprocess
import tempfile
import unittest

import netns1
import references
import running
from netns1 import ROOT, run, wait_for
from running import status_of

DESCRIPTORS_MAX = 64  # src/core/namespace/run.c

# Starts the service as nobody should.
ODD_SERVICE = '''
import os, resource, signal, sys
os.umask(0)
os.nice(3)
signal.signal(signal.SIGUSR1, signal.SIG_IGN)
signal.signal(signal.SIGPIPE, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2, signal.SIGRTMIN + 3})
for which, limit in ((resource.RLIMIT_CORE, -1), (resource.RLIMIT_STACK, 1 << 24), (resource.RLIMIT_FSIZE, 1 << 40),
                     (resource.RLIMIT_CPU, 10000)):
    resource.setrlimit(which, (limit, resource.getrlimit(which)[1]))
for number in (7, 77):
    os.dup2(os.open("/etc/shadow", os.O_RDONLY), number, inheritable=True)
with open("/proc/self/oom_score_adj", "w") as file:
    file.write("500")
os.environ["SECRET"] = os.environ["LD_PRELOADED"] = "of the service"
os.execv(sys.argv[1], sys.argv[1:])
'''
# The limits that a command has, whatever the service has: name in /proc/PID/limits, soft, hard.
LIMITS = (('Max cpu time', 'unlimited', 'unlimited'), ('Max file size', 'unlimited', 'unlimited'),
          ('Max data size', 'unlimited', 'unlimited'), ('Max stack size', '8388608', 'unlimited'),
          ('Max core file size', '0', 'unlimited'), ('Max resident set', 'unlimited', 'unlimited'),
          ('Max open files', '1024', None), ('Max address space', 'unlimited', 'unlimited'),
          ('Max file locks', 'unlimited', 'unlimited'), ('Max msgqueue size', '819200', '819200'),
          ('Max nice priority', '0', '0'), ('Max realtime priority', '0', '0'),
          ('Max realtime timeout', 'unlimited', 'unlimited'))
NO_CAPABILITIES = '0' * 16

needs_users = unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')


@needs_users
class Identity(running.TestCase):
    """Each line of what a command is promised to be and not to be."""

    def setUp(self):
        super().setUp()
        definition = netns1.NETNSD.definition
        netns1.NETNSD.define(['/usr/bin/python3', '-c', ODD_SERVICE, *definition['command']], definition['bus_name'],
                             definition['environment'])
        self.addCleanup(netns1.NETNSD.define, *definition.values())
        netns1.NETNSD.restart()

    def status(self, **options):
        return status_of(self.output_of('cat', '/proc/self/status', **options))

    def test_uid(self):
        self.assertEqual(self.status()['Uid'], '1000\t1000\t1000\t1000')
        self.assertEqual(self.status(uid=netns1.BOB)['Uid'], '1001\t1001\t1001\t1001')

    def test_groups(self):
        """All that the caller has, and none that it has given up."""
        status = self.status(groups=[2001, 2002, 65000])
        self.assertEqual(status['Gid'], '1000\t1000\t1000\t1000')
        self.assertEqual(set(status['Groups'].split()), {'1000', '2001', '2002', '65000'})
        with open('/etc/group', 'r+') as file:
            text = file.read()
            self.addCleanup(self.write_group, text)
        self.write_group(text + 'club:x:2003:alice\n')
        self.assertIn('club', run('id', '-nG', 'alice').stdout.split())
        self.assertEqual(set(self.status()['Groups'].split()), {'1000'})
        self.assertEqual(self.status(gid=2001)['Gid'], '2001\t2001\t2001\t2001')

    @staticmethod
    def write_group(text):
        with open('/etc/group', 'w') as file:
            file.write(text)

    def test_no_capabilities(self):
        status = self.status()
        for kind in ('Inh', 'Prm', 'Eff', 'Bnd', 'Amb'):
            self.assertEqual(status[f'Cap{kind}'], NO_CAPABILITIES, kind)

    def test_no_new_privileges(self):
        """Neither a set-user-ID program nor one with capabilities gives any."""
        self.assertEqual(self.status()['NoNewPrivs'], '1')
        with tempfile.TemporaryDirectory(dir='/run') as folder:
            os.chmod(folder, 0o755)
            run('cp', '/usr/bin/cat', '/usr/bin/id', folder)
            os.chmod(f'{folder}/id', 0o6755)
            run('setcap', 'cap_net_admin=ep', f'{folder}/cat')
            self.assertEqual(run(f'{folder}/id', '-u', uid=netns1.ALICE).stdout, '0\n')  # it would elsewhere
            self.assertEqual(self.output_of(f'{folder}/id', '-u').strip(), '1000')
            status = status_of(self.output_of(f'{folder}/cat', '/proc/self/status'))
            self.assertEqual(status['CapPrm'], NO_CAPABILITIES)

    def test_root(self):
        """Root stays root, with what root has, and also gets nothing new."""
        status = self.status(uid=0)
        self.assertEqual(status['Uid'], '0\t0\t0\t0')
        self.assertEqual(status['NoNewPrivs'], '1')
        with open('/proc/self/status') as file:
            self.assertEqual(status['CapEff'], status_of(file.read())['CapEff'])
        self.output_of('ip', 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1', uid=0)
        self.assertIsNotNone(netns1.link('v0', namespace='isolated'))

    def test_descriptors(self):
        """Those that were passed, as 0, 1 and on, and no other."""
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        extra = [os.open('/dev/zero', os.O_RDONLY), os.open('/dev/full', os.O_WRONLY)]
        null = os.open('/dev/null', os.O_RDONLY)
        started = self.start('ls', '-l', '/proc/self/fd', fds=[null, write, write, *extra])
        for fd in (null, write, *extra):
            os.close(fd)
        self.assertEqual(started.exited(), (0, 0))
        with os.fdopen(os.dup(read)) as file:
            listed = dict(line.split()[-3::2] for line in file.read().splitlines()[1:])
        self.assertTrue(listed.pop('5').startswith('/proc/'))  # what ls reads
        pipe = listed['1']
        self.assertTrue(pipe.startswith('pipe:'))
        self.assertEqual(listed, {'0': '/dev/null', '1': pipe, '2': pipe, '3': '/dev/zero', '4': '/dev/full'})

    def test_no_descriptors(self):
        """Programs that open files in place of standard streams write into them."""
        with tempfile.TemporaryDirectory(dir='/run') as folder:
            os.chmod(folder, 0o777)
            started = self.start('sh', '-c', 'a=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2); '
                                             f'echo $a >{folder}/out', fds=[])
            self.assertEqual(started.exited(), (0, 0))
            with open(f'{folder}/out') as file:
                self.assertEqual(file.read().split(), ['/dev/null'] * 3)

    def test_signals(self):
        """Nothing blocked, ignored or caught."""
        status = self.status()
        for kind in ('SigBlk', 'SigIgn', 'SigCgt', 'SigPnd', 'ShdPnd'):
            self.assertEqual(status[kind], NO_CAPABILITIES, kind)

    def test_umask(self):
        self.assertEqual(self.status()['Umask'], '0022')

    def test_limits(self):
        text = self.output_of('cat', '/proc/self/limits')
        limits = {line[:26].strip(): line[26:].split() for line in text.splitlines()}
        for name, soft, hard in LIMITS:
            with self.subTest(name):
                self.assertEqual(limits[name][0], soft)
                self.assertEqual(limits[name][1], hard or limits[name][1])
        self.assertLessEqual(int(limits['Max open files'][1]), 524288)
        self.assertEqual(self.output_of('cat', '/proc/self/oom_score_adj').strip(), '0')

    def test_environment(self):
        text = self.output_of('env', environment=['A=b', 'EMPTY=', 'HOME=/nowhere', 'LD_LIBRARY_PATH=/nowhere'])
        self.assertEqual(dict(line.split('=', 1) for line in text.splitlines()), {
            'A': 'b', 'EMPTY': '', 'HOME': '/nowhere', 'USER': 'alice', 'LOGNAME': 'alice', 'SHELL': '/bin/sh',
            'LD_LIBRARY_PATH': '/nowhere', 'PATH': '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'})

    def test_variables_do_not_reach_the_helper(self):
        """What runs as root before the command knows nothing of its variables."""
        started = self.start('sleep', '1000', environment=['LD_PRELOAD=/nonexistent.so'])
        pid = self.pid_of(started)
        with open(f'/proc/{pid}/stat') as file:
            helper = int(file.read().rpartition(')')[2].split()[1])
        with open(f'/proc/{helper}/environ') as file, open(f'/proc/{helper}/comm') as name:
            self.assertEqual((file.read(), name.read()), ('', 'netnsd-run\n'))
        with open(f'/proc/{helper}/cmdline') as file:
            self.assertEqual(file.read().count('\0'), 1)
        with open(f'/proc/{pid}/environ') as file:
            self.assertIn('LD_PRELOAD=', file.read())

    def test_helper_is_nobodys(self):
        """It holds nothing of the command's or the namespace's, and its user cannot look into it or trace it."""
        read, write = os.pipe()
        started = self.start('sleep', '1000', fds=[write])
        os.close(write)
        pid = self.pid_of(started)
        with open(f'/proc/{pid}/stat') as file:
            helper = int(file.read().rpartition(')')[2].split()[1])
        targets = [os.readlink(f'/proc/{helper}/fd/{fd}') for fd in os.listdir(f'/proc/{helper}/fd')]
        self.assertEqual([target for target in targets if 'pipe:' in target or 'net:' in target], [])
        with open(f'/proc/{helper}/status') as file:
            status = status_of(file.read())
        self.assertEqual((status['CapEff'], status['NoNewPrivs']), (f'{0:016x}', '1'))
        self.assertNotEqual(run('ls', f'/proc/{helper}/fd', uid=netns1.ALICE, check=False).returncode, 0)
        self.assertNotEqual(run('kill', str(helper), uid=netns1.ALICE, check=False).returncode, 0)
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(os.read(read, 1), b'')  # the last writer is gone
        os.close(read)

    def test_session(self):
        """Its own, and no keys of the service."""
        fields = self.output_of('cat', '/proc/self/stat').rpartition(')')[2].split()
        pid = fields[3]
        started = self.output_of('sh', '-c', 'cat /proc/$$/stat').split()
        self.assertEqual(started[0], started[5])
        self.assertNotEqual(started[5], pid)
        self.assertEqual(started[6], '0')  # no terminal

    def test_directory(self):
        self.assertEqual(self.output_of('pwd').strip(), '/')
        self.assertEqual(self.output_of('pwd', directory='/usr/share').strip(), '/usr/share')

    def test_program_that_ran_is_the_users(self):
        """It can be traced and dumped by its user like any other."""
        started = self.start('sleep', '1000')
        pid = self.pid_of(started)
        self.assertEqual(os.stat(f'/proc/{pid}/mem').st_uid, netns1.ALICE)


@needs_users
class Place(running.TestCase):
    """Where a command runs."""

    def test_namespace(self):
        inode = os.stat('/run/netns/isolated').st_ino
        self.assertEqual(self.output_of('readlink', '/proc/self/ns/net').strip(), f'net:[{inode}]')
        self.assertEqual(self.output_of('ls', '/sys/class/net').split(), ['lo'])

    def test_ping(self):
        self.output_of('ping', '-n', '-q', '-c1', '-W5', '127.0.0.1')

    def test_host(self):
        own = os.readlink('/proc/self/ns/net')
        self.assertEqual(self.output_of('readlink', '/proc/self/ns/net', path=netns1.HOST).strip(), own)

    def test_mount_namespace(self):
        """Private: the machine sees nothing of it, and it sees what the machine unmounts."""
        with open('/proc/self/mountinfo') as file:
            before = file.read()
        started = self.start('sleep', '1000')
        pid = self.pid_of(started)
        self.assertNotEqual(os.readlink(f'/proc/{pid}/ns/mnt'), os.readlink('/proc/self/ns/mnt'))
        with open('/proc/self/mountinfo') as file:
            self.assertEqual(file.read(), before)
        self.assertEqual(self.output_of('cat', '/sys/fs/cgroup/cgroup.controllers', directory='/')
                         if os.path.exists('/sys/fs/cgroup/cgroup.controllers') else '', run(
            'sh', '-c', 'cat /sys/fs/cgroup/cgroup.controllers 2>/dev/null || true').stdout)
        self.root.create_namespace('other')
        run('ip', 'netns', 'delete', 'other')
        with open(f'/proc/{pid}/mountinfo') as file:
            self.assertNotIn('/run/netns/other', file.read())

    def test_other_namespaces_can_be_deleted(self):
        """The command's own view of them holds none."""
        other = self.alice.create_namespace('other')
        inode = os.stat('/run/netns/other').st_ino
        started = self.start('sleep', '1000')
        pid = self.pid_of(started)
        with open(f'/proc/{pid}/mountinfo') as file:
            self.assertIn('/run/netns/other', file.read())
        self.alice.call(other, 'Namespace', 'Delete', '(a{sv})', {})
        wait_for(lambda: inode not in references.lsns())
        self.alice.create_namespace('other')

    def test_busy(self):
        started = self.start('sleep', '1000')
        pid = self.pid_of(started)
        with self.assertBusError('Busy') as context:
            self.alice.call(self.path, 'Namespace', 'Delete', '(a{sv})', {})
        self.assertIn(f'sleep ({pid})', context.exception.message)
        self.assertNotIn('netnsd-run', context.exception.message)
        self.alice.call(self.path, 'Namespace', 'Delete', '(a{sv})', {'kill': True})
        self.assertEqual(started.exited()[0], -1)

    def test_namespace_ends_with_its_last_command(self):
        """No mount, socket or helper keeps it."""
        started = self.start('sleep', '1000')
        inode = os.stat('/run/netns/isolated').st_ino
        other = self.start('sleep', '1000', path=self.alice.create_namespace('second'))
        self.pid_of(started), self.pid_of(other)
        run('ip', 'netns', 'delete', 'isolated')
        self.assertIn(inode, references.lsns())
        wait_for(lambda: self.root.get(started.process, 'Process', 'Namespace') == '/')
        os.kill(self.pid_of(started), signal.SIGKILL)
        self.assertEqual(started.exited(), (-1, 9))
        wait_for(lambda: inode not in references.lsns())
        self.assertFalse(any(link.get('link_netnsid') for link in netns1.ip('link')))


@needs_users
class Terminal(running.TestCase):
    def open_pty(self):
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        os.chown(os.ttyname(slave), netns1.ALICE, -1)
        return master, slave

    def read_until(self, master, text):
        received = b''

        def has_it():
            nonlocal received
            os.set_blocking(master, False)
            with contextlib.suppress(BlockingIOError, OSError):
                received += os.read(master, 65536)
            return text in received
        wait_for(has_it, what=text)
        return received

    def test_controlling_terminal(self):
        """Ctrl-C at descriptor 0 is a signal."""
        master, slave = self.open_pty()
        started = self.start('sh', '-c', 'echo up >/dev/tty; exec sleep 1000', fds=[slave, slave, slave])
        self.read_until(master, b'up')
        os.write(master, b'\x03')
        self.assertEqual(started.exited(), (-1, signal.SIGINT))

    def test_terminal_of_another_session(self):
        """It is not taken away, and nothing can be typed on it (TIOCSTI)."""
        master, slave = self.open_pty()
        owner = subprocess.Popen(
            ['setsid', '--ctty', 'sh', '-c', 'stty -echo; echo ready; read line; echo "got $line"; exec sleep 1000'],
            stdin=slave, stdout=slave, stderr=slave)
        self.addCleanup(owner.wait)
        self.addCleanup(owner.kill)
        self.read_until(master, b'ready')
        program = ('import fcntl, termios\n'
                   'for text in b"evil\\n": fcntl.ioctl(0, termios.TIOCSTI, bytes([text]))\n')
        for command in (['/usr/bin/python3', '-c', program], ['sh', '-c', 'exec 3</dev/tty'],
                        ['/usr/bin/python3', '-c', 'import fcntl, termios\nfcntl.ioctl(0, termios.TIOCSCTTY, 1)']):
            with self.subTest(command):
                self.assertNotEqual(self.start(*command, fds=[slave]).exited(), (0, 0))
        os.write(master, b'typed\n')
        self.assertIn(b'got typed', self.read_until(master, b'got '))
        with open(f'/proc/{owner.pid}/stat') as file:
            self.assertNotEqual(file.read().rpartition(')')[2].split()[4], '0')  # its terminal is still its own


@needs_users
class BadInput(running.TestCase):
    def assert_refused(self, error, *words, command=('true',), **options):
        started = self.start(*command, **options)
        with self.assertBusError(error) as context:
            self.assertEqual(started.process, '')
        for word in words:
            self.assertIn(word, context.exception.message)
        started.close()

    def test_command(self):
        self.assert_refused('InvalidArgument', 'command', command=())
        self.assert_refused('InvalidArgument', 'command', command=('',))
        self.assert_refused('CommandNotFound', 'no-such-command', command=('no-such-command',))
        self.assert_refused('CommandNotFound', '/no/such/command', command=('/no/such/command',))
        self.assert_refused('CommandNotFound', 'cat', command=('cat',), environment=['PATH=/nowhere'])
        self.assert_refused('CommandNotExecutable', '/etc/passwd', 'Permission denied', command=('/etc/passwd',))
        self.assert_refused('CommandNotExecutable', '/tmp', command=('/tmp',))
        with tempfile.TemporaryDirectory(dir='/run') as folder:  # which alice cannot look into
            self.assert_refused('CommandNotFound', command=('no-such',), environment=[f'PATH={folder}:/usr/bin'])
            self.output_of('true', environment=[f'PATH={folder}:/usr/bin'])
            os.chmod(folder, 0o755)
            with open(f'{folder}/text', 'w') as file:
                file.write('echo script')
            self.assert_refused('CommandNotExecutable', command=('text',), environment=[f'PATH={folder}:/usr/bin'])
            os.chmod(f'{folder}/text', 0o755)
            self.assertEqual(self.output_of('text', environment=[f'PATH={folder}:/usr/bin']), 'script\n')

    def test_command_of_others(self):
        """What root can execute and the caller cannot."""
        with tempfile.TemporaryDirectory(dir='/run') as folder:
            run('cp', '/usr/bin/true', folder)
            self.assertTrue(os.stat(f'{folder}/true').st_mode & stat.S_IXOTH)
            self.assert_refused('CommandNotExecutable', 'Permission denied', command=(f'{folder}/true',))
            self.assert_refused('InvalidArgument', folder, 'Permission denied', directory=folder)
            self.output_of(f'{folder}/true', uid=0, directory=folder)

    def test_directory(self):
        self.assert_refused('InvalidArgument', '/no/such/directory', 'No such file', directory='/no/such/directory')
        self.assert_refused('InvalidArgument', '/etc/passwd', 'Not a directory', directory='/etc/passwd')
        self.assert_refused('InvalidArgument', 'etc', 'slash', directory='etc')
        self.assert_refused('InvalidArgument', '4095', directory='/' * 5000)

    def test_environment(self):
        for entry in ('NAME', '', '=value', '='):
            self.assert_refused('InvalidArgument', f'“{entry}”', environment=['A=b', entry])

    def test_sizes(self):
        self.assert_refused('InvalidArgument', '131071', command=('true', 'x' * 131072))
        self.assert_refused('InvalidArgument', '131071', environment=['A=' + 'x' * 131072])
        self.assert_refused('InvalidArgument', '1048576', command=['true'] + ['x' * 131000] * 9)
        self.assert_refused('InvalidArgument', '8192 words', command=['true'] + [''] * 100000)
        self.assert_refused('InvalidArgument', '8192 variables', environment=['A=b'] * 8193)
        self.output_of('true', *['x' * 130000] * 8)
        self.output_of('true', *['x'] * 8191, environment=['A=b'] * 8192)

    def test_descriptors(self):
        null = os.open('/dev/null', os.O_RDONLY)
        self.addCleanup(os.close, null)
        self.assert_refused('InvalidArgument', '64', '300', fds=[null], handles=[0] * 300)
        for handles in ([1], [-1], [0, 2 ** 31 - 1], [-2 ** 31]):
            self.assert_refused('InvalidArgument', 'descriptor', fds=[null], handles=handles)
        self.assertEqual(self.start('true', fds=[null], handles=[0] * DESCRIPTORS_MAX).exited(), (0, 0))

    def test_namespace(self):
        started = self.start('true', path=f'{ROOT}/namespace/nope')
        with self.assertRaises(netns1.BusError):
            self.assertEqual(started.process, '')
        self.assert_refused('InvalidArgument', 'option', options="{'user': <'root'>}")
        self.assert_refused('InvalidArgument', 'detach', options="{'detach': <'yes'>}")

    def test_no_helper(self):
        definition = netns1.NETNSD.definition
        netns1.NETNSD.define([*definition['command'], '--helper=/nowhere/netnsd-run'], definition['bus_name'],
                             definition['environment'])
        self.addCleanup(netns1.NETNSD.define, *definition.values())
        netns1.NETNSD.restart()
        self.assert_refused('KernelRefused', '/nowhere/netnsd-run')
        netns1.NETNSD.define([*definition['command'], '--helper=/usr/bin/true'], definition['bus_name'],
                             definition['environment'])
        netns1.NETNSD.restart()
        self.assert_refused('KernelRefused', 'netnsd-run exited before')

    def test_nothing_of_it_is_left(self):
        self.assert_refused('CommandNotFound', command=('no-such-command',))
        wait_for(lambda: not running.processes_named('netnsd-run'))
        self.assertEqual([path for path in self.root.managed_objects() if '/process/' in path], [])
        self.assertEqual(os.listdir('/run/netnsd/process'), [])


if __name__ == '__main__':
    netns1.main()
