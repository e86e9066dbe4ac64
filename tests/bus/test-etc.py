#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a command finds in /etc: the files of /etc/netns/NAME and SetDns whatever the host has there and does to it
# meanwhile, all others as the host has them, and nobody of the host who answers in place of the name servers.
import os
import re
import shutil
import socket
import subprocess
import unittest

import netns1
import running
from netns1 import run, wait_for
from running import status_of

OURS, OTHERS = 'nameserver 192.0.2.53\n', 'nameserver 198.51.100.7\n'
RESOLV_CONF = '/etc/resolv.conf'
RIGHTS_TO_MOUNT = 1 << 18 | 1 << 21  # CAP_SYS_CHROOT, CAP_SYS_ADMIN
DIRECTORIES = ('/run/nscd', '/run/systemd/resolve', '/run/avahi-daemon')

# Takes all that a user can have to hear of changes of files.
USE_UP = '''
import ctypes, sys
while ctypes.CDLL(None).inotify_init1(0) >= 0:
    pass
print('all', flush=True)
sys.stdin.read()
'''

needs_users = unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as file:
        file.write(text)


def replace(path, text):
    """As programs do that want nobody to see half a file."""
    write(path + '.new', text)
    os.rename(path + '.new', path)


def replace_by_link(path, target):
    os.symlink(target, path + '.new')
    os.rename(path + '.new', path)


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def names_in_etc():
    return sorted(name for name in os.listdir('/etc') if name != 'netns')


class Shell(running.Run):
    """A command that lives on and does what it is told."""

    def __init__(self, uid, path):
        end, self.typed = os.pipe()
        write_end = os.pipe()
        self.answers = os.fdopen(write_end[0])
        super().__init__(uid, path, 'sh', fds=[end, write_end[1], os.dup(write_end[1])])
        for fd in (end, write_end[1]):
            os.close(fd)

    def do(self, script):
        """Returns: what it prints."""
        os.write(self.typed, f'{script}\necho END\n'.encode())
        lines = []
        while (line := self.answers.readline()) not in ('END\n', ''):
            lines.append(line)
        return ''.join(lines)

    def close(self):
        if self.typed is not None:
            os.close(self.typed)
            self.typed = None
            super().close()
            self.answers.close()


@needs_users
class EtcTestCase(running.TestCase):
    def setUp(self):
        super().setUp()
        for path in (RESOLV_CONF, '/etc/hosts', '/etc/nsswitch.conf'):
            self.keep(path)
        self.addCleanup(run, 'rm', '-rf', '/etc/netns', '/run/elsewhere')
        os.makedirs('/etc/netns/isolated', exist_ok=True)

    def keep(self, path):
        """Puts it back at the end."""
        with open(path) as file:
            text = file.read()
        self.addCleanup(write, path, text)
        self.addCleanup(remove, path)

    def write(self, path, text):
        write(path, text)

    def set_dns(self, *servers):
        self.root.call(self.path, 'Namespace', 'SetDns', '(asas)', servers, [])

    def shell(self, uid=netns1.ALICE):
        shell = Shell(uid, self.path)
        self.addCleanup(shell.close)
        self.assertTrue(shell.process)
        return shell

    def wait_until(self, shell, script, answer):
        wait_for(lambda: shell.do(script) == answer, what=f'{answer!r} of {script}, not {shell.do(script)!r}')


