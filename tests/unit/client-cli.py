#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# What netnsctl answers to a wrong command line and without a service: exit status, one line, nothing on standard output.
import os
import subprocess
import sys
import tempfile

NETNSCTL = os.path.abspath(sys.argv[1])
NOWHERE = {'DBUS_SYSTEM_BUS_ADDRESS': 'unix:path=/nonexistent/bus', 'LC_ALL': 'C.UTF-8', 'PATH': os.environ['PATH']}

# Arguments, and what the line must say.
WRONG = [
    ([], 'see “netnsctl --help”'),
    (['foo'], 'Unknown command “foo”; see “netnsctl --help”'),
    (['-x'], 'Unknown option “-x”; see “netnsctl --help”'),
    (['forward', 'create', 'web', 'tcp', '0:80'], 'Invalid port “0”: must be between 1 and 65535'),
    (['forward', 'create', 'web', 'tcp', '8080:0'], 'Invalid port “0”: must be between 1 and 65535'),
    (['namespace'], 'expected one of: list, show, create, delete, rename, adopt, identify, processes, sysctl, owner'),
    (['namespace', 'foo'], 'Unknown command “namespace foo”; expected one of: list,'),
    (['namespace', 'sysctl', 'a'], 'Usage: netnsctl namespace sysctl NS KEY[=VALUE]...'),
    (['namespace', 'show'], 'Usage: netnsctl namespace show NS'),
    (['namespace', 'show', ''], 'the host namespace is called @host'),
    (['namespace', 'show', 'a', 'b'], 'Unexpected argument “b”. Usage: netnsctl namespace show NS'),
    (['namespace', 'create', '@host'], 'choose another name'),
    (['namespace', 'create', b'\xff'], 'Argument 1 is not valid UTF-8'),
    (['namespace', 'owner', 'a', 'no such user'], 'give a name, a user ID, or - for nobody'),
    (['-H', 'h', 'namespace', 'owner', 'a', 'root'], 'give the user ID'),
    (['link', 'create', '@host', 'veth', 'a'], 'use “netnsctl veth create NS:LINK NS:LINK”'),
    (['link', 'create', 'a', 'tap', 'b', 'colour=red'], 'Cannot set “colour=red”; use KEY=VALUE with one of: addresses,'),
    (['link', 'create', 'a', 'tap', 'b', 'mtu'], 'Cannot set “mtu”; use KEY=VALUE'),
    (['link', 'create', 'a', 'tap', 'b', 'mtu=1', 'mtu=2'], '“mtu” is given twice'),
    (['link', 'create', 'a', 'tap', 'b', 'mtu=x'], 'Invalid value “x” for mtu; give a number'),
    (['link', 'create', 'a', 'tap', 'b', 'up=maybe'], 'Invalid value “maybe” for up; use on or off'),
    (['link', 'create', 'a', 'tap', 'b', 'owner=no such user'], 'There is no user'),
    (['link', 'create', 'a', 'vxlan', 'b', 'port=65536'], 'Invalid value “65536” for port; give a number from 0 to 65535'),
    (['link', 'create', 'a', 'macvlan', 'b', 'link-namespace='], 'the host namespace is called @host'),
    (['bridge', 'set', 'a', 'b'], 'Usage: netnsctl bridge set NS BRIDGE KEY=VALUE...'),
    (['bridge', 'set', 'a', 'b', 'cost=1'], 'with one of: stp, allow-loop, vlan-filtering, forward-delay, ageing-time,'),
    (['bridge', 'create', 'a', 'b', 'allow-loop=on'], 'Cannot set “allow-loop=on”'),
    (['bridge', 'port', 'a', 'b', 'stp=on'], 'with one of: cost, hairpin, isolated, learning'),
    (['link', 'set', 'a', 'b'], 'Usage: netnsctl link set NS LINK up|down|'),
    (['link', 'set', 'a', 'b', 'up', 'mtu'], 'Missing value after “mtu”'),
    (['link', 'set', 'a', 'b', 'up', 'mtu', '1x'], 'Invalid value “1x” for mtu'),
    (['link', 'set', 'a', 'b', 'sideways'], 'Cannot set “sideways”'),
    (['link', 'set', 'a', 'b', 'rate', '8mb'], 'Invalid rate “8mb”; give bits per second'),
    (['link', 'set', 'a', 'b', 'rate', 'mbit'], 'Invalid rate “mbit”'),
    (['link', 'set', 'a', 'b', 'rate', '18446744073709551615gbit'], 'Invalid rate'),
    (['link', 'set', 'a', 'b', 'rate', ''], 'Invalid rate “”'),
    (['veth', 'create', 'a', 'b:c'], 'Invalid veth end “a”; expected NS:LINK'),
    (['veth', 'create', 'a:b=', 'c:d'], 'leave out “=”'),
    (['route', 'add', 'a', 'default', 'via'], 'Missing value after “via”'),
    (['route', 'add', 'a', 'default', 'proto', 'b'], 'Unexpected “proto”'),
    (['dns'], 'Usage: netnsctl dns NS [SERVER]... [--search DOMAIN]...'),
    (['network', 'create'], 'Usage: netnsctl network create NAME [--subnet CIDR]... [--nat]'),
    (['network', 'create', 'a', '--subnet'], 'write --subnet=CIDR'),
    (['network', 'create', 'a', '--mtu', 'big'], 'Invalid value “big” for mtu; give a number'),
    (['network', 'create', 'a', '--nat=yes'], 'leave out “yes”'),
    (['network', 'create', 'a', '--uplnk', 'b'], 'Unknown option “--uplnk”'),
    (['network', 'nat', 'a', 'maybe'], 'use on or off'),
    (['firewall'], 'expected one of: show, policy, add, remove, ruleset'),
    (['firewall', 'a'], 'Missing command after “firewall”'),
    (['firewall', 'a', 'foo'], 'Unknown command “firewall foo”'),
    (['firewall', 'a', 'policy', 'input'], 'Usage: netnsctl firewall NS policy CHAIN POLICY'),
    (['firewall', '', 'show'], 'the host namespace is called @host'),
    (['firewall', 'a', 'add', 'input', 'tcp', '80', 'tcp', 'accept'], 'Unexpected “tcp”'),
    (['firewall', 'a', 'add', 'input', 'from', 'accept'], 'Missing value after “from”'),
    (['firewall', 'a', 'add', 'input', 'drop', '--position', 'x'], 'Invalid value “x” for position'),
    (['firewall', 'a', 'remove', 'x'], 'Invalid value “x” for handle'),
    (['nat', 'create', '@host'], 'Usage: netnsctl nat create NS SUBNET...'),
    (['nat', 'delete', 'x'], 'Invalid value “x” for ID'),
    (['exec', 'web'], 'Usage: netnsctl exec NS [--] COMMAND...'),
    (['exec', 'web', '--'], 'Missing command to run'),
    (['exec', 'web', '--', ''], 'Missing command to run'),
    (['exec', 'web', '-x', 'true'], 'write -- before a command that begins with a dash'),
    (['exec', '', 'true'], 'the host namespace is called @host'),
    (['-H', 'h', 'exec', 'web', 'true'], 'use ssh for that'),
    (['forward', 'create', 'a', 'tcp'], 'Usage: netnsctl forward create NS PROTOCOL [ADDRESS:]PORT:PORT [--scope SCOPE]'),
    (['forward', 'create', 'a', 'tcp', '80'], 'Invalid port mapping “80”; expected [ADDRESS:]PORT:PORT, such as 8080:80'),
    (['forward', 'create', 'a', 'tcp', '80:x'], 'Invalid port “x”'),
    (['forward', 'create', 'a', 'tcp', '65536:80'], 'Invalid port “65536”'),
    (['forward', 'create', 'a', 'tcp', '90-80:80'], 'Invalid port range “90-80”'),
    (['forward', 'create', 'a', 'tcp', '80-89:80-88'], 'listens on 10 ports but forwards to 9'),
    (['forward', 'delete', 'x'], 'Invalid value “x” for ID'),
    (['status', '--json=xml'], 'Invalid --json value “xml”; use short, pretty or off'),
    (['--host=', 'status'], 'use --host=[USER@]HOST'),
    (['-H'], 'write --host=[USER@]HOST'),
]

