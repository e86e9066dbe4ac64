#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Rules of the service that somebody saved (`nft list ruleset`), and loads again when what they were for is gone: they are
# removed, while the service runs and when it starts, and it says so. What belongs to others stays.
import os
import socket
import subprocess
import time

import netns1
import watch
from gi.repository import GLib
from netns1 import ALICE, ROOT, run

OUTSIDE = f'/proc/{os.environ["OUTSIDE_PID"]}/ns/net'
HOST = netns1.HOST
ADDRESS = netns1.outside.UPLINK_ADDRESSES[0]
PORT = 8080
# Chains that firewalls leave to users.
CHAINS = {'ip': ['DOCKER-USER', 'ufw-user-forward'], 'ip6': ['DOCKER-USER', 'ufw6-user-forward']}
BLOCKING = '''
table {family} filter {{
  chain {chain} {{ }}
  chain FORWARD {{ type filter hook forward priority filter; policy drop; counter jump {chain}; }}
}}
'''


def tables(namespace=None):
    """Names of all tables, such as `inet netnsd`."""
    return [f"{item['table']['family']} {item['table']['name']}" for item in netns1.nft(namespace) if 'table' in item]


def ours(namespace=None):
    return [name for name in tables(namespace) if name in ('inet netnsd', 'bridge netnsd')]


def load(text, namespace=None):
    run('nft', '-f', '-', input=text, namespace=namespace)


def save(namespace=None):
    return run('nft', 'list', 'ruleset', namespace=namespace).stdout


