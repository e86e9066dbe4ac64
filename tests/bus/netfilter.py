# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sets that nft would not make: nf_tables messages by hand. Run in a namespace, by whoever may change its rules:

  python3 netfilter.py typeof TABLE SET NUMBER...    a set whose user data names its key by an expression NUMBER
  python3 netfilter.py sets TABLE COUNT              COUNT sets
  python3 netfilter.py elements TABLE SET COUNT      a set of COUNT addresses
  python3 netfilter.py networks TABLE SET COUNT      a set of COUNT networks, each with 128 addresses"""
import socket
import struct
import sys

NETLINK_NETFILTER = 12
NFNL_MSG_BATCH_BEGIN, NFNL_MSG_BATCH_END, NFNL_SUBSYS_NFTABLES = 0x10, 0x11, 10
NFT_MSG_NEWTABLE, NFT_MSG_NEWSET, NFT_MSG_NEWSETELEM = 0, 9, 12
NLM_F_REQUEST, NLM_F_ACK, NLM_F_CREATE, NLMSG_ERROR = 0x1, 0x4, 0x400, 2
NFTA_TABLE_NAME = 1
NFTA_SET_TABLE, NFTA_SET_NAME, NFTA_SET_FLAGS, NFTA_SET_KEY_TYPE, NFTA_SET_KEY_LEN, NFTA_SET_ID, NFTA_SET_USERDATA = 1, 2, 3, 4, 5, 10, 13
NFTA_SET_ELEM_LIST_TABLE, NFTA_SET_ELEM_LIST_SET, NFTA_SET_ELEM_LIST_ELEMENTS = 1, 2, 3
NFTA_LIST_ELEM, NFTA_SET_ELEM_KEY, NFTA_SET_ELEM_FLAGS, NFTA_DATA_VALUE = 1, 1, 3, 1
NFT_SET_INTERVAL, NFT_SET_ELEM_INTERVAL_END = 0x4, 0x1
NLA_F_NESTED = 0x8000
# libnftnl/udata.h
UDATA_SET_KEY_TYPEOF, UDATA_TYPEOF_EXPR, UDATA_TYPEOF_DATA = 3, 0, 1
TYPE_IPADDR = 7
INET = 1
ELEMENTS_PER_MESSAGE = 1000


def attribute(kind, value):
    if isinstance(value, str):
        value = value.encode() + b'\0'
    elif isinstance(value, int):
        value = struct.pack('>I', value)
    return struct.pack('=HH', 4 + len(value), kind) + value + b'\0' * (-len(value) % 4)


def udata(kind, value):
    return struct.pack('=BB', kind, len(value)) + value


def message(kind, attributes, flags=NLM_F_CREATE, family=INET, resource=0):
    body = struct.pack('>BBH', family, 0, resource) + attributes
    return struct.pack('=IHHII', 16 + len(body), kind, NLM_F_REQUEST | flags, 1, 0) + body


def nftables(kind, attributes):
    return message(NFNL_SUBSYS_NFTABLES << 8 | kind, attributes)


def send(*messages):
    """One transaction."""
    batch = (message(NFNL_MSG_BATCH_BEGIN, b'', 0, 0, NFNL_SUBSYS_NFTABLES) + b''.join(messages)
             + message(NFNL_MSG_BATCH_END, b'', NLM_F_ACK, 0, NFNL_SUBSYS_NFTABLES))
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * len(batch))
        connection.bind((0, 0))
        connection.send(batch)
        connection.setblocking(False)
        while True:
            try:
                reply = connection.recv(65536)
            except BlockingIOError:
                return
            kind, error = struct.unpack_from('=H', reply, 4)[0], struct.unpack_from('=i', reply, 16)[0]
            if kind == NLMSG_ERROR and error != 0:
                raise OSError(-error, f'nf_tables refused it: {error}')


def new_table(table):
    return nftables(NFT_MSG_NEWTABLE, attribute(NFTA_TABLE_NAME, table))


def new_set(table, name, number, user_data=b'', flags=0):
    return nftables(NFT_MSG_NEWSET, attribute(NFTA_SET_TABLE, table) + attribute(NFTA_SET_NAME, name)
                    + (attribute(NFTA_SET_FLAGS, flags) if flags else b'') + attribute(NFTA_SET_KEY_TYPE, TYPE_IPADDR) + attribute(NFTA_SET_KEY_LEN, 4)
                    + attribute(NFTA_SET_ID, number)
                    + (attribute(NFTA_SET_USERDATA, user_data) if user_data else b''))


def typeof(number):
    expression = udata(UDATA_TYPEOF_EXPR, struct.pack('=I', number)) + udata(UDATA_TYPEOF_DATA, b'')
    return udata(UDATA_SET_KEY_TYPEOF, expression)


def make_typeof(table, name, *numbers):
    send(new_table(table), *[new_set(table, f'{name}{number}', index + 1, typeof(int(number)))
                             for index, number in enumerate(numbers)])


def make_sets(table, count):
    send(new_table(table))
    for first in range(0, int(count), ELEMENTS_PER_MESSAGE):
        send(*[new_set(table, f's{first + index}', index + 1) for index in range(ELEMENTS_PER_MESSAGE)])


def element(key, flags=0):
    return attribute(NFTA_LIST_ELEM | NLA_F_NESTED,
                     attribute(NFTA_SET_ELEM_KEY | NLA_F_NESTED, attribute(NFTA_DATA_VALUE, key))
                     + (attribute(NFTA_SET_ELEM_FLAGS, flags) if flags else b''))


def fill(table, name, elements):
    for first in range(0, len(elements), ELEMENTS_PER_MESSAGE):
        send(nftables(NFT_MSG_NEWSETELEM, attribute(NFTA_SET_ELEM_LIST_TABLE, table)
                      + attribute(NFTA_SET_ELEM_LIST_SET, name)
                      + attribute(NFTA_SET_ELEM_LIST_ELEMENTS | NLA_F_NESTED,
                                  b''.join(elements[first:first + ELEMENTS_PER_MESSAGE]))))


def make_elements(table, name, count):
    send(new_table(table), new_set(table, name, 1))
    fill(table, name, [element(0x0a000000 + index) for index in range(int(count))])


def make_networks(table, name, count):
    send(new_table(table), new_set(table, name, 1, flags=NFT_SET_INTERVAL))
    fill(table, name, [element(0x0a000000 + 256 * (index // 2) + 128 * (index % 2), NFT_SET_ELEM_INTERVAL_END * (index % 2))
                       for index in range(2 * int(count))])


if __name__ == '__main__':
    {'typeof': make_typeof, 'sets': make_sets, 'elements': make_elements, 'networks': make_networks}[sys.argv[1]](*sys.argv[2:])