# All that needs the service: reading, changing, and looking up what to change.
WITHOUT_SERVICE = [
    ['status'], ['tree'], ['monitor'], ['namespace', 'list'], ['namespace', 'create', 'a'], ['link', 'delete', 'a', 'b'],
    ['--json=short', 'nat', 'list'], ['--busctl', 'link', 'delete', 'a', 'b'],
]

# What can be printed without any bus.
BUSCTL = [
    (['namespace', 'create', 'a b'], "org.example.NetNS1.Manager CreateNamespace 'sa{sv}' 'a b' 0"),
    (['connect', 'web', 'br', '--no-default-route', '--address', '10.0.0.2/24'],
     "org.example.NetNS1.Manager Connect 'ssa{sv}' web br 2 addresses as 1 10.0.0.2/24 default-route b false"),
    (['namespace', 'delete', 'a.b'], "/org/example/NetNS1/namespace/a_2eb org.example.NetNS1.Namespace Delete 'a{sv}' 0"),
    (['link', 'create', '@host', 'tap', 't', 'addresses=10.0.0.1/24,fd00::1/64', 'up=off', 'owner=7'],
     "CreateTap 'ssa{sv}' '' t 3 addresses as 2 10.0.0.1/24 fd00::1/64 up b false owner u 7"),
    (['link', 'create', 'a', 'macvlan', 'm', 'link=eth0', 'link-namespace=@host'],
     "CreateLink 'sssa{sv}' a macvlan m 2 link s eth0 link-namespace s ''"),
    (['link', 'create', 'a', 'vxlan', 'x', 'id=5', 'port=4789', 'learning=no'],
     "CreateLink 'sssa{sv}' a vxlan x 3 id u 5 port q 4789 learning b false"),
    (['link', 'create', 'a', 'bridge', 'b'], "CreateBridge 'ssa{sv}' a b 0"),
    (['forward', 'create', 'web', 'tcp', '8080:80'], "CreateForward 'ssqa{sv}' web tcp 80 1 listen-port q 8080"),
    (['forward', 'create', 'web', 'udp', '[fd00::1]:8000-8009:9000-9009', '--scope', 'host'],
     "CreateForward 'ssqa{sv}' web udp 9000 4"),
    (['forward', 'create', 'web', 'udp', '10.0.0.1:53:53'], 'listen-address s 10.0.0.1'),
    (['dns', 'web', '10.0.0.1', '--search=a'],
     "/org/example/NetNS1/namespace/web org.example.NetNS1.Namespace SetDns asas 1 10.0.0.1 1 a"),
    (['dns', 'web', '-'], "org.example.NetNS1.Namespace SetDns asas 0 0"),
    (['dns', 'web'], 'org.freedesktop.DBus.ObjectManager GetManagedObjects'),
    (['bridge', 'create', 'a', 'b', 'stp=on', 'mtu=1400'], "CreateBridge 'ssa{sv}' a b 2 stp b true mtu u 1400"),
    (['neighbour', 'list', '@host'], '/namespace/_host org.example.NetNS1.Namespace ListNeighbours'),
    (['network', 'create', 'a', '--mtu=1400'], "CreateNetwork 'sa{sv}' a 1 mtu u 1400"),
    (['firewall', 'isolated', 'add', 'input', 'tcp', '80', 'accept'],
     "/org/example/NetNS1/namespace/isolated org.example.NetNS1.Firewall AddRule 'a{sv}' 4 chain s input protocol s tcp "
     'destination-ports as 1 80 action s accept'),
    (['firewall', '@host', 'policy', 'input', 'drop'],
     '/org/example/NetNS1/namespace/_host org.example.NetNS1.Firewall SetPolicy ss input drop'),
    (['exec', '@host', 'ls', '--json=short', '-x'], "/namespace/_host org.example.NetNS1.Namespace Run 'asassaha{sv}' 3 ls"),
    (['namespace', 'sysctl', 'a', 'net.core.somaxconn=5'],
     "/namespace/a org.example.NetNS1.Namespace SetSysctl ss net.core.somaxconn 5"),
    (['namespace', 'sysctl', 'a', 'net.ipv4.tcp_rmem=1 2 3'], "SetSysctl ss net.ipv4.tcp_rmem '1 2 3'"),
    (['namespace', 'sysctl', 'a', 'net.core.somaxconn'], 'org.example.NetNS1.Namespace GetSysctl s net.core.somaxconn'),
    (['network', 'delete', 'a:b:lan'], '/namespace/a_3ab/network/lan org.example.NetNS1.Network Delete'),
    (['network', 'nat', '@host:lan', 'on'], '/org/example/NetNS1/network/lan org.example.NetNS1.Network SetNat b true'),
    (['connect', 'web', 'web:lan'], "Connect 'ssa{sv}' web web:lan 0"),
    (['disconnect', 'web', '@host:lan'], 'Disconnect ss web lan'),
    (['tree'], 'org.freedesktop.DBus.ObjectManager GetManagedObjects'),
]