class Leftovers(netns1.TestCase):
    def setUp(self):
        super().setUp()
        self.watcher = watch.Watcher()
        self.addCleanup(self.watcher.__exit__)
        self.addCleanup(run, 'nft', 'flush', 'ruleset')

    def manager(self, method, signature, *values):
        return self.watcher.call(ROOT, 'Manager', method, signature, *values)

    def removed(self):
        """What was said to be removed, by the path of its namespace."""
        return [(path, found['Rules']) for _, member, arguments in self.watcher.signals if member == 'Drifted'
                for path, _, found in [arguments] if 'Rules' in found]

    def assert_removed(self, *expected):
        self.watcher.wait(lambda: len(self.removed()) >= len(expected), f'{expected}')
        self.assertCountEqual(self.removed(), expected)
        self.watcher.signals.clear()

    def make(self, namespace=''):
        """A network with all kinds of rules; returns how to delete all of it."""
        self.manager('CreateNamespace', '(sa{sv})', 'web', {})
        self.manager('CreateNetwork', '(sa{sv})', 'lan', {'subnets': ['10.1.0.0/24'], 'nat': True, 'guard': True,
                                                          'namespace': namespace})
        name = f'{namespace}:lan' if namespace else 'lan'
        self.manager('Connect', '(ssa{sv})', 'web', name, {})
        if not namespace:
            self.manager('CreateForward', '(ssqa{sv})', 'web', 'tcp', 80, {
                'listen-port': GLib.Variant('q', PORT), 'scope': 'public'})

        def delete():
            for path in [path for path in self.watcher.tree if '/forward/' in path]:
                self.watcher.call(path, 'Forward', 'Delete')
            self.watcher.call(f'{ROOT}/namespace/web', 'Namespace', 'Delete', '(a{sv})', {})
            self.watcher.call(netns1.network_path(name), 'Network', 'Delete')
        return delete

    def is_served(self):
        """Whether a server of the host's own is reached from outside."""
        with socket.create_server(('', PORT)):
            return run('nsenter', f'--net={OUTSIDE}', 'timeout', '2', 'bash', '-c',
                       f'exec 3<>/dev/tcp/{ADDRESS}/{PORT}', check=False).returncode == 0

    def test_host(self):
        """Loaded while the service runs, one table after the other and both at once."""
        delete = self.make()
        saved = save()
        self.assertEqual(sorted(ours()), ['bridge netnsd', 'inet netnsd'])
        load('flush ruleset\n' + saved)  # in force: it is put right, not removed
        self.watcher.wait(lambda: any(member == 'RulesRestored' for _, member, _ in self.watcher.signals), 'restored')
        self.assertEqual(self.removed(), [])
        delete()
        self.assertEqual(ours(), [])
        load(saved)
        self.assert_removed((HOST, ['table inet netnsd', 'table bridge netnsd']))
        self.assertEqual(ours(), [])
        for table in ('inet netnsd', 'bridge netnsd'):
            run('nft', f'add table {table}')
            self.assert_removed((HOST, [f'table {table}']))
        netns1.wait_for(self.is_served)

    def test_start(self):
        delete = self.make()
        saved = save()
        delete()
        netns1.NETNSD.stop()
        load(saved)
        self.assertFalse(self.is_served())
        netns1.NETNSD.start()
        netns1.wait_for(lambda: ours() == [])
        netns1.wait_for(self.is_served)

    def test_one_family(self):
        """What is needed is restored, and what is not is removed."""
        delete = self.make()
        saved = save()
        delete()
        self.manager('CreateNetwork', '(sa{sv})', 'other', {'subnets': ['10.2.0.0/24'], 'nat': True})
        before = run('nft', '--stateless', 'list', 'table', 'inet', 'netnsd').stdout
        for start in (False, True):
            if start:
                netns1.NETNSD.stop()
            load('flush ruleset\n' + saved)
            if start:
                netns1.NETNSD.start()
            netns1.wait_for(lambda: ours() == ['inet netnsd'] and before == run(
                'nft', '--stateless', 'list', 'table', 'inet', 'netnsd').stdout)

    def test_namespace(self):
        self.manager('CreateNamespace', '(sa{sv})', 'router', {})
        delete = self.make('router')
        saved = save('router')
        delete()
        load(saved, 'router')
        self.assert_removed((f'{ROOT}/namespace/router', ['table inet netnsd', 'table bridge netnsd']))
        netns1.NETNSD.stop()
        load(saved, 'router')
        netns1.NETNSD.start()
        netns1.wait_for(lambda: ours('router') == [])

    def test_chains_of_others(self):
        """Rules that option `firewall` had added where Docker and ufw leave a place for them."""
        for start in (False, True):
            for family, chains in CHAINS.items():
                for chain in chains:
                    with self.subTest(chain, start=start, family=family):
                        self.in_chain(family, chain, start)

    def in_chain(self, family, chain, start):
        load(BLOCKING.format(family=family, chain=chain))
        empty = run('nft', '--stateless', 'list', 'table', family, 'filter').stdout
        self.manager('CreateNetwork', '(sa{sv})', 'lan', {
            'subnets': ['10.1.0.0/24' if family == 'ip' else 'fd00:1::/64'], 'nat': True, 'firewall': 'cure'})
        table = run('nft', 'list', 'table', family, 'filter').stdout
        self.assertEqual(table.count('comment "netnsd network lan"'), 2)
        self.watcher.call(f'{ROOT}/network/lan', 'Network', 'Delete')
        self.watcher.signals.clear()
        if start:
            netns1.NETNSD.stop()
        load(f'delete table {family} filter\n{table}')
        if start:
            netns1.NETNSD.start()
        else:
            self.assert_removed((HOST, ['rules netnsd network lan']))
        netns1.wait_for(lambda: run('nft', '--stateless', 'list', 'table', family, 'filter').stdout == empty)
        run('nft', f'delete table {family} filter')

    def test_needed(self):
        """Loaded again while they are needed, they stay."""
        load(BLOCKING.format(family='ip', chain='DOCKER-USER'))
        self.manager('CreateNetwork', '(sa{sv})', 'lan', {'subnets': ['10.1.0.0/24'], 'nat': True, 'firewall': 'cure'})
        before = run('nft', '--stateless', 'list', 'table', 'ip', 'filter').stdout
        load(f'delete table ip filter\n{before}\nadd rule ip filter DOCKER-USER iifname "old" counter accept '
             'comment "netnsd network old"')
        self.assert_removed((HOST, ['rules netnsd network old']))
        self.assertEqual(run('nft', '--stateless', 'list', 'table', 'ip', 'filter').stdout, before)

    def test_others(self):
        """What is called nearly so, or stands elsewhere, is somebody else's."""
        theirs = '''
            table netdev netnsd { }
            table ip netnsd {
              chain forward { iifname "x" counter accept comment "netnsd network x"; }
            }
            table inet netnsd2 {
              chain DOCKER-USER { iifname "x" counter accept comment "netnsd network x"; }
            }
            table ip nat {
              chain DOCKER-USER { iifname "x" counter accept comment "netnsd network x"; }
            }
            table ip filter {
              chain DOCKER { iifname "x" counter accept comment "netnsd network x"; }
              chain DOCKER-USER {
                iifname "x" counter drop comment "netnsd network x"
                iifname != "x" counter accept comment "netnsd network x"
                iifname "x" accept comment "netnsd network x"
                iifname "x" tcp dport 22 counter accept comment "netnsd network x"
                iifname "x" counter accept comment "a netnsd network x"
                iifname "x" counter accept
              }
            }'''
        load(theirs)
        before = save()
        run('nft', 'add rule ip filter DOCKER-USER oifname "x" counter accept comment "netnsd network x"')
        self.assert_removed((HOST, ['rules netnsd network x']))
        self.assertEqual(save(), before)
        netns1.NETNSD.restart()
        run('nft', 'add table inet netnsd')
        netns1.wait_for(lambda: ours() == [])
        self.assertEqual(save(), before)

    def test_forged(self):
        """In a namespace that is the user's down to its rules, they are the user's as well."""
        identity = ['setpriv', f'--reuid={ALICE}', f'--regid={ALICE}', '--clear-groups'] if netns1.IS_ROOT else []
        forged = '''
            table inet netnsd {
              chain x { }
            }
            table ip filter {
              chain DOCKER-USER { iifname "x" counter accept comment "netnsd network x"; }
            }'''
        with subprocess.Popen([*identity, 'unshare', '--user', '--map-root-user', '--net', 'sh', '-c',
                               'echo ready; exec sleep 1000'], stdout=subprocess.PIPE, text=True) as process:
            try:
                self.assertEqual(process.stdout.readline(), 'ready\n')
                self.manager('AdoptProcess', '(sua{sv})', 'theirs', process.pid, {})

                def inside(*command, **options):
                    return run(*identity, 'nsenter', '--user', '--net', '--preserve-credentials',
                               f'--target={process.pid}', *command, **options).stdout
                inside('nft', '-f', '-', input=forged)
                before = inside('nft', 'list', 'ruleset')
                netns1.NETNSD.restart()
                for _ in range(2):  # each time later than what there is to do in theirs
                    run('nft', 'add table inet netnsd')
                    netns1.wait_for(lambda: ours() == [])
                    inside('nft', 'add table ip more; delete table ip more')
                    time.sleep(0.5)
                self.assertEqual(inside('nft', 'list', 'ruleset'), before)
            finally:
                process.kill()


if __name__ == '__main__':
    netns1.main()