# What the host can have in place of a resolv.conf.
PLACES = {
    'a file': lambda: write(RESOLV_CONF, OTHERS),
    'nothing': lambda: None,
    'a link to a file': lambda: (write('/run/elsewhere/resolv.conf', OTHERS),
                                 os.symlink('../run/elsewhere/resolv.conf', RESOLV_CONF)),
    'a link to nowhere': lambda: os.symlink('../run/nowhere/stub-resolv.conf', RESOLV_CONF),
    'a link to nowhere at all': lambda: os.symlink('/nowhere/at/all', RESOLV_CONF),
    'a link to itself': lambda: os.symlink('resolv.conf', RESOLV_CONF),
    'a directory': lambda: os.mkdir(RESOLV_CONF),
}
# What can happen to it while a command runs.
EVENTS = {
    'replaced': lambda: replace(RESOLV_CONF, OTHERS),
    'replaced by a link': lambda: (write('/run/elsewhere/resolv.conf', OTHERS),
                                   replace_by_link(RESOLV_CONF, '/run/elsewhere/resolv.conf')),
    'removed': lambda: os.unlink(RESOLV_CONF),
    'made anew': lambda: (os.unlink(RESOLV_CONF), write(RESOLV_CONF, OTHERS)),
    'moved away': lambda: (os.rename(RESOLV_CONF, RESOLV_CONF + '.old'), os.unlink(RESOLV_CONF + '.old')),
}


class NameServers(EtcTestCase):
    """Those of the namespace, whatever the host has."""

    def test_whatever_is_there(self):
        write('/etc/netns/isolated/resolv.conf', OURS)
        for name, make in PLACES.items():
            with self.subTest(name):
                remove(RESOLV_CONF)
                make()
                before = names_in_etc()
                self.assertEqual(self.output_of('cat', RESOLV_CONF), OURS)
                self.assertEqual(names_in_etc(), before)

    def test_replaced_meanwhile(self):
        """Also a link's target, which was not replaced in /etc."""
        self.set_dns('192.0.2.53')
        for name, happen in EVENTS.items():
            with self.subTest(name):
                remove(RESOLV_CONF)
                write(RESOLV_CONF, 'nameserver 198.51.100.1\n')
                shell = self.shell()
                self.assertIn(OURS, shell.do(f'cat {RESOLV_CONF}'))
                happen()
                replace('/etc/hosts', f'198.51.100.1 {"x".join(name.split())}\n')
                # What comes later has come, so what came before has.
                self.wait_until(shell, 'cat /etc/hosts', f'198.51.100.1 {"x".join(name.split())}\n')
                self.assertIn(OURS, shell.do(f'cat {RESOLV_CONF}'))
                shell.close()

    def test_target_replaced_meanwhile(self):
        self.set_dns('192.0.2.53')
        for target in ('/run/elsewhere/resolv.conf', '/etc/elsewhere/resolv.conf'):
            with self.subTest(target):
                self.addCleanup(shutil.rmtree, os.path.dirname(target), True)
                write(target, 'nameserver 198.51.100.1\n')
                remove(RESOLV_CONF)
                os.symlink(target, RESOLV_CONF)
                shell = self.shell()
                replace(target, OTHERS)
                self.assertIn(OURS, shell.do(f'cat {RESOLV_CONF}'))
                self.assertEqual(shell.do(f'cat {target}'), OTHERS)
                shell.close()

    def test_changed_meanwhile(self):
        """By SetDns: for who asks already as well. That there are none left is not for it: it would ask the host's."""
        self.set_dns('192.0.2.53')
        shell = self.shell()
        for server in ('192.0.2.54', '2001:db8::53'):
            self.set_dns(server)
            self.wait_until(shell, f'grep nameserver {RESOLV_CONF}', f'nameserver {server}\n')
        self.set_dns()
        replace('/etc/hosts', '198.51.100.1 later\n')
        self.wait_until(shell, 'cat /etc/hosts', '198.51.100.1 later\n')
        self.assertEqual(shell.do(f'grep nameserver {RESOLV_CONF}'), 'nameserver 2001:db8::53\n')
        self.assertNotIn('nameserver 2001:db8::53', self.output_of('cat', RESOLV_CONF))

    def test_changed_by_the_administrator(self):
        """Only the service's own files are followed: for others a command needs rights that it may no longer have."""
        write('/etc/netns/isolated/resolv.conf', OURS)
        shell = self.shell()
        replace('/etc/netns/isolated/resolv.conf', OTHERS)
        replace('/etc/hosts', '198.51.100.1 later\n')
        self.wait_until(shell, 'cat /etc/hosts', '198.51.100.1 later\n')
        self.assertEqual(shell.do(f'cat {RESOLV_CONF}'), OURS)