results = []


def run(arguments, environment=NOWHERE):
    return subprocess.run([NETNSCTL, *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60, check=False)


def check(name, result, status, says):
    fine = (result.returncode == status and says in result.stderr and result.stderr.startswith('netnsctl: ')
            and result.stderr.count('\n') == 1 and result.stdout == '')
    results.append(fine)
    print(f'{"ok" if fine else "not ok"} {len(results)} {name}')
    if not fine:
        print(f'# {result}')


def check_output(name, result, says):
    fine = result.returncode == 0 and says in result.stdout and result.stderr == ''
    results.append(fine)
    print(f'{"ok" if fine else "not ok"} {len(results)} {name}')
    if not fine:
        print(f'# {result}')


def check_empty_bus():
    """A bus without the service: the error comes from the bus and not from the connection."""
    with tempfile.TemporaryDirectory() as folder:
        config = os.path.join(folder, 'bus.conf')
        with open(config, 'w', encoding='utf-8') as file:
            file.write(f'<busconfig><type>session</type><listen>unix:path={folder}/bus</listen>'
                       '<policy context="default"><allow user="*"/><allow send_destination="*" eavesdrop="true"/>'
                       '<allow eavesdrop="true"/></policy></busconfig>')
        with subprocess.Popen(['dbus-daemon', f'--config-file={config}', '--nofork', '--print-address'],
                              stdout=subprocess.PIPE, text=True) as bus:
            address = bus.stdout.readline().strip()
            environment = {**NOWHERE, 'DBUS_SYSTEM_BUS_ADDRESS': address}
            for arguments in WITHOUT_SERVICE:
                check('no service: ' + ' '.join(arguments), run(arguments, environment), 5, 'systemctl start netnsd')
            bus.terminate()


def check_ssh():
    """An ssh that does not get there, and one that is not there."""
    with tempfile.TemporaryDirectory() as folder:
        check('no ssh', run(['-H', 'h', 'status'], {**NOWHERE, 'PATH': folder}), 5, 'check “ssh h systemd-stdio-bridge”')
        ssh = os.path.join(folder, 'ssh')
        with open(ssh, 'w', encoding='utf-8') as file:
            file.write('#!/bin/sh\n[ "$*" = "-xT -- -oProxyCommand=x systemd-stdio-bridge" ] || exit 0\nexit 255\n')
        os.chmod(ssh, 0o755)
        check('ssh fails', run(['--host=-oProxyCommand=x', 'status'], {**NOWHERE, 'PATH': folder}), 5, 'Cannot reach the')


for typed, line in WRONG:
    check('wrong: ' + ' '.join(map(str, typed)), run(typed), 2, line)
for typed in WITHOUT_SERVICE:
    check('no bus: ' + ' '.join(typed), run(typed), 5, 'Cannot reach the system bus')
check_empty_bus()
check_ssh()
for typed, line in BUSCTL:
    check_output('busctl: ' + ' '.join(typed), run(['--busctl', *typed]), line)
check_output('help', run(['--help']), 'network create NAME [OPTION]...')
check_output('help as a command', run(['help']), 'network create NAME [OPTION]...')
check_output('help as a command, of an object', run(['help', 'network']), '--no-gateway')
check_output('keys in help', run(['help', 'bridge']), '      forward-delay=0..3000      Time a port spends')
check_output('keys in help of links', run(['link', '--help']), '      mode=')
check_output('help of an object', run(['network', '--help']), '--no-gateway')
check_output('help wins over what is missing', run(['link', 'show', '--help']), 'link show NS LINK')
check_output('version', run(['--version']), 'netnsctl ')
with open('/dev/full', 'w', encoding='utf-8') as full:
    spilled = subprocess.run([NETNSCTL, '--help'], env=NOWHERE, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    spilled.stdout = ''
    check('full disk', spilled, 1, 'Cannot write the output')
print(f'1..{len(results)}')
sys.exit(0 if all(results) else 1)
