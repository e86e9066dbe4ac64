# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program that follows the service by its signals alone: it asks once what there is, and from then on believes what
it is told. What a call has changed must be there when its reply comes: signals and reply go through one connection, and
are handled in the order of the bus.

  with watch.Watcher() as watcher:
      watcher.call(netns1.ROOT, 'Manager', 'CreateNamespace', '(sa{sv})', 'web', {})
      watcher.tree[netns1.ROOT + '/namespace/web']     # already
      watcher.wait(lambda: ..., 'what')                # for what others do"""
import os
import time

import netns1
from gi.repository import Gio, GLib

MANAGER = 'org.freedesktop.DBus.ObjectManager'
PROPERTIES = 'org.freedesktop.DBus.Properties'
# They go and come back by themselves, sometimes between two looks of the service: it says then what they are.
FLICKERING = {'Carrier', 'OperState', 'State'}
# Lists of which each entry comes and goes by a signal of its own; a list of more than so many entries has no other.
LISTS = {'Lease': 'Leases', 'Port': 'Ports'}
ENTRIES_MAX = 256


class Watcher:
    def __init__(self):
        self.context = GLib.MainContext.new()
        self.context.push_thread_default()
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        self.connection = Gio.DBusConnection.new_for_address_sync(os.environ['DBUS_SYSTEM_BUS_ADDRESS'], flags, None,
                                                                  None)
        self.tree = {}
        self.lists = {}  # (path, property) -> the list, followed by what comes and goes
        self.signals = []  # (path, member, arguments)
        self.defects = []  # signals that should not have been
        self.connection.signal_subscribe(netns1.SERVICE, None, None, None, None, Gio.DBusSignalFlags.NONE,
                                         self._on_signal)
        tree = self.call(netns1.ROOT, MANAGER, 'GetManagedObjects')
        self.tree = tree
        self.lists.clear()
        for path, interfaces in tree.items():
            for properties in interfaces.values():
                self._take_lists(path, properties)
        self.signals.clear()
        self.defects.clear()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close_sync(None)
        self.context.pop_thread_default()

    # ---- signals

    def _on_signal(self, _connection, _sender, path, interface, member, arguments):
        arguments = arguments.unpack()
        self.signals.append((path, member, arguments))
        if interface == MANAGER:
            getattr(self, '_on_' + member)(*arguments)
        elif interface == PROPERTIES:
            self._on_changed(path, *arguments)
        else:
            kind, _, change = member.rpartition('Added' if member.endswith('Added') else 'Removed')
            if not change and kind in LISTS:
                self._on_entry(path, LISTS[kind], member.endswith('Added'), arguments if len(arguments) > 1 else arguments[0])

    def _take_lists(self, path, properties):
        for name in LISTS.values():
            if name in properties:
                self.lists[path, name] = list(properties[name])

    def _on_entry(self, path, name, added, entry):
        entries = self.lists.get((path, name))
        if entries is None or not added and entry not in entries:
            self.defects.append(f'{path} {"adds" if added else "removes"} {entry}, while {name} is {entries}')
        elif added:
            entries.append(entry)
        else:
            entries.remove(entry)

    def _on_InterfacesAdded(self, path, interfaces):
        known = self.tree.setdefault(path, {})
        for name, properties in interfaces.items():
            if name in known:
                self.defects.append(f'{path} gets {name} a second time')
            known[name] = properties
            self._take_lists(path, properties)

    def _on_InterfacesRemoved(self, path, interfaces):
        for name in interfaces:
            properties = self.tree.get(path, {}).pop(name, None)
            if properties is None:
                self.defects.append(f'{path} loses {name}, which it did not have')
            for property in properties or ():
                self.lists.pop((path, property), None)
        if not self.tree.get(path, True):
            del self.tree[path]

    def _on_changed(self, path, interface, changed, invalidated):
        known = self.tree.get(path, {}).get(interface)
        if path == netns1.ROOT:
            return
        if known is None:
            self.defects.append(f'{path} changes {sorted(changed)} of {interface}, which it does not have')
            return
        for name, value in changed.items():
            if known[name] == value and name not in FLICKERING:
                self.defects.append(f'{path} says again that {name} is {value}')
            if name in LISTS.values() and sorted(value) != sorted(self.lists[path, name]):
                self.defects.append(f'{path} says that {name} is {value}, but not what came and went')
            known[name] = value
        for name in invalidated:
            if len(self.lists.get((path, name), ())) <= ENTRIES_MAX:
                self.defects.append(f'{path} does not say what {name} is')

    # ---- calls

    def call(self, path, interface, method, signature=None, *values):
        """As Caller.call(), as the user that runs the test."""
        arguments = None
        if signature is not None:
            types = netns1.split_signature(signature[1:-1])
            arguments = GLib.Variant.new_tuple(*[netns1.to_variant(*pair) for pair in zip(types, values, strict=True)])
        replies = []
        self.connection.call(netns1.SERVICE, path, netns1.full_interface(interface), method, arguments, None,
                             Gio.DBusCallFlags.NONE, netns1.PATIENCE * 1000, None, lambda _, result: replies.append(result))
        while not replies:
            self.context.iteration(True)
        try:
            results = self.connection.call_finish(replies[0]).unpack()
        except GLib.Error as error:
            raise netns1.BusError(Gio.DBusError.get_remote_error(error) or str(error), error.message) from None
        return None if not results else results[0] if len(results) == 1 else results

    def settle(self):
        """Handles what has been sent by now, and never a part of what belongs together: a namespace that lists a link
        is told by one signal, and the link by the next."""
        netns1.wait_for(self._hears_nothing, what='the signals to end')

    def _hears_nothing(self):
        """Asks for a property, which is read where the signals are made; GDBus answers a Ping in between."""
        heard = len(self.signals)
        self.call(netns1.ROOT, PROPERTIES, 'Get', '(ss)', netns1.full_interface('Manager'), 'Version')
        return len(self.signals) == heard

    def wait(self, predicate, what, timeout=netns1.PATIENCE):
        """For a signal after which predicate() is true; returns its value."""
        deadline = time.monotonic() + timeout
        while True:
            value = predicate()
            if value:
                return value
            if time.monotonic() > deadline:
                raise AssertionError(f'{what}: no signal said so within {timeout} s')
            if not self.context.iteration(False):
                time.sleep(0.002)

    # ---- the tree

    def namespace(self, name):
        """The object path of a namespace, None while there is none."""
        return next((path for path, interfaces in self.tree.items()
                     if interfaces.get('org.example.NetNS1.Namespace', {}).get('Name') == name), None)

    def link(self, namespace, name):
        """The object path of a link, None while there is none."""
        place = self.namespace(namespace)
        return next((path for path, interfaces in self.tree.items()
                     if (link := interfaces.get('org.example.NetNS1.Link')) and link['Namespace'] == place
                     and link['Name'] == name), None)

    def get(self, path, interface, name):
        """A property as it was last told, None if there is no such thing."""
        return self.tree.get(path, {}).get(netns1.full_interface(interface), {}).get(name)