class Others(EtcTestCase):
    """All other files are the host's, and stay so."""

    def setUp(self):
        super().setUp()
        self.set_dns('192.0.2.53')
        for name in ('/etc/one', '/etc/two', '/etc/three'):
            remove(name)
            self.addCleanup(remove, name)

    def test_nothing_to_put_it_over(self):
        for name, make, command, answer in (
                ('a file', lambda: write('/etc/netns/isolated/one', 'own\n'), 'cat /etc/one', 'own\n'),
                ('a directory', lambda: write('/etc/netns/isolated/two/file', 'own\n'), 'cat /etc/two/file', 'own\n'),
                ('a directory over a file', lambda: (write('/etc/three', ''), write('/etc/netns/isolated/three/x', 'own\n')),
                 'cat /etc/three/x', 'own\n'),
                ('a file over a directory', lambda: (os.makedirs('/etc/one'), None), 'cat /etc/one', 'own\n')):
            with self.subTest(name):
                make()
                before = names_in_etc()
                self.assertEqual(self.output_of('sh', '-c', command), answer)
                self.assertEqual(names_in_etc(), before)

    def test_same_as_on_the_host(self):
        """Every name, with type, owner, mode and target."""
        script = 'cd /etc; stat -c "%n %F %u %g %a %i" -- .[!.]* *; find . -maxdepth 1 -type l -printf "%p %l\\n" | sort'
        write('/etc/one', 'text')
        os.chmod('/etc/one', 0o640)
        os.symlink('../nowhere', '/etc/two')
        os.mkfifo('/etc/three')
        own = ('resolv.conf', 'nsswitch.conf', '.')

        def listed(text):
            """The inode of a link differs, it is another one with the same target."""
            lines = [line.split(' ') for line in text.splitlines() if line.split(' ')[0] not in own]
            return [line[:-1] if 'symbolic' in line else line for line in lines]
        outside = listed(run('sh', '-c', script).stdout)
        self.assertGreater(len(outside), 50)
        self.assertEqual(listed(self.output_of('sh', '-c', script)), outside)

    def test_follow(self):
        """What happens on the host, whatever was there before."""
        shell = self.shell()
        look = ('for name in one two; do p=/etc/$name; '
                'test -L $p && readlink $p || { test -d $p && ls $p || cat $p; }; done 2>&1')

        def outside():
            return run('sh', '-c', look, check=False).stdout
        for name, change in (
                ('made', lambda: write('/etc/one', '1\n')), ('replaced', lambda: replace('/etc/one', '2\n')),
                ('written', lambda: write('/etc/one', '3\n')), ('a link', lambda: replace_by_link('/etc/one', 'hosts')),
                ('another link', lambda: replace_by_link('/etc/one', '../nowhere')),
                ('a file again', lambda: replace('/etc/one', '4\n')), ('moved', lambda: os.rename('/etc/one', '/etc/two')),
                ('removed', lambda: os.unlink('/etc/two')), ('a directory', lambda: os.mkdir('/etc/one')),
                ('a file in it', lambda: write('/etc/one/file', '')),
                ('moved with it', lambda: os.rename('/etc/one', '/etc/two')),
                ('a file instead', lambda: (shutil.rmtree('/etc/two'), write('/etc/two', '5\n'))),
                ('a directory instead', lambda: (os.unlink('/etc/two'), write('/etc/two/file', ''))),
                ('all gone', lambda: shutil.rmtree('/etc/two'))):
            with self.subTest(name):
                change()
                self.wait_until(shell, look, outside())
        self.wait_until(shell, 'ls -A /etc | grep -c "netnsd~"', '0\n')

    def test_never_without(self):
        """A file that is replaced again and again is there all the time, and whole."""
        text = 'root:x:0:\n' * 100
        replace('/etc/one', text)
        shell = self.shell()
        os.write(shell.typed, b'for i in $(seq 3000); do wc -c </etc/one; done | sort -u; echo END\n')
        for _ in range(3000):
            replace('/etc/one', text)
        self.assertEqual(shell.answers.readline(), f'{len(text)}\n')
        self.assertEqual(shell.answers.readline(), 'END\n')

    def test_what_root_makes(self):
        """Would be lost, so it is refused. What is there is the host's, and can be written."""
        write('/etc/one', 'before\n')
        os.mkdir('/etc/two')
        result = self.start('sh', '-c', 'echo x >/etc/three; mv /etc/one /etc/four; '
                            'echo after >/etc/one; echo x >/etc/two/x', uid=0)
        self.assertEqual(result.finish(), (0, 0))
        self.assertIn('Read-only', result.output)
        self.assertFalse(os.path.exists('/etc/three') or os.path.exists('/etc/four'))
        with open('/etc/one') as file:
            self.assertEqual(file.read(), 'after\n')
        self.assertEqual(os.listdir('/etc/two'), ['x'])

    def test_without_files(self):
        """A namespace that has none has the host's /etc itself."""
        self.set_dns()
        self.assertEqual(self.output_of('grep', '-c', ' /etc ', '/proc/self/mountinfo'),
                         run('grep', '-c', ' /etc ', '/proc/self/mountinfo').stdout)


