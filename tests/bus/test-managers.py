#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Programs that configure whatever link appears in the host, and are to keep their hands off those of the service: the real
# udev, NetworkManager and systemd-networkd, told to take every link. Runs inside tests/booted.
import json
import os
import subprocess
import sys
import unittest

from installed import ip, run, wait_for

RULES = '/etc/udev/rules.d'
# What an administrator writes to have one link configured all the same; 70-netnsd.rules says so.
TAKE_OUT = 'SUBSYSTEM=="net", KERNEL=="eth7", ENV{ID_NETNSD}="", ENV{NM_UNMANAGED}=""\n'
NAMES = {'eth5', 'eth6', 'eth7', 'lan', 'tap0', 'veth-web-h'}


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as file:
        file.write(text)


def start_udev():
    """A container has none, because /sys is read-only there: one of its own, since all that it shows of links is its own."""
    with open('/proc/self/mountinfo') as file:
        mounts = [line.split()[4] for line in file]
    for mount in mounts:
        if mount.startswith('/sys') and not mount.startswith('/sys/fs/cgroup'):
            run('mount', '-o', 'remount,bind,rw', mount)
    for unit in ('systemd-udevd.service', 'systemd-udevd-control.socket', 'systemd-udevd-kernel.socket'):
        write(f'/run/systemd/system/{unit}.d/here.conf', '[Unit]\nConditionPathIsReadWrite=\n')
    run('systemctl', 'daemon-reload')
    run('systemctl', 'start', 'systemd-udevd.service')


class NetworkManager:
    """Without keep-configuration=no it would only do so to links that had no address yet when it saw them."""
    unit = 'NetworkManager.service'

    @staticmethod
    def configure():
        write('/etc/NetworkManager/conf.d/90-all.conf', '[device-all]\nmatch-device=*\nkeep-configuration=no\n')

    @staticmethod
    def list_managed():
        lines = run('nmcli', '-t', '-f', 'DEVICE,STATE', 'device').splitlines()
        return {name: state != 'unmanaged' for name, state in (line.split(':', 1) for line in lines)}


class Networkd:
    unit = 'systemd-networkd.service'

    @staticmethod
    def configure():
        write('/etc/systemd/network/20-all.network', '[Match]\nName=*\n[Network]\nIPv6AcceptRA=no\n')

    @staticmethod
    def list_managed():
        listed = json.loads(run('networkctl', '--json=short', 'list'))['Interfaces']
        return {row['Name']: row['AdministrativeState'] != 'unmanaged' for row in listed
                if row['AdministrativeState'] not in ('pending', 'initialized')}


def list_addresses():
    return {link['ifname']: {address['local'] for address in link['addr_info'] if address['scope'] == 'global'}
            for link in ip('address')}


def was_given(name):
    """Whether somebody set the link's MAC address: NET_ADDR_SET of addr_assign_type, NET_ADDR_RANDOM is 1."""
    with open(f'/sys/class/net/{name}/addr_assign_type') as file:
        return file.read() == '3\n'


def setUpModule():
    start_udev()


