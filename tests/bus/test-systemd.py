#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# The service as it is installed: started by systemd, in the unit's restrictions, on the system's own bus, asked about
# with the system's own polkit. Runs inside tests/booted; what the kernel has is looked at with `ip` and `nft`.
import json
import os
import re
import signal
import socket
import subprocess
import time
import unittest

from gi.repository import Gio, GLib

from installed import ip, run, wait_for

ALICE = 1000
SERVICE, PATH = 'org.example.NetNS1', '/org/example/NetNS1'
EXPOSURE = {'netnsd.service': 2.8, 'netnsd-broker.service': 2.6, 'netnsd-nft.service': 2.5}
BROKERS = ['netnsd-broker.service', 'netnsd-nft.service']
RULES = '/etc/polkit-1/rules.d/10-test.rules'
ALLOW_ALICE = '''polkit.addRule(function(action, subject) {
  if (action.id.indexOf("org.example.NetNS1.") == 0 && subject.user == "%s")
    return polkit.Result.YES;
});
'''


def alice(*command, **options):
    return run('setpriv', '--reuid', str(ALICE), '--regid', str(ALICE), '--clear-groups', *command, **options)


def netnsctl(*command):
    return alice('netnsctl', *command)


def main_pid(unit='netnsd.service'):
    return int(run('systemctl', 'show', '--property=MainPID', '--value', unit))


def call(path, method, signature, *values):
    """As root."""
    connection = Gio.bus_get_sync(Gio.BusType.SYSTEM)
    interface, method = method.rsplit('.', 1)
    return connection.call_with_unix_fd_list_sync(
        SERVICE, path, f'{SERVICE}.{interface}', method, GLib.Variant(signature, values), None,
        Gio.DBusCallFlags.NONE, 30000, None, None)


def setUpModule():
    with open(RULES, 'w') as file:
        file.write(ALLOW_ALICE % run('id', '-nu', str(ALICE)).strip())