class Resolvers(EtcTestCase):
    """Those of the host, which would ask the host's name servers."""

    def setUp(self):
        super().setUp()
        os.makedirs('/run/systemd', exist_ok=True)
        for path in DIRECTORIES:
            self.addCleanup(remove, path)
            remove(path)

    def make(self, path):
        """Nobody listens there: all programs of the test would wait for an answer."""
        os.makedirs(path)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path + '/socket')

    def test_hidden(self):
        self.set_dns('192.0.2.53')
        for path in DIRECTORIES:
            self.make(path)
        for path in DIRECTORIES:
            with self.subTest(path):
                self.assertEqual(self.output_of('ls', '-A', path), '')
        self.assertEqual(self.output_of('ls', '-A', '/var/run/nscd'), '')

    def test_that_come_later(self):
        self.set_dns('192.0.2.53')
        shell = self.shell()
        for path in DIRECTORIES * 2:
            with self.subTest(path):
                remove(path)
                os.makedirs(path)
                self.wait_until(shell, f'grep -c " {path} .*netnsd" /proc/self/mountinfo', '1\n')
                write(path + '/socket', '')
                self.assertEqual(shell.do(f'ls -A {path}'), '')

    def test_not_without_name_servers(self):
        """Of its own: then the host's are its."""
        write('/etc/netns/isolated/hosts', '192.0.2.7 seven\n')
        for path in DIRECTORIES:
            self.make(path)
            self.assertEqual(self.output_of('ls', '-A', path), 'socket\n')

    def test_name_servers_that_come_later(self):
        write('/etc/netns/isolated/hosts', '192.0.2.7 seven\n')
        self.make('/run/nscd')
        shell = self.shell()
        self.assertEqual(shell.do('ls -A /run/nscd'), 'socket\n')
        self.set_dns('192.0.2.53')
        self.wait_until(shell, 'ls -A /run/nscd', '')
        self.assertIn(OURS, shell.do(f'cat {RESOLV_CONF}'))

    def test_of_the_host(self):
        """Nothing of it is seen outside."""
        self.set_dns('192.0.2.53')
        self.make('/run/nscd')
        shell = self.shell()
        self.assertEqual(shell.do('ls -A /run/nscd'), '')
        self.assertEqual(os.listdir('/run/nscd'), ['socket'])


