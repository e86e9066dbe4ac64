# SPDX-License-Identifier: LGPL-2.1-or-later
# A process on the bus under another uid that calls Namespace.Run once, with descriptors, and stays until its standard
# input ends, as the command's client. It tells on standard output what became of it, one JSON object per line.
# bus/running.py (class Run) is the other end.
import json
import os
import sys

from caller import become

if __name__ == '__main__' and os.geteuid() == 0 and sys.argv[1] != '0':
    become(int(sys.argv[1]), int(sys.argv[2]), [int(group) for group in sys.argv[3:]])

import gi  # noqa: E402

gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib  # noqa: E402

SERVICE = 'org.example.NetNS1'


def say(**message):
    sys.stdout.write(json.dumps(message) + '\n')
    sys.stdout.flush()


class Runner:
    def __init__(self, request):
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        self.bus = Gio.DBusConnection.new_for_address_sync(os.environ['DBUS_SYSTEM_BUS_ADDRESS'], flags, None, None)
        self.loop = GLib.MainLoop()
        self.process = None
        for interface, member in ((SERVICE + '.Process', 'Exited'), ('org.freedesktop.DBus.ObjectManager', None)):
            self.bus.signal_subscribe(None, interface, member, None, None, Gio.DBusSignalFlags.NONE, self.on_signal)
        GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, 0, GLib.IOCondition.HUP, lambda *_: self.loop.quit())
        descriptors = Gio.UnixFDList.new()
        handles = [descriptors.append(fd) for fd in request['fds']]
        for fd in set(request['fds']):
            os.close(fd)
        options = GLib.Variant.parse(GLib.VariantType('a{sv}'), request['options'])
        arguments = GLib.Variant.new_tuple(
            GLib.Variant('as', request['command']), GLib.Variant('as', request['environment']),
            GLib.Variant('s', request['directory']), GLib.Variant('ah', request['handles'] or handles), options)
        message = Gio.DBusMessage.new_method_call(SERVICE, request['path'], SERVICE + '.Namespace', 'Run')
        message.set_body(arguments)
        message.set_unix_fd_list(descriptors)
        if request['interactive']:
            message.set_flags(Gio.DBusMessageFlags.ALLOW_INTERACTIVE_AUTHORIZATION)
        say(name=self.bus.get_unique_name())
        self.bus.send_message_with_reply(message, Gio.DBusSendMessageFlags.NONE, 60000, None, self.on_reply)

    def on_reply(self, bus, result):
        reply = bus.send_message_with_reply_finish(result)
        body = reply.get_body()
        if reply.get_message_type() == Gio.DBusMessageType.ERROR:
            say(error=[reply.get_error_name(), body.unpack()[0] if body and body.n_children() else ''])
        else:
            self.process = body.unpack()[0]
            say(process=self.process)

    def on_signal(self, _bus, _sender, path, _interface, member, arguments):
        values = arguments.unpack()
        say(signal=member, path=path if member == 'Exited' else values[0],
            values=values if member == 'Exited' else None)


if __name__ == '__main__':
    Runner(json.loads(sys.stdin.readline())).loop.run()
