#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stands for a service that is restarted while a command of netnsctl exec ends. It runs nothing, leaves the bus and comes back,
and tells the client at once that the command has ended and that it knows of no such command; the client is stopped meanwhile,
so that it hears both together. Says `ready` when it can be called, and ends when it was asked for the command."""
import os
import signal
import sys

import gi

gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib  # noqa: E402

NAME = 'org.example.NetNS1'
PROCESS = '/org/example/NetNS1/process/1'
NAMESPACE_XML = '''<node><interface name="org.example.NetNS1.Namespace"><method name="Run">
  <arg type="as" direction="in"/><arg type="as" direction="in"/><arg type="s" direction="in"/><arg type="ah" direction="in"/>
  <arg type="a{sv}" direction="in"/><arg type="o" direction="out"/></method></interface></node>'''
PROPERTIES_XML = '''<node><interface name="org.freedesktop.DBus.Properties"><method name="GetAll">
  <arg type="s" direction="in"/><arg type="a{sv}" direction="out"/></method></interface></node>'''


class Service:
    def __init__(self):
        self.loop = GLib.MainLoop()
        self.bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
        for path, xml, function in (('/org/example/NetNS1/namespace/web', NAMESPACE_XML, self.on_run),
                                    (PROCESS, PROPERTIES_XML, self.on_asked)):
            self.bus.register_object(path, Gio.DBusNodeInfo.new_for_xml(xml).interfaces[0], function, None, None)
        self.owner = self.own()

    def own(self):
        return Gio.bus_own_name_on_connection(self.bus, NAME, Gio.BusNameOwnerFlags.NONE,
                                              lambda *_: print('ready', flush=True), None)

    def on_run(self, *arguments):
        arguments[-1].return_value(GLib.Variant('(o)', (PROCESS,)))
        GLib.timeout_add(200, self.restart)  # until the client looks

    def restart(self):
        Gio.bus_unown_name(self.owner)
        self.owner = self.own()
        return True

    def on_asked(self, _bus, sender, *arguments):
        pid = self.bus.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus',
                                 'GetConnectionUnixProcessID', GLib.Variant('(s)', (sender,)), None, 0, -1).unpack()[0]
        os.kill(pid, signal.SIGSTOP)
        self.bus.emit_signal(None, PROCESS, NAME + '.Process', 'Exited', GLib.Variant('(ii)', (8, 0)))
        arguments[-1].return_dbus_error('org.freedesktop.DBus.Error.UnknownObject', 'It is forgotten')
        self.bus.flush_sync()
        # The bus has passed both on when it has answered another one.
        self.bus.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'GetId', None, None, 0, -1)
        os.kill(pid, signal.SIGCONT)
        self.loop.quit()


if __name__ == '__main__':
    Service().loop.run()
    sys.exit(0)