class Helper(EtcTestCase):
    """Which keeps it up to date."""

    def rights_of(self, uid):
        shell = self.shell(uid)
        with open(f'/proc/{self.pid_of(shell)}/status') as file:
            helper = status_of(file.read())['PPid']
        with open(f'/proc/{helper}/status') as file:
            status = status_of(file.read())
        return shell, int(status['CapPrm'], 16), int(status['CapEff'], 16), status

    def test_rights(self):
        """It can mount where there is something to mount, and then as root only, for a moment."""
        self.set_dns('192.0.2.53')
        for _ in range(2):
            shell, permitted, effective, status = self.rights_of(netns1.ALICE)
            self.assertEqual((permitted, effective), (RIGHTS_TO_MOUNT, 0))
            self.assertEqual(status['Uid'].split()[1], str(netns1.ALICE))
            for number in ('KILL', 'STOP'):
                self.assertNotEqual(run('kill', f'-{number}', status['Pid'], uid=netns1.ALICE, check=False).returncode, 0)
            replace('/etc/hosts', f'192.0.2.8 {status["Pid"]}\n')
            self.wait_until(shell, 'cat /etc/hosts', f'192.0.2.8 {status["Pid"]}\n')
            with open(f'/proc/{status["Pid"]}/status') as file:
                wait_for(lambda file=file: file.seek(0) == 0 and int(status_of(file.read())['CapEff'], 16) == 0)
        self.set_dns()
        self.assertEqual(self.rights_of(netns1.ALICE)[1:3], (0, 0))

    def test_many(self):
        """What tells of changes is counted among the user's, not root's, of which there are too few for all users. One who
        has used them up can run commands, and these have the right name servers."""
        self.set_dns('192.0.2.53')
        first = self.shell(netns1.CAROL)
        user = subprocess.Popen(['setpriv', f'--reuid={netns1.CAROL}', '--clear-groups', '/usr/bin/python3', '-c', USE_UP],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(user.communicate)
        self.assertEqual(user.stdout.readline(), b'all\n')
        second = self.shell(netns1.CAROL)
        replace('/etc/hosts', '192.0.2.8 eight\n')
        self.wait_until(first, 'cat /etc/hosts', '192.0.2.8 eight\n')
        self.assertNotEqual(second.do('cat /etc/hosts'), '192.0.2.8 eight\n')
        self.assertIn(OURS, second.do(f'cat {RESOLV_CONF}'))

    def test_ends(self):
        self.set_dns('192.0.2.53')
        self.shell().close()
        wait_for(lambda: not running.processes_named('netnsd-run'))


class Rules(EtcTestCase):
    """Which files of /etc/netns/NAME a command gets, and which ones are none of its user's business."""

    def assert_refused(self, *words):
        started = self.start('cat', '/etc/resolv.conf')
        with self.assertBusError('KernelRefused') as context:
            self.assertEqual(started.process, '')
        for word in words:
            self.assertIn(word, context.exception.message)

    def test_files(self):
        self.write('/etc/netns/isolated/resolv.conf', 'nameserver 192.0.2.1\n')
        self.write('/etc/netns/isolated/hosts', '192.0.2.7 seven\n')
        self.assertEqual(self.output_of('cat', '/etc/resolv.conf', '/etc/hosts'),
                         'nameserver 192.0.2.1\n192.0.2.7 seven\n')
        self.assertIn('192.0.2.7', self.output_of('getent', 'hosts', 'seven'))
        with open('/etc/resolv.conf') as file:
            self.assertNotIn('192.0.2.1', file.read())

    def test_name_servers(self):
        self.alice.call(self.path, 'Namespace', 'SetDns', '(asas)', ['192.0.2.53'], ['example.org'])
        self.assertIn('nameserver 192.0.2.53\n', self.output_of('cat', '/etc/resolv.conf'))

    def test_permissions_stay(self):
        """What a user could not read before, it cannot now."""
        self.write('/etc/netns/isolated/hosts', 'secret\n')
        os.chmod('/etc/netns/isolated/hosts', 0o600)
        self.assertEqual(self.start('cat', '/etc/hosts').finish(), (1, 0))

    def make_secret(self):
        """Root's, for a namespace that root is going to have."""
        self.write('/etc/netns/isolated/hosts', 'secret\n')
        os.chmod('/etc/netns/isolated', 0o700)

    def test_folder_that_the_user_cannot_enter(self):
        """Whoever takes its name does not get to see what is in it, in whatever way it is closed."""
        self.make_secret()
        self.assert_refused('/etc/netns/isolated/hosts', str(netns1.ALICE))
        os.chmod('/etc/netns/isolated', 0o755)
        os.makedirs('/etc/netns/closed', mode=0o700)
        self.write('/etc/netns/closed/passwords', 'secret\n')
        os.unlink('/etc/netns/isolated/hosts')
        os.symlink('../closed/passwords', '/etc/netns/isolated/hosts')
        self.assert_refused('/etc/netns/isolated/hosts', str(netns1.ALICE))
        # By a group that the caller has, or gave up.
        os.chmod('/etc/netns/closed', 0o750)
        os.chown('/etc/netns/closed', 0, 77)
        self.assertEqual(self.output_of('cat', '/etc/hosts', groups=(77,)), 'secret\n')
        self.assert_refused('/etc/netns/isolated/hosts')

    def test_what_the_service_wrote_in_it(self):
        """The user's own name servers are the user's to have."""
        os.chmod('/etc/netns/isolated', 0o700)
        self.alice.call(self.path, 'Namespace', 'SetDns', '(asas)', ['192.0.2.53'], [])
        self.assertIn('nameserver 192.0.2.53\n', self.output_of('cat', '/etc/resolv.conf'))
        self.assertIn('hosts:', self.output_of('cat', '/etc/nsswitch.conf'))

    def test_name_servers_of_another_namespace(self):
        """Which had the name: the file is as good as gone."""
        self.alice.call(self.path, 'Namespace', 'SetDns', '(asas)', ['192.0.2.53'], [])
        with open('/etc/netns/isolated/resolv.conf') as file:
            text = file.read()
        self.write('/etc/netns/isolated/resolv.conf', re.sub('namespace [0-9]+ of', 'namespace 1 of', text))
        self.assertNotIn('192.0.2.53', self.output_of('cat', '/etc/resolv.conf'))

    def test_whose_namespace_it_is(self):
        """In one of root's, or of nobody's, root has said who may run commands, and which files they get."""
        self.make_secret()
        for owner in (0, netns1.NOBODY):
            with self.subTest(owner):
                self.root.call(self.path, 'Namespace', 'SetOwner', '(u)', owner)
                self.assertEqual(self.output_of('cat', '/etc/hosts'), 'secret\n')
        self.root.call(self.path, 'Namespace', 'SetOwner', '(u)', netns1.ALICE)
        self.assertEqual(self.output_of('cat', '/etc/hosts', uid=0), 'secret\n')
        self.assert_refused('/etc/netns/isolated/hosts')

    def test_link_inside(self):
        os.makedirs('/etc/netns/common')
        self.write('/etc/netns/common/resolv.conf', 'nameserver 192.0.2.9\n')
        os.symlink('../common/resolv.conf', '/etc/netns/isolated/resolv.conf')
        self.assertEqual(self.output_of('cat', '/etc/resolv.conf'), 'nameserver 192.0.2.9\n')

    def test_link_outside(self):
        for target in ('/etc/shadow', '../../shadow', '/proc/self/root/etc/shadow'):
            with self.subTest(target):
                os.symlink(target, '/etc/netns/isolated/resolv.conf')
                self.assert_refused('/etc/netns/isolated/resolv.conf')
                os.unlink('/etc/netns/isolated/resolv.conf')

    def test_folder_of_somebody_else(self):
        self.write('/etc/netns/isolated/resolv.conf', 'nameserver 192.0.2.1\n')
        os.chown('/etc/netns/isolated', netns1.ALICE, -1)
        self.assert_refused('/etc/netns/isolated', 'root')
        os.chown('/etc/netns/isolated', 0, 0)
        os.chmod('/etc/netns', 0o777)
        self.assert_refused('/etc/netns', 'root')

    def test_folder_is_a_link(self):
        os.rmdir('/etc/netns/isolated')
        os.symlink('/etc', '/etc/netns/isolated')
        self.assert_refused('/etc/netns/isolated')

    def test_fifo(self):
        os.mkfifo('/etc/netns/isolated/hosts')
        self.assert_refused('hosts')


if __name__ == '__main__':
    netns1.main()
