# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rows for the table of test-bad-input.py: port forwards that make no sense, or that are taken."""
import os
import socket

from gi.repository import GLib
from netns1 import ROOT

INVALID_ARGUMENT = 'InvalidArgument'


def q(value):
    return GLib.Variant('q', value)


def prepare(test):
    """Takes ports, by forwards to `busy` and by sockets of this process."""
    call = test.root.call
    call(ROOT, 'Manager', 'CreateForward', '(ssqa{sv})', 'busy', 'tcp', 7000, {'count': q(10)})
    call(ROOT, 'Manager', 'CreateForward', '(ssqa{sv})', 'busy', 'tcp', 7100,
         {'listen-address': '10.1.0.1', 'scope': 'host'})
    for kind, port in ((socket.SOCK_STREAM, 7200), (socket.SOCK_DGRAM, 7201)):
        taken = socket.socket(socket.AF_INET, kind)
        test.addCleanup(taken.close)
        taken.bind(('127.0.0.1', port))
        if kind == socket.SOCK_STREAM:
            taken.listen()


def rows(create):
    """create(error, words, namespace, protocol, port, options) makes one."""
    for port, options, words in (
            (0, {}, ['0', '65535']), (80, {'listen-port': q(0)}, ['0', '65535']), (80, {'count': q(0)}, ['0', '1024']),
            (80, {'count': q(1025)}, ['1025', '1024']), (65535, {'count': q(2)}, ['target', '65535', '65536']),
            (80, {'listen-port': q(65530), 'count': q(10)}, ['listening', '65530', '65539']),
            (80, {'scope': 'world'}, ['world', 'loopback, host or public']), (80, {'scope': ''}, ['loopback, host or public']),
            (80, {'listen-address': '192.0.2.1'}, ['192.0.2.1', 'host']), (80, {'listen-address': ''}, []),
            (80, {'listen-address': 'localhost'}, ['localhost']), (80, {'listen-address': '0.0.0.0'}, ['0.0.0.0']),
            (80, {'listen-address': '10.1.0.1/24', 'scope': 'host'}, ['10.1.0.1/24']),
            (80, {'listen-address': '127.0.0.1', 'scope': 'host'}, ['127.0.0.1', 'loopback']),
            (80, {'listen-address': '::1', 'scope': 'public'}, ['::1', 'loopback']),
            (80, {'listen-address': '10.1.0.1'}, ['10.1.0.1', 'host']),
            (80, {'listen-address': 'fd00:51::1', 'scope': 'host'}, ['web', 'IPv6']),  # web has IPv4 only
            (80, {'listen-port': GLib.Variant('u', 80)}, ['listen-port', 'q']), (80, {'colour': 'red'}, ['colour'])):
        yield create(INVALID_ARGUMENT, words, 'web', 'tcp', port, options)
    for protocol in ('icmp', 'TCP', '', '6', 'tcp '):
        yield create(INVALID_ARGUMENT, [f'“{protocol}”', 'tcp, udp or sctp'], 'web', protocol, 80, {})
    yield create(INVALID_ARGUMENT, ['host'], '', 'tcp', 80, {})
    yield create(INVALID_ARGUMENT, ['db', 'connect'], 'db', 'tcp', 80, {})
    yield create('NotFound', ['nope'], 'nope', 'tcp', 80, {})
    for port, options in ((7000, {}), (6999, {'count': q(2)}), (7009, {'count': q(5)}), (6990, {'count': q(100)}),
                          (7005, {'listen-address': '10.1.0.1', 'scope': 'host'})):
        yield create('PortInUse', ['forward 1', 'busy'], 'web', 'tcp', port, options)
    yield create('PortInUse', ['7100', 'forward 2'], 'web', 'tcp', 7100, {})
    for protocol, port in (('tcp', 7200), ('udp', 7201)):
        yield create('PortInUse', [str(port), str(os.getpid()), 'python3'], 'web', protocol, port, {})
    yield create('PortInUse', ['7200'], 'web', 'tcp', 7195, {'count': q(10)})
