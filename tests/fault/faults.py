# SPDX-License-Identifier: LGPL-2.1-or-later
"""All or nothing: each call to the kernel that a method makes is made to fail once (fail-nth.c), and each time the
method must fail with an error of its own and leave the kernel, /run/netnsd and the bus as they were."""
import errno
import itertools
import json
import mmap
import os
import re
import stat
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'bus'))

import netns1  # noqa: E402
import truth  # noqa: E402
from services import STATE  # noqa: E402

LAYOUT = struct.Struct('iiii112s')  # struct Counter
MOST_CALLS = 400
ERRNO = errno.EIO  # which no code takes for anything else than a failure

# Different each time that a thing is made anew, or given by the kernel a moment later. (MACs: of the links; the handle
# is that of a rule.)
EACH_TIME_NEW = {'ifindex', 'link_netnsid', 'address', 'broadcast', 'permanent address', 'handle', 'root_id', 'bridge_id',
                 'designated_bridge', 'designated_root', 'link'}
LATER_PROPERTIES = {'Carrier', 'OperState', 'State'}


class Fault:
    """The counter that this process shares with netnsd."""

    def __init__(self):
        path = os.path.join(STATE, 'fail-nth')
        with open(path, 'wb+') as file:
            file.truncate(LAYOUT.size)
            self.memory = mmap.mmap(file.fileno(), LAYOUT.size)
        netns1.preload(os.environ['FAIL_NTH'], FAIL_NTH_FILE=path)

    def arm(self, number, error_number=ERRNO):
        self.memory[:] = LAYOUT.pack(0, 0, error_number, 0, b'')
        self.memory[:4] = struct.pack('i', number)

    def disarm(self):
        """Which call failed, None if there were not that many."""
        self.memory[:4] = struct.pack('i', 0)
        _, _, _, fired, call = LAYOUT.unpack(self.memory[:])
        return call.rstrip(b'\0').decode().strip() if fired else None


def without(value, keys):
    if isinstance(value, dict):
        return {key: without(item, keys) for key, item in value.items() if key not in keys}
    if isinstance(value, list):
        return [without(item, keys) for item in value]
    return value


def read_files(folder='/run/netnsd'):
    """What each file holds. Empty folders are no state."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            if stat.S_ISSOCK(os.stat(os.path.join(place, name)).st_mode):
                continue
            with open(os.path.join(place, name)) as file:
                found[os.path.join(place, name)] = file.read()
    return found


def read_tree(caller):
    """What the bus shows, without what the kernel changes by itself a moment later."""
    tree = without(truth.lasting(caller.managed_objects()), LATER_PROPERTIES)
    for interfaces in tree.values():
        link = interfaces.get('org.example.NetNS1.Link', {})
        link['Addresses'] = sorted(address for address, _ in link.get('Addresses', [])
                                   if not address.startswith('fe80:'))
        link['AddressData'] = sorted((without(data, {'flags'}) for data in link.get('AddressData', [])
                                      if not data['address'].startswith('fe80:')), key=str)
        namespace = interfaces.get('org.example.NetNS1.Namespace', {})
        namespace['Routes'] = [route for route in namespace.get('Routes', []) if not route[0].startswith('fe80:')]
        namespace['RouteData'] = [route for route in namespace.get('RouteData', [])
                                  if not route['destination'].startswith('fe80:')]
    return tree


# Identities of what is remembered, hardware addresses in elements of sets, and link-local addresses made of them.
CHOSEN_BY_CHANCE = re.compile(r'(?<=Identity=)\d+|(?:[0-9a-f]{2}:){5}[0-9a-f]{2}|fe80::[0-9a-f:]+|0xfe80[0-9a-f]+')


ORDERS = {'elem': json.dumps, 'links': lambda link: link['name']}


def in_order(value):
    """With the elements of sets sorted, which the kernel lists by a hash, and links, which it lists by their numbers."""
    if isinstance(value, list):
        return [in_order(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: sorted(map(in_order, item), key=ORDERS[key]) if key in ORDERS and isinstance(item, list)
            else in_order(item) for key, item in value.items()}


class State:
    """All that a call could leave a trace in."""

    def __init__(self, caller):
        self.kernel = without(json.loads(netns1.snapshot()), {'handle'})
        # Which empty file a namespace is mounted on is nobody's business.
        self.kernel['@files'] = [line.split()[0] for line in self.kernel['@files']]
        self.files = read_files()
        self.tree = read_tree(caller)

    def text(self):
        return json.dumps([self.kernel, self.files, self.tree], indent=1, sort_keys=True)

    def outline(self):
        """The same for a thing that is made twice."""
        text = json.dumps([without(self.kernel, EACH_TIME_NEW), sorted(self.files.values())])
        return json.dumps(in_order(json.loads(CHOSEN_BY_CHANCE.sub('*', text))), indent=1, sort_keys=True)


class TestCase(netns1.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fault = Fault()
        netns1.NETNSD.restart()

    def manager(self, method, signature, *values):
        return self.root.call(netns1.ROOT, 'Manager', method, signature, *values)

    def namespace(self, name, method, signature=None, *values):
        path = f'{netns1.ROOT}/namespace/{name or "_host"}'
        return self.root.call(path, 'Namespace', method, signature, *values)

    def link(self, namespace, name, method, signature=None, *values):
        return self.root.call(self.root.link(namespace, name), 'Link', method, signature, *values)

    def network(self, name, method, signature=None, *values):
        return self.root.call(netns1.network_path(name), 'Network', method, signature, *values)

    def make_namespaces(self, *names):
        for name in names:
            self.root.create_namespace(name)

    def walk(self, call, back, at_least):
        """Has each call to the kernel fail once that call() makes, of which there are some; back() reverts it."""
        call()
        done = State(self.root).outline()
        back()
        before = State(self.root)
        for number in itertools.count(1):
            self.assertLess(number, MOST_CALLS, 'the call never succeeds')
            error, where = self.call_with_fault(call, number)
            if where is None:
                self.assertIsNone(error)
                break
            why = f'call {number}, {where}, fails, and the method says {error}: '
            if error is None:
                self.assert_done(done, why)
                back()
                before = State(self.root)
            else:
                self.assert_refused(error, before, why)
        self.assert_done(done)
        self.assertGreater(number, at_least, 'the library does not see the calls')

    def call_with_fault(self, call, number):
        self.root.managed_objects()  # nothing is under way
        self.fault.arm(number)
        try:
            call()
        except netns1.BusError as refusal:
            return refusal, self.fault.disarm()
        return None, self.fault.disarm()

    def assert_refused(self, error, before, why):
        self.assertTrue(error.full_name.startswith(netns1.ERROR_PREFIX), why)
        self.assertNotEqual(error.name, 'RolledBack', why)
        self.assertNotIn('GDBus', error.message)
        now = State(self.root).text()
        if now != before.text():
            self.fail(f'{why}this is left:\n' + netns1.difference(before.text(), now))

    def assert_done(self, done, why='nothing fails: '):
        """If something failed, then what the method can do without."""
        try:
            netns1.wait_for(lambda: State(self.root).outline() == done)
        except TimeoutError:
            self.fail(f'{why}it is half done:\n' + netns1.difference(done, State(self.root).outline()))