class Hands:
    """One manager, without and with what an administrator can do about the installed files."""
    maxDiff = None

    def setUp(self):
        self.manager.configure()
        self.addCleanup(run, 'systemctl', 'stop', self.manager.unit)

    def reload(self):
        run('udevadm', 'control', '--reload')
        # Else it is “attempted too often”; one that is not loaded has not been attempted.
        subprocess.run(['systemctl', '--quiet', 'reset-failed', self.manager.unit], stderr=subprocess.DEVNULL)
        run('systemctl', 'restart', self.manager.unit)

    def make_links(self):
        """Every kind of link that the service has in the host, each with addresses of both families or in a bridge, made
        while the manager runs; and another one, whose sight tells that the manager has seen these."""
        commands = (
            'namespace create web', 'veth create @host:eth7=10.9.7.1/24,fd09:7::1/64 web:eth0',
            'veth create @host:eth6=10.9.6.1/24,fd09:6::1/64 web:eth1', 'network create lan --subnet 10.77.0.0/24 --ipv6',
            'connect web lan', 'link create @host tap tap0 addresses=10.9.8.1/24,fd09:8::1/64',
            'veth create web:eth5 web:peer', 'link move web eth5 @host', 'link set @host eth5 up',
            'address add @host eth5 10.9.5.1/24', 'address add @host eth5 fd09:5::1/64')
        self.addCleanup(self.delete_links)
        for command in commands:
            run('netnsctl', *command.split())
        self.given = {name: addresses for name, addresses in list_addresses().items() if name in NAMES}
        # What comes later is also told later.
        run('udevadm', 'settle')
        run('ip', 'link', 'add', 'eth9', 'up', 'type', 'veth', 'peer', 'name', 'eth10')
        wait_for(lambda: self.manager.list_managed().get('eth9'))

    def lose(self, names):
        """Has the manager start with the addresses there, since it might have looked between a link and its addresses."""
        self.reload()
        wait_for(lambda: all(list_addresses()[name] == set() for name in names))

    @staticmethod
    def delete_links():
        run('ip', 'link', 'delete', 'eth9', check=False)
        for command in ('disconnect web lan', 'network delete lan', 'namespace delete web --kill', 'link delete @host tap0'):
            run('netnsctl', *command.split(), check=False)
        wait_for(lambda: {link['ifname'] for link in ip('link')} == {'lo'})

    def see(self):
        """What the manager says of each link of the service, as soon as it has decided."""
        wait_for(lambda: NAMES <= self.manager.list_managed().keys())
        return {name for name, managed in self.manager.list_managed().items() if managed and name in NAMES}

    def write_rules(self, name, text):
        write(f'{RULES}/{name}', text)
        self.addCleanup(self.reload)
        self.addCleanup(os.unlink, f'{RULES}/{name}')

    def test_left_alone(self):
        self.reload()
        self.make_links()
        self.assertEqual(self.see(), set())
        self.assertEqual({name: list_addresses()[name] for name in NAMES}, self.given)
        self.assertEqual({name: len(addresses) for name, addresses in self.given.items()},
                         {'eth5': 2, 'eth6': 2, 'eth7': 2, 'lan': 2, 'tap0': 2, 'veth-web-h': 0})
        self.assertEqual({name for name in (*NAMES, 'eth9') if was_given(name)}, {'eth9', 'lan'})

    def test_after_a_restart(self):
        """Of the manager, which then sees them all at once."""
        self.reload()
        self.make_links()
        self.reload()
        self.assertEqual(self.see(), set())
        self.assertEqual({name: list_addresses()[name] for name in NAMES}, self.given)

    def test_one_taken_out(self):
        self.write_rules('90-local.rules', TAKE_OUT)
        self.reload()
        self.make_links()
        self.lose({'eth7'})
        self.assertEqual(self.see(), {'eth7'})
        self.assertEqual({**self.given, 'eth7': set()}, {name: list_addresses()[name] for name in NAMES})

    def test_without_the_rules(self):
        """The administrator's way to have all of them configured; and proof that these links would be."""
        self.write_rules('70-netnsd.rules', '')
        self.reload()
        self.make_links()
        self.lose({'eth6', 'eth7'})
        self.assertLessEqual({'eth6', 'eth7', 'lan', 'tap0'}, self.see())
        self.assertTrue(was_given('eth7'))


class TestNetworkManager(Hands, unittest.TestCase):
    manager = NetworkManager

    def test_told_by_its_own_means(self):
        self.reload()
        self.make_links()
        run('nmcli', 'device', 'set', 'eth7', 'managed', 'yes')
        wait_for(lambda: list_addresses()['eth7'] == set())
        self.assertEqual(self.see(), {'eth7'})


class TestNetworkd(Hands, unittest.TestCase):
    manager = Networkd

    def test_told_by_its_own_means(self):
        write('/etc/systemd/network/05-local.network', '[Match]\nName=eth7\n[Network]\nIPv6AcceptRA=no\n')
        self.addCleanup(os.unlink, '/etc/systemd/network/05-local.network')
        self.reload()
        self.make_links()
        self.lose({'eth7'})
        self.assertEqual(self.see(), {'eth7'})


if __name__ == '__main__':
    for program in ('/usr/sbin/NetworkManager', '/lib/systemd/systemd-networkd', '/lib/systemd/systemd-udevd'):
        if not os.path.exists(program):
            print(f'There is no {program} here.')
            sys.exit(77)
    unittest.main(verbosity=2)