class Systemd(unittest.TestCase):
    maxDiff = None

    def tearDown(self):
        for name in [line.split()[0] for line in run('ip', 'netns').splitlines()]:
            run('netnsctl', 'namespace', 'delete', name)
        for network in run('netnsctl', '--no-legend', 'network', 'list').splitlines():
            run('netnsctl', 'network', 'delete', network.split()[0])

    @staticmethod
    def read_tree():
        """When all links are up, and without the addresses that the kernel makes up and tries for a second."""
        return re.sub(r' fe80::\S+', '', wait_for(
            lambda: next((tree for tree in [run('netnsctl', 'tree')] if 'without carrier' not in tree), None)))

    @staticmethod
    def open_socket(domain=socket.AF_INET, kind=socket.SOCK_STREAM, protocol=0):
        """In namespace web."""
        _, descriptors = call(f'{PATH}/namespace/web', 'Namespace.OpenSocket', '(iii)', domain, kind, protocol)
        with socket.socket(fileno=descriptors.get(0)) as opened:
            return opened.type

    def make_web(self):
        netnsctl('network', 'create', 'lan', '--subnet', '10.77.0.0/24', '--nat')
        netnsctl('namespace', 'create', 'web')
        netnsctl('connect', 'web', 'lan', '--address', '10.77.0.2/24')

    def test_first_call_starts_the_unit(self):
        run('systemctl', 'stop', 'netnsd.service')
        netnsctl('status')
        self.assertEqual(run('systemctl', 'is-active', 'netnsd.service').strip(), 'active')

    def test_complete_example(self):
        """What an ordinary user makes is there for everybody, not only in a world of the service's own."""
        self.make_web()
        addresses = [address['local'] for link in ip('-netns', 'web', 'address')
                     for address in link['addr_info'] if address['family'] == 'inet']
        self.assertEqual(addresses, ['127.0.0.1', '10.77.0.2'])
        self.assertEqual(ip('-netns', 'web', 'route', 'show', 'default')[0]['gateway'], '10.77.0.1')
        self.assertIn('10.77.0.0/24', run('nft', 'list', 'table', 'inet', 'netnsd'))
        with open('/proc/sys/net/ipv4/ip_forward') as file:
            self.assertEqual(file.read(), '1\n')
        run('ip', 'netns', 'exec', 'web', 'ping', '-c1', '-W5', '10.77.0.1')
        netnsctl('disconnect', 'web', 'lan')
        netnsctl('network', 'delete', 'lan')
        with open('/proc/sys/net/ipv4/ip_forward') as file:
            self.assertEqual(file.read(), '0\n')

    def test_every_kind_of_socket(self):
        netnsctl('namespace', 'create', 'web')
        for domain, kind, protocol in ((socket.AF_INET, socket.SOCK_STREAM, 0), (socket.AF_INET6, socket.SOCK_DGRAM, 0),
                                       (socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
                                       (socket.AF_PACKET, socket.SOCK_RAW, 0),
                                       (socket.AF_NETLINK, socket.SOCK_RAW, 0)):
            with self.subTest(domain=domain, kind=kind):
                self.assertEqual(self.open_socket(domain, kind, protocol), kind)

    def test_links_and_settings(self):
        """Taps come from a device, rate limits and settings through other doors than links do."""
        netnsctl('namespace', 'create', 'web')
        netnsctl('link', 'create', 'web', 'tap', 'tap0', 'addresses=10.77.0.1/24')
        netnsctl('link', 'create', '@host', 'ifb', 'ifb7')
        netnsctl('link', 'create', 'web', 'macvlan', 'm0', 'link=ifb7', 'link-namespace=@host')
        netnsctl('link', 'set', 'web', 'm0', 'rate', '1mbit')
        netnsctl('namespace', 'sysctl', 'web', 'net.ipv4.conf.tap0.rp_filter=2')
        tap, upper = ip('-details', '-netns', 'web', 'link', 'show', 'tap0'), ip('-netns', 'web', 'link', 'show', 'm0')
        self.assertEqual(tap[0]['linkinfo']['info_data']['user'], run('id', '-nu', str(ALICE)).strip())
        self.assertEqual(upper[0]['qdisc'], 'tbf')
        self.assertEqual(run('ip', 'netns', 'exec', 'web', 'cat', '/proc/sys/net/ipv4/conf/tap0/rp_filter'), '2\n')
        self.assertEqual(netnsctl('--no-legend', 'namespace', 'sysctl', 'web', 'net.ipv4.conf.tap0.rp_filter').split()[-1],
                         '2')
        netnsctl('link', 'delete', '@host', 'ifb7')

    def test_port_forward(self):
        """A privileged port, by both loopback addresses; who has another one is named, though it is another user's."""
        netnsctl('network', 'create', 'lan', '--nat', '--ipv6')
        netnsctl('namespace', 'create', 'web')
        netnsctl('connect', 'web', 'lan')
        server = subprocess.Popen(['nsenter', '--net=/run/netns/web', '/usr/bin/python3', '-m', 'http.server', '8000', '--bind',
                                   '::', '--directory', '/usr/share/dbus-1'], stderr=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        netnsctl('forward', 'create', 'web', 'tcp', '80:8000')

        def answers(address):
            try:
                with socket.create_connection((address, 80), 2) as connection:
                    connection.sendall(b'HEAD / HTTP/1.0\r\n\r\n')
                    return connection.recv(100).startswith(b'HTTP/1.0 200')
            except OSError:
                return False
        for address in ('127.0.0.1', '::1'):
            wait_for(lambda address=address: answers(address))
        other = self.start_process('setpriv', '--reuid=65534', '--clear-groups', '/usr/bin/python3', '-c',
                                  'import socket; s = socket.socket(); s.bind(("127.0.0.1", 8080)); s.listen(); print(flush=True);'
                                  '__import__("signal").pause()')
        refused = alice('netnsctl', 'forward', 'create', 'web', 'tcp', '8080:80', check=False)
        self.assertIn(f'process {other.pid} (python3)', refused)
        netnsctl('forward', 'delete', '1')
        self.assertFalse(answers('127.0.0.1'))
        netnsctl('namespace', 'delete', 'web', '--kill')

    def test_firewall(self):
        """Rules of a namespace, of the host and of a network, back when somebody flushes them all."""
        self.make_web()
        netnsctl('firewall', 'web', 'policy', 'input', 'drop')
        netnsctl('firewall', 'web', 'add', 'input', 'tcp', '80', 'accept')
        for command in (['nft'], ['ip', 'netns', 'exec', 'web', 'nft']):
            before = run(*command, '-s', 'list', 'ruleset')
            run(*command, 'flush', 'ruleset')
            wait_for(lambda command=command, before=before: run(*command, '-s', 'list', 'ruleset') == before)
        self.assertIn('tcp dport 80 accept', netnsctl('firewall', 'web', 'show'))

    def test_rules_of_others(self):
        """The helper that reads them gets by on the rights that the unit leaves; also in a user namespace of somebody's."""
        process = subprocess.Popen(['setpriv', '--reuid', str(ALICE), '--regid', str(ALICE), '--clear-groups', 'unshare',
                                    '--user', '--map-root-user', '--net', 'sh', '-c',
                                    'nft "add table t; add chain t c; add rule t c tcp dport 25 drop"; exec sleep 1000'],
                                   stdin=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_for(lambda: run('ps', '-o', 'comm=', '-p', str(process.pid)).strip() == 'sleep')
        netnsctl('namespace', 'adopt', 'walled', str(process.pid))
        netnsctl('firewall', 'walled', 'policy', 'input', 'drop')
        shown = netnsctl('firewall', 'walled', 'show')
        self.assertIn('tcp dport 25 drop', shown)
        self.assertIn('policy drop', shown)
        netnsctl('namespace', 'delete', 'walled', '--kill')

    def test_processes_of_others(self):
        netnsctl('namespace', 'create', 'web')
        with subprocess.Popen(['ip', 'netns', 'exec', 'web', 'setpriv', '--reuid', str(ALICE), '--clear-groups',
                               'sleep', '60']) as process:
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            listing = wait_for(lambda: [line for line in run('netnsctl', 'namespace', 'processes', 'web').splitlines()
                                        if 'sleep' in line])
            self.assertIn(str(process.pid), listing[0].split())
            process.kill()

    def test_command(self):
        """It is not in the service's restrictions and not in its control group, and has no more than its user."""
        netnsctl('namespace', 'create', 'web')
        text = netnsctl('exec', 'web', 'sh', '-c', 'cat /proc/self/status /proc/self/cgroup; readlink /proc/self/ns/net')
        for line in ('Uid:\t1000\t1000\t1000\t1000', 'Gid:\t1000\t1000\t1000\t1000', 'Groups:\t1000 ', 'NoNewPrivs:\t1',
                     'CapPrm:\t0000000000000000', 'CapBnd:\t0000000000000000', 'SigBlk:\t0000000000000000',
                     'SigIgn:\t0000000000000000', 'Umask:\t0022',
                     re.search('Seccomp_filters:.*', open('/proc/self/status').read()).group(),
                     f'net:[{os.stat("/run/netns/web").st_ino}]'):
            self.assertIn(line + '\n', text)
        self.assertRegex(text, r'/netnsd-run-\d+\.service\n')
        self.assertNotIn('netnsd.service', text)
        self.assertIn('1 received', netnsctl('exec', 'web', 'ping', '-c1', '-W5', '127.0.0.1'))
        for command, status in ((['sh', '-c', 'exit 7'], 7), (['sh', '-c', 'kill -9 $$'], 137), (['no-such'], 127)):
            self.assertEqual(subprocess.run(['netnsctl', 'exec', 'web', *command], stdin=subprocess.DEVNULL,
                                            stderr=subprocess.DEVNULL).returncode, status)
        wait_for(lambda: 'netnsd-run-' not in run('systemctl', '--no-legend', 'list-units', '--plain'))

    def test_limits(self):
        """The service has some, and its commands have those of any other unit: here without one."""
        netnsctl('namespace', 'create', 'web')
        self.open_socket()
        netnsctl('firewall', 'web', 'show')
        for unit, memory, tasks in (('netnsd.service', 2 << 30, '256'), ('netnsd-broker.service', 256 << 20, '16'),
                                    ('netnsd-nft.service', 3 << 30, '64')):
            shown = dict(line.split('=', 1) for line in run('systemctl', 'show', unit).splitlines() if '=' in line)
            self.assertEqual({key: shown[key] for key in ('MemoryMax', 'TasksMax', 'LimitCORE', 'UMask',
                                                          'StartLimitIntervalUSec')},
                             {'MemoryMax': str(memory), 'TasksMax': tasks, 'LimitCORE': '0', 'UMask': '0077',
                              'StartLimitIntervalUSec': '0'})
            with open(f'/proc/{main_pid(unit)}/limits') as file:
                self.assertRegex(file.read(), r'Max core file size +0 +0 ')
        limits = ('sh', '-c', 'grep -v -e "open files" -e "Limit " /proc/self/limits; grep Umask /proc/self/status')
        self.assertEqual(netnsctl('exec', 'web', *limits), run('systemd-run', '--quiet', '--pipe', '--wait', *limits))
        with subprocess.Popen(['setpriv', '--reuid', str(ALICE), '--regid', str(ALICE), '--clear-groups', 'netnsctl', 'exec', 'web',
                               'sh', '-c', 'echo up; read line'], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as client:
            self.assertEqual(client.stdout.readline(), b'up\n')
            unit = re.search(r'netnsd-run-\d+\.service', run('systemctl', '--no-legend', '--plain', 'list-units')).group()
            limits = run('systemctl', 'show', '--property=MemoryMax,MemoryHigh,TasksMax,DevicePolicy', unit).split()
            client.stdin.close()
            client.wait()
        plain = run('systemctl', 'show', '--property=MemoryMax,MemoryHigh,TasksMax,DevicePolicy', 'no-such.service').split()
        self.assertEqual(limits, plain)

    def test_crashes_do_not_use_up_the_starts(self):
        """systemd gives up on a unit after five starts in ten seconds, unless told otherwise."""
        for _ in range(8):
            before = main_pid()
            os.kill(before, signal.SIGSEGV)
            wait_for(lambda before=before: main_pid() not in (0, before))
        netnsctl('namespace', 'create', 'web')
        for _ in range(25):
            self.open_socket()
            netnsctl('firewall', 'web', 'show')
            for unit in BROKERS:
                os.kill(main_pid(unit), signal.SIGSEGV)
        self.open_socket()
        netnsctl('firewall', 'web', 'show')

    def test_brokers_go_with_the_service(self):
        """They are of the same version, and nobody needs them without the service."""
        netnsctl('namespace', 'create', 'web')
        self.open_socket()
        netnsctl('firewall', 'web', 'show')
        before = [main_pid(unit) for unit in BROKERS]
        run('systemctl', 'restart', 'netnsd.service')
        self.open_socket()
        netnsctl('firewall', 'web', 'show')
        for unit in BROKERS:
            self.assertNotIn(main_pid(unit), (0, *before))
        run('systemctl', 'stop', 'netnsd.service')
        wait_for(lambda: not any(main_pid(unit) for unit in BROKERS))

    def test_hardening(self):
        """What `systemd-analyze security` says; each directive that is not there is explained in the unit."""
        for name, most in EXPOSURE.items():
            unit = run('systemctl', 'show', '--property=FragmentPath', '--value', name).strip()
            exposure = float(re.search(r'Overall exposure level for \S+: ([\d.]+)',
                                       run('systemd-analyze', 'security', '--offline=true', '--no-pager', unit)).group(1))
            self.assertLessEqual(exposure, most)

    def start_unit(self, *command):
        """An ordinary one, whose mount namespace is its own."""
        run('systemd-run', '--unit=other', '--property=PrivateTmp=yes', *command)
        self.addCleanup(run, 'systemctl', 'stop', 'other.service')
        return wait_for(lambda: int(run('systemctl', 'show', '--property=MainPID', '--value', 'other.service')))

    def test_own_mounts(self):
        """The service sees and writes only what it must; what it mounts for others they have, also in such a place."""
        run('mkdir', '-p', '/usr/lib/modules/1')
        run('systemctl', 'restart', 'netnsd.service')
        pid = main_pid()
        for namespace in ('mnt', 'uts'):
            self.assertNotEqual(os.readlink(f'/proc/{pid}/ns/{namespace}'), os.readlink(f'/proc/1/ns/{namespace}'))
        run('touch', '/home/secret', '/tmp/secret')
        inside = ('nsenter', f'--mount=/proc/{pid}/ns/mnt')
        for path in ('/home/secret', '/tmp/secret', '/dev/net/tun', '/usr/lib/modules/1', '/proc/sys'):
            with self.subTest(path=path):
                run('test', '-e', path)
                self.assertEqual(subprocess.run([*inside, 'test', '-e', path]).returncode, 1)
        for path in ('/etc/new', '/usr/new', '/run/new', '/var/new', '/sys/fs/cgroup/new'):
            with self.subTest(path=path):
                self.assertIn('Read-only file system', run(*inside, 'sh', '-c', f'echo 1 >{path}', check=False))
        other = self.start_unit('sleep', '1000')
        self.make_web()
        netnsctl('link', 'create', 'web', 'tap', 'tap0')
        netnsctl('dns', 'web', '192.0.2.53')
        run('nsenter', f'--mount=/proc/{other}/ns/mnt', 'ip', 'netns', 'exec', 'web', 'ping', '-c1', '-W5', '10.77.0.1')
        run('ip', 'netns', 'add', 'db')
        wait_for(lambda: 'db' in netnsctl('namespace', 'list'))
        netnsctl('namespace', 'rename', 'web', 'www')
        self.assertEqual({line.split()[0] for line in run('ip', 'netns').splitlines()}, {'db', 'www'})
        run('ip', 'netns', 'delete', 'www')
        wait_for(lambda: 'www' not in netnsctl('namespace', 'list'))
        with open(f'/proc/{other}/mountinfo') as file:
            self.assertNotIn('/run/netns/www', file.read())
        wait_for(lambda: not os.path.exists('/etc/netns/www'))

    def test_no_copy_keeps_a_namespace(self):
        """One that was mounted before the service started, in a place whose unmounts nobody else hears of."""
        os.makedirs('/run/private')
        run('mount', '-t', 'tmpfs', 'private', '/run/private')
        self.addCleanup(run, 'umount', '-l', '/run/private')
        run('mount', '--make-private', '/run/private')
        run('sh', '-ec', 'touch /run/private/kept; unshare -n sh -ec "mount --bind /proc/\\$\\$/ns/net /run/private/kept"')
        inode = os.stat('/run/private/kept').st_ino
        run('systemctl', 'restart', 'netnsd.service')
        netnsctl('namespace', 'create', 'web')
        self.open_socket()
        netnsctl('firewall', 'web', 'show')
        for unit in ('netnsd.service', *BROKERS):
            with open(f'/proc/{main_pid(unit)}/mountinfo') as file:
                self.assertNotIn('/run/private/kept', file.read())
        self.assertEqual(self.list_all()[inode]['path'], '/run/private/kept')
        run('umount', '/run/private/kept')
        wait_for(lambda: inode not in self.list_all())

    def test_command_is_unconfined(self):
        """Root's, which shows best what the service's unit would forbid."""
        netnsctl('namespace', 'create', 'web')
        run('mkdir', '-p', '/usr/lib/modules/1')
        run('touch', '/tmp/of-all')
        script = """
            cd /proc/self
            readlink ns/uts ns/ipc ns/user ns/pid ns/cgroup
            grep -e Seccomp -e CapBnd -e CapEff -e Umask status
            cat oom_score_adj limits coredump_filter
            touch /usr/share/new /etc/new /home/new /run/new
            ls /tmp /home /dev /usr/lib/modules
            """
        for line in (run('netnsctl', 'exec', 'web', 'sh', '-euc', script),
                     run('systemd-run', '--quiet', '--pipe', '--wait', 'sh', '-euc', script)):
            self.assertIn('of-all', line)
        self.assertEqual(run('netnsctl', 'exec', 'web', 'sh', '-euc', script),
                         run('systemd-run', '--quiet', '--pipe', '--wait', 'sh', '-euc', script))

    def test_command_outlives_the_service(self):
        netnsctl('namespace', 'create', 'web')
        with subprocess.Popen(['setpriv', '--reuid', str(ALICE), '--regid', str(ALICE), '--clear-groups', 'netnsctl', 'exec',
                               'web', 'sh', '-c', 'echo up; read line; exit 8'], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as client:
            self.assertEqual(client.stdout.readline(), b'up\n')
            run('systemctl', 'restart', 'netnsd.service')
            os.kill(main_pid(), signal.SIGKILL)
            wait_for(lambda: run('busctl', 'status', SERVICE, check=False).startswith('PID='))
            client.stdin.write(b'\n')
            client.stdin.close()
            self.assertEqual(client.wait(60), 8)

    def test_command_ends_with_its_client(self):
        """Also what has left it, and would not hear."""
        netnsctl('namespace', 'create', 'web')
        with subprocess.Popen(['setpriv', '--reuid', str(ALICE), '--regid', str(ALICE), '--clear-groups', 'netnsctl', 'exec',
                               'web', 'sh', '-c', 'trap "" HUP TERM; (setsid sleep 1000 &); echo up; sleep 1000']) as client:
            wait_for(lambda: run('pgrep', '-c', '-x', 'sleep', check=False).strip() == '2')
            client.kill()
        wait_for(lambda: run('pgrep', '-c', '-x', 'sleep', check=False).strip() == '0')
        wait_for(lambda: 'netnsd-run-' not in run('systemctl', '--no-legend', 'list-units', '--plain'))

    def test_restart_loses_nothing(self):
        self.make_web()
        before = self.read_tree()
        run('systemctl', 'restart', 'netnsd.service')
        self.assertEqual(self.read_tree(), before)

    def test_killed_service_comes_back(self):
        self.make_web()
        before, tree = main_pid(), self.read_tree()
        os.kill(before, signal.SIGKILL)
        wait_for(lambda: main_pid() not in (0, before))
        self.assertEqual(self.read_tree(), tree)

    def test_every_change_is_in_the_journal(self):
        netnsctl('namespace', 'create', 'web')
        run('journalctl', '--sync')
        entry = json.loads(run('journalctl', '--output=json', '--lines=1', 'NETNSD_METHOD=CreateNamespace'))
        self.assertEqual({key: entry[key] for key in ('NETNSD_UID', 'NETNSD_RESULT', '_SYSTEMD_UNIT')},
                         {'NETNSD_UID': str(ALICE), 'NETNSD_RESULT': 'done', '_SYSTEMD_UNIT': 'netnsd.service'})

    def test_without_a_rule_polkit_refuses(self):
        """There is no active session of bob's."""
        result = subprocess.run(['setpriv', '--reuid=1001', '--regid=1001', '--clear-groups', 'netnsctl', 'namespace',
                                 'create', 'bobs'], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.assertEqual(result.returncode, 4, result.stderr)
        self.assertEqual(run('ip', 'netns'), '')

    def start_process(self, *command):
        process = subprocess.Popen([*command, 'sh', '-c', 'echo; exec sleep 1000'], stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        process.stdout.readline()
        return process

    def test_delete_by_force(self):
        """Processes of another user, and a mount namespace; and name servers, which go as well."""
        netnsctl('namespace', 'create', 'lab')
        netnsctl('dns', 'lab', '192.0.2.53')
        self.assertIn('192.0.2.53', run('ip', 'netns', 'exec', 'lab', 'cat', '/etc/resolv.conf'))
        self.assertIn('192.0.2.53', netnsctl('exec', 'lab', 'cat', '/etc/resolv.conf'))
        inode = os.stat('/run/netns/lab').st_ino
        inside = self.start_process('nsenter', '--net=/run/netns/lab', 'setpriv', '--reuid=65534', '--clear-groups')
        mount = self.start_process('unshare', '--mount', '--propagation=slave', 'sh', '-c',
                                  'touch /run/kept && mount --bind /run/netns/lab /run/kept && exec "$@"', '-')
        refused = alice('netnsctl', 'namespace', 'delete', 'lab', check=False)
        for process in (inside, mount):
            self.assertIn(f'({process.pid})', refused)
        netnsctl('namespace', 'delete', 'lab', '--kill')
        self.assertEqual(inside.wait(60), -signal.SIGTERM)
        self.assertIsNone(mount.poll())
        self.assertNotIn(str(inode), run('lsns', '-t', 'net', '-o', 'NS'))
        self.assertFalse(os.path.exists('/etc/netns/lab'))
        with open(f'/proc/{mount.pid}/mountinfo') as file:
            self.assertNotIn('/run/kept', file.read())

    def list_all(self):
        """By inode, as somebody sees it who looks for the first time."""
        return {row['inode']: row for row in json.loads(netnsctl('--json=short', 'namespace', 'list', '--all'))}

    def test_namespaces_without_a_name(self):
        """Of a unit, of another user, of Docker's kind, and in a place that only its user may enter."""
        run('systemd-run', '--unit=probe', '--property=PrivateNetwork=yes', 'sleep', '1000')
        self.addCleanup(run, 'systemctl', 'stop', 'probe.service')
        unit = wait_for(lambda: int(run('systemctl', 'show', '--property=MainPID', '--value', 'probe.service')))
        own = self.start_process('setpriv', '--reuid', str(ALICE), '--regid', str(ALICE), '--clear-groups', 'unshare', '-Urn')
        os.makedirs('/run/docker/netns', exist_ok=True)
        run('sh', '-ec', 'touch /run/docker/netns/0123456789ab; unshare -n sh -ec '
            '"mount --bind /proc/\\$\\$/ns/net /run/docker/netns/0123456789ab"')
        self.addCleanup(run, 'umount', '/run/docker/netns/0123456789ab')
        hidden = self.start_process('unshare', '-nm', 'sh', '-ec', """
            mount -t tmpfs -o mode=0700,uid=1001 none /mnt; touch /mnt/netns; mount --bind /proc/$$/ns/net /mnt/netns
            exec nsenter --net=/proc/1/ns/net "$@" """, '-')
        expected = {
            os.stat(f'/proc/{unit}/ns/net').st_ino: ('process', 'unit probe.service', f'/proc/{unit}/ns/net'),
            os.stat(f'/proc/{own.pid}/ns/net').st_ino: ('process', None, f'/proc/{own.pid}/ns/net'),
            os.stat('/run/docker/netns/0123456789ab').st_ino:
                ('mount', 'docker 0123456789ab', '/run/docker/netns/0123456789ab'),
            os.stat(f'/proc/{hidden.pid}/root/mnt/netns').st_ino: ('mount', None, f'/proc/{hidden.pid}/root/mnt/netns'),
        }

        def found():
            listed = self.list_all()
            return {inode: (listed[inode]['source'], label and listed[inode]['owner-label'], listed[inode]['path'])
                    for inode, (_, label, _) in expected.items() if inode in listed}

        wait_for(lambda: found().get(os.stat(f'/proc/{unit}/ns/net').st_ino, (0, 0))[1] == 'unit probe.service')
        self.assertEqual(found(), expected)
        for inode in expected:
            netnsctl('link', 'set', f'@id{inode}', 'lo', 'down')


if __name__ == '__main__':
    unittest.main(verbosity=2)
