#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Name servers of a namespace: what `ip netns exec` shows of them, whose the files are, and where they go.
import json
import os
import stat

import netns1
import watch
from netns1 import ROOT, run

SERVERS, SEARCH = ['192.0.2.53', '2001:db8::53', 'fe80::53%eth0'], ['example.org', 'lab']
NSSWITCH = '''# Caf\xe9
passwd: files systemd
hosts: mymachines resolve [!UNAVAIL=return] files myhostname dns
networks: files
'''
FILES = ('resolv.conf', 'nsswitch.conf')
MARK = '# Written by netnsd'


def path_of(name, file=''):
    return os.path.join('/etc/netns', name, file).rstrip('/')


def read(path):
    with open(path, encoding='latin-1') as file:
        return file.read()


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='latin-1') as file:
        file.write(text)


def seen_inside(name, file):
    """What a program in the namespace finds in /etc."""
    return run('ip', 'netns', 'exec', name, 'cat', f'/etc/{file}', text=False).stdout.decode('latin-1')


def settings(text):
    return [line for line in text.splitlines() if line and not line.startswith('#')]


class Dns(netns1.TestCase):
    def setUp(self):
        super().setUp()
        before = read('/etc/nsswitch.conf') if os.path.exists('/etc/nsswitch.conf') else ''
        self.addCleanup(write, '/etc/nsswitch.conf', before)
        write('/etc/nsswitch.conf', NSSWITCH)
        self.web = self.root.create_namespace('web')

    def set_dns(self, servers=(), search=(), path=None, caller=None):
        (caller or self.root).call(path or self.web, 'Namespace', 'SetDns', '(asas)', servers, search)

    def get_dns(self, path=None):
        properties = self.root.get_all(path or self.web, 'Namespace')
        return properties['DnsServers'], properties['DnsSearch']

    def assert_dns(self, servers, search, path=None):
        self.assertEqual(self.get_dns(path), (servers, search))

    # ---- what it is for

    def test_inside(self):
        outside = {file: read(f'/etc/{file}') for file in FILES}
        self.set_dns(SERVERS, SEARCH)
        self.assertEqual(settings(seen_inside('web', 'resolv.conf')),
                         ['search example.org lab', *(f'nameserver {server}' for server in SERVERS)])
        self.assertEqual(settings(seen_inside('web', 'nsswitch.conf')),
                         ['passwd: files systemd', 'hosts: files myhostname dns', 'networks: files'])
        self.assertIn('Caf\xe9', seen_inside('web', 'nsswitch.conf'))
        self.assertEqual({file: read(f'/etc/{file}') for file in FILES}, outside)
        self.assert_dns(SERVERS, SEARCH)

    def test_files(self):
        umask = os.umask(0)
        os.umask(umask)
        self.set_dns(SERVERS)
        self.assertEqual(sorted(os.listdir(path_of('web'))), sorted(FILES))
        for file in FILES:
            self.assertTrue(read(path_of('web', file)).startswith(MARK))
            self.assertEqual(stat.S_IMODE(os.stat(path_of('web', file)).st_mode), 0o644)
        self.assertEqual(stat.S_IMODE(os.stat(path_of('web')).st_mode), 0o755)

    def test_change_and_remove(self):
        before = netns1.snapshot()
        self.set_dns(SERVERS, SEARCH)
        self.set_dns(['192.0.2.54'])
        self.assert_dns(['192.0.2.54'], [])
        self.assertEqual(settings(seen_inside('web', 'resolv.conf')), ['nameserver 192.0.2.54'])
        self.set_dns()
        self.assert_dns([], [])
        self.assertEqual(seen_inside('web', 'resolv.conf'), read('/etc/resolv.conf'))
        self.assertEqual(os.listdir('/etc/netns'), [])
        os.rmdir('/etc/netns')
        self.assertEqual(netns1.snapshot(), before)
        self.set_dns()  # nothing to do

    def test_without_nsswitch(self):
        os.unlink('/etc/nsswitch.conf')
        self.set_dns(SERVERS)
        self.assertEqual(os.listdir(path_of('web')), ['resolv.conf'])

    # ---- signals

    def test_signals(self):
        """Of what the service does before it answers; of what others do soon; each once."""
        with watch.Watcher() as watcher:
            def said():
                watcher.settle()
                return [(path, *arguments[:2]) for path, member, arguments in watcher.signals
                        if member == 'PropertiesChanged']
            watcher.call(self.web, 'Namespace', 'SetDns', '(asas)', SERVERS, SEARCH)
            self.assertEqual([(path, *arguments[:2]) for path, member, arguments in watcher.signals],
                             [(self.web, netns1.full_interface('Namespace'),
                               {'DnsServers': SERVERS, 'DnsSearch': SEARCH})])
            watcher.signals.clear()
            watcher.call(self.web, 'Namespace', 'SetDns', '(asas)', SERVERS, SEARCH)
            self.assertEqual(said(), [])
            write(path_of('web', 'new'), 'nameserver 192.0.2.99\nsearch example.org lab\n')
            os.rename(path_of('web', 'new'), path_of('web', 'resolv.conf'))
            netns1.wait_for(said)
            self.assertEqual([change[2] for change in said()], [{'DnsServers': ['192.0.2.99']}])

    def test_changes_by_hand(self):
        """Are there at the next look, however they were made."""
        self.assert_dns([], [])
        write(path_of('web', 'resolv.conf'), 'nameserver 192.0.2.1\nsearch a b\n')
        self.assert_dns(['192.0.2.1'], ['a', 'b'])
        write(path_of('web', 'new'), 'nameserver 192.0.2.2\nnameserver nonsense\n')
        os.rename(path_of('web', 'new'), path_of('web', 'resolv.conf'))
        self.assert_dns(['192.0.2.2'], [])
        write('/run/elsewhere/resolv.conf', 'nameserver 192.0.2.3\n')
        os.unlink(path_of('web', 'resolv.conf'))
        self.assert_dns([], [])
        os.symlink('/run/elsewhere/resolv.conf', path_of('web', 'resolv.conf'))
        self.assert_dns(['192.0.2.3'], [])
        write('/run/elsewhere/resolv.conf', 'nameserver 192.0.2.4\n')
        self.assert_dns(['192.0.2.4'], [])
        write('/run/elsewhere/new', 'nameserver 192.0.2.5\n')
        os.rename('/run/elsewhere/new', '/run/elsewhere/resolv.conf')
        self.assert_dns(['192.0.2.5'], [])
        os.rename('/etc/netns', '/etc/netns.old')
        self.assert_dns([], [])
        os.rename('/etc/netns.old', '/etc/netns')
        self.assert_dns(['192.0.2.5'], [])
        os.unlink(path_of('web', 'resolv.conf'))
        os.rmdir(path_of('web'))
        os.symlink('/run/elsewhere', path_of('web'))
        self.assert_dns(['192.0.2.5'], [])
        write('/run/elsewhere/resolv.conf', 'nameserver 192.0.2.6\n')
        self.assert_dns(['192.0.2.6'], [])

    def test_after_restart(self):
        self.set_dns(SERVERS, SEARCH)
        netns1.NETNSD.stop()
        write(path_of('web', 'resolv.conf'), 'nameserver 192.0.2.1\n')
        netns1.NETNSD.start()
        self.assert_dns(['192.0.2.1'], [])

    def test_no_plain_file(self):
        """Nothing that lies there keeps the service waiting."""
        os.makedirs(path_of('web'))
        for make in (os.mkfifo, os.mkdir, lambda path: os.symlink('/dev/zero', path)):
            make(path_of('web', 'resolv.conf'))
            self.assert_dns([], [])
            with self.assertBusError('Exists'), self.unchanged():
                self.set_dns(SERVERS)
            run('rm', '-rf', path_of('web', 'resolv.conf'))

    # ---- whose files they are

    def test_of_the_administrator(self):
        for file in FILES:
            write(path_of('web', file), 'nameserver 192.0.2.1\n')
            with self.subTest(file), self.unchanged():
                with self.assertBusError('Exists') as context:
                    self.set_dns(SERVERS)
                self.assertIn(path_of('web', file), context.exception.message)
                self.set_dns()
            os.unlink(path_of('web', file))

    def test_links_of_the_administrator(self):
        """Nothing is written through them, nor is anything removed."""
        os.makedirs('/run/target', exist_ok=True)
        self.addCleanup(run, 'rm', '-rf', '/run/target')
        for link in ('/etc/netns', path_of('web'), path_of('web', 'resolv.conf')):
            run('rm', '-rf', '/etc/netns')
            os.makedirs(os.path.dirname(link), exist_ok=True)
            os.symlink('/run/target', link)
            with self.subTest(link):
                with self.unchanged(), self.assertBusError('Exists') as context:
                    self.set_dns(SERVERS)
                self.assertIn(link, context.exception.message)
                self.set_dns()
                self.root.call(self.root.create_namespace('other'), 'Namespace', 'Delete', '(a{sv})', {})
                self.assertTrue(os.path.islink(link))
                self.assertEqual(os.listdir('/run/target'), [])
        os.unlink(path_of('web', 'resolv.conf'))

    def test_beside_others(self):
        """What else the administrator has in the folder stays."""
        write(path_of('web', 'hosts'), '192.0.2.1 a\n')
        self.set_dns(SERVERS)
        self.set_dns()
        self.assertEqual(os.listdir(path_of('web')), ['hosts'])
        self.set_dns(SERVERS)
        self.root.call(self.web, 'Namespace', 'Delete', '(a{sv})', {})
        self.assertEqual(os.listdir(path_of('web')), ['hosts'])

    # ---- where they go

    def test_delete(self):
        self.set_dns(SERVERS)
        self.root.call(self.web, 'Namespace', 'Delete', '(a{sv})', {})
        self.assertEqual(os.listdir('/etc/netns'), [])

    def test_delete_that_fails(self):
        self.set_dns(SERVERS)
        netns1.sleeper(self, 'ip', 'netns', 'exec', 'web')
        with self.assertBusError('Busy'), self.unchanged():
            self.root.call(self.web, 'Namespace', 'Delete', '(a{sv})', {})
        self.assert_dns(SERVERS, [])

    def test_rename(self):
        self.set_dns(SERVERS, SEARCH)
        write(path_of('web', 'hosts'), '192.0.2.1 a\n')
        self.root.call(self.web, 'Namespace', 'Rename', '(s)', 'shop')
        self.assert_dns(SERVERS, SEARCH, f'{ROOT}/namespace/shop')
        self.assertEqual(os.listdir(path_of('web')), ['hosts'])
        self.assertEqual(sorted(os.listdir(path_of('shop'))), sorted(FILES))
        self.assertIn('nameserver 192.0.2.53', seen_inside('shop', 'resolv.conf'))

    def test_rename_onto_files(self):
        self.set_dns(SERVERS)
        write(path_of('shop', 'resolv.conf'), 'nameserver 192.0.2.1\n')
        with self.assertBusError('Exists'), self.unchanged():
            self.root.call(self.web, 'Namespace', 'Rename', '(s)', 'shop')
        self.set_dns()
        self.root.call(self.web, 'Namespace', 'Rename', '(s)', 'shop')  # the administrator meant it for this name
        self.assert_dns(['192.0.2.1'], [], f'{ROOT}/namespace/shop')

    def test_not_inherited(self):
        """One that `ip netns` deleted takes them along; its successor asks others."""
        for make in (lambda: self.root.create_namespace('web'),
                     lambda: self.root.call(self.root.create_namespace('db'), 'Namespace', 'Rename', '(s)', 'web')):
            self.set_dns(SERVERS)
            run('ip', 'netns', 'delete', 'web')
            netns1.wait_for(lambda: self.web not in self.root.managed_objects())
            make()
            self.assert_dns([], [])
            netns1.wait_for(lambda: not os.path.exists(path_of('web')))

    def wait_for_no_files(self):
        """What the service wrote goes; what others have there stays."""
        netns1.wait_for(lambda: os.listdir(path_of('web')) == ['hosts'])
        if 'web' in netns1.namespaces():
            self.assertEqual(seen_inside('web', 'resolv.conf'), read('/etc/resolv.conf'))
            self.assertEqual(seen_inside('web', 'nsswitch.conf'), NSSWITCH)

    def begin_end(self):
        write(path_of('web', 'hosts'), '192.0.2.1 a\n')
        self.set_dns(SERVERS)

    def test_end_by_another_program(self):
        self.begin_end()
        run('ip', 'netns', 'delete', 'web')
        self.wait_for_no_files()

    def test_another_one_at_once(self):
        """Of root's: no file of the other one is its."""
        self.begin_end()
        run('ip', '-batch', '-', input='netns delete web\nnetns add web\n')
        self.wait_for_no_files()

    def test_end_while_the_service_is_down(self):
        for again in (False, True):
            with self.subTest(another=again):
                self.begin_end()
                netns1.NETNSD.stop()
                run('ip', 'netns', 'delete', 'web')
                if again:
                    run('ip', 'netns', 'add', 'web')
                netns1.NETNSD.start()
                self.wait_for_no_files()
                if not again:
                    self.root.create_namespace('web')

    def test_reboot(self):
        """The kernel counts cookies from the beginning again."""
        self.begin_end()
        netns1.NETNSD.stop()
        for file in FILES:
            text = read(path_of('web', file))
            boot = read('/proc/sys/kernel/random/boot_id').strip()
            self.assertIn(boot, text)
            write(path_of('web', file), text.replace(boot, boot[::-1]))
        netns1.NETNSD.start()
        self.wait_for_no_files()

    def test_second_name(self):
        """A namespace goes by all of its names."""
        run('ip', 'netns', 'add', 'tmp')
        pid = netns1.sleeper(self, 'ip', 'netns', 'exec', 'web').pid
        run('ip', 'netns', 'attach', 'second', str(pid))
        self.begin_end()
        run('ip', 'netns', 'delete', 'second')
        netns1.NETNSD.stop()
        netns1.NETNSD.start()
        self.assert_dns(SERVERS, [])
        self.assertTrue(os.path.exists(path_of('web', 'resolv.conf')))

    def test_what_lives_on(self):
        """Restarts and new names change nothing."""
        self.begin_end()
        for _ in range(2):
            netns1.NETNSD.stop()
            netns1.NETNSD.start()
            self.assert_dns(SERVERS, [])
        self.root.call(self.web, 'Namespace', 'Rename', '(s)', 'shop')
        netns1.NETNSD.stop()
        netns1.NETNSD.start()
        self.assert_dns(SERVERS, [], f'{ROOT}/namespace/shop')
        self.assertEqual(sorted(os.listdir(path_of('shop'))), sorted(FILES))

    def test_of_an_earlier_version(self):
        """Which did not say whose they are: they stay as long as the name does."""
        self.begin_end()
        netns1.NETNSD.stop()
        for file in FILES:
            lines = read(path_of('web', file)).splitlines(True)
            write(path_of('web', file), lines[0] + ''.join(lines[2:]))
        netns1.NETNSD.start()
        self.assert_dns(SERVERS, [])
        run('ip', 'netns', 'delete', 'web')
        self.wait_for_no_files()

    # ---- the client

    def test_netnsctl(self):
        self.assertEqual(json.loads(netns1.netnsctl('--json=short', 'dns', 'web', uid=None).stdout),
                         {'dns-servers': [], 'dns-search': []})
        netns1.netnsctl('dns', 'web', *SERVERS, '--search', 'example.org', '--search=lab', uid=None)
        self.assertEqual(json.loads(netns1.netnsctl('--json=short', 'dns', 'web', uid=None).stdout),
                         {'dns-servers': SERVERS, 'dns-search': SEARCH})
        shown = json.loads(netns1.netnsctl('--json=short', 'namespace', 'show', 'web', uid=None).stdout)
        self.assertEqual((shown['dns-servers'], shown['dns-search']), (SERVERS, SEARCH))
        self.assertIn('nameserver 192.0.2.53', seen_inside('web', 'resolv.conf'))
        netns1.netnsctl('dns', 'web', '-', uid=None)
        self.assert_dns([], [])
        refused = netns1.netnsctl('dns', 'web', 'nonsense', uid=None, check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn('“nonsense” is not an IPv4 or IPv6 address', refused.stderr)


if __name__ == '__main__':
    netns1.main()
