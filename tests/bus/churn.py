# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random changes that somebody makes by hand, with ip: many in one `ip -batch`, in several namespaces at once. Many
fail, because the link is not there or the name is taken; that is part of it."""
import concurrent.futures
import re
import threading

import netns1

NAMESPACES = ['', 'one', 'two', 'three', 'four']
VETHS = [f'v{number}' for number in range(10)]
BRIDGES = ['b0', 'b1']


class Churn:
    def __init__(self, random):
        self.random = random
        self.made = 0  # how many changes the kernel took

    def link(self):
        return self.random.choice(VETHS + BRIDGES)

    def address(self):
        number = self.random.randrange(6)
        return self.random.choice([f'10.{number}.0.{self.random.randrange(1, 4)}/24', f'fd00:{number}::1/64'])

    def create(self, name):
        if self.random.random() < 0.25:
            # With the spanning tree protocol: two veth pairs between two bridges would keep the machine busy. (Its timers
            # are the root bridge's, and come and go without an event.)
            return f'link add {self.random.choice(BRIDGES)} type bridge stp_state 1'
        first, second = self.random.sample(VETHS, 2)
        other = self.random.choice(NAMESPACES)
        # A process of the host stands for it, but only for somebody who sees the host's processes: they all do.
        there = '' if other == name else f' netns {other or 1}'
        return f'link add {first} type veth peer name {second}{there}'

    def route(self, name):
        number = self.random.randrange(6)
        verb = self.random.choice(['add', 'add', 'del'])
        return self.random.choice([f'route {verb} 192.0.{number}.0/24 via 10.{number}.0.3',
                                   f'route {verb} default via 10.{number}.0.2 metric {number}',
                                   f'-6 route {verb} fd01:{number}::/64 dev {self.link()}',
                                   f'route {verb} 198.51.{number}.1 dev {self.link()}'])

    def rare(self, name):
        """Changes for which the kernel waits until no processor still looks at the old state, some 10 ms each."""
        link = self.link()
        return self.random.choice([f'link set {link} down', f'link set {link} nomaster', f'link del {link}',
                                   f'link set {link} netns {self.random.choice(NAMESPACES) or 1}'])

    def set(self, name):
        number = self.random.randrange(6)
        return f'link set {self.link()} ' + self.random.choice([
            'up', f'mtu {1400 + number}', f'address 02:00:00:00:00:0{number}', f'name {self.link()}',
            f'master {self.random.choice(BRIDGES)}', f'master {self.random.choice(BRIDGES)}'])

    def silent(self, name):
        """Changes that the kernel announces only of links that are up (netdev_state_change() in net/core/dev.c)."""
        link, bridge, port = self.link(), self.random.choice(BRIDGES), self.random.choice(VETHS)
        on = self.random.choice(['on', 'off'])
        link, change = self.random.choice([
            (link, f'link set {link} alias text{self.random.randrange(6)}'),
            (link, f'link property {self.random.choice(["add", "del"])} dev {link} altname {self.link()}-too'),
            (bridge, f'link set {bridge} type bridge mcast_snooping {int(on == "on")}'),
            (port, f'link set {port} type bridge_slave ' + self.random.choice([
                f'cost {self.random.randrange(1, 99)}', f'hairpin {on}', f'isolated {on}', f'learning {on}']))])
        # Up again, too: the link may come from another namespace between the first two.
        return f'link set {link} up\n{change}\nlink set {link} up'

    def change(self, name):
        kinds = {self.create: 4, self.set: 12, self.silent: 12, self.route: 6, self.rare: 3,
                 lambda _: f'address add {self.address()} dev {self.link()}': 8,
                 lambda _: f'address del {self.address()} dev {self.link()}': 3}
        return self.random.choices(list(kinds), kinds.values())[0](name)

    def batch(self, name, lines):
        """Has the lines done in one namespace; how many worked."""
        lines = '\n'.join(lines).split('\n')
        text = '\n'.join(lines) + '\n'
        prefix = ['-netns', name] if name else []
        result = netns1.run('ip', *prefix, '-force', '-batch', '-', input=text, check=False)
        return len(lines) - len(re.findall(r'Command failed', result.stderr))

    def round(self, size=40):
        """So many tries in each namespace, all at the same time."""
        batches = {name: [self.change(name) for _ in range(size)] for name in NAMESPACES}
        with concurrent.futures.ThreadPoolExecutor(len(batches)) as executor:
            self.made += sum(executor.map(lambda item: self.batch(*item), batches.items()))

    def rename_namespaces(self):
        """One goes with all that is in it, or comes back."""
        name = self.random.choice(NAMESPACES[1:])
        if name in netns1.namespaces():
            netns1.run('ip', 'netns', 'delete', name)
        else:
            netns1.run('ip', 'netns', 'add', name)
        self.made += 1

    def has_tentative(self):
        """Whether the kernel has not told of some address yet."""
        return any(link.get('addr_info') for name in NAMESPACES if not name or name in netns1.namespaces()
                   for link in netns1.ip('-6', 'address', 'show', 'tentative', namespace=name or None))

    def add_all(self):
        """Without duplicate address detection: the kernel tells of its own addresses only when that is done."""
        for name in NAMESPACES:
            if name and name not in netns1.namespaces():
                netns1.run('ip', 'netns', 'add', name)
            netns1.run('sh', '-c', 'for group in all default; do echo 0 > /proc/sys/net/ipv6/conf/$group/accept_dad; '
                       'done', namespace=name or None)


class Background:
    """Rounds without pause in a thread of their own."""

    def __init__(self, churn, size=30):
        self.end = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(churn, size))

    def _run(self, churn, size):
        while not self.end.is_set():
            churn.round(size)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        self.thread.join()
