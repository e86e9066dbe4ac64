# SPDX-License-Identifier: LGPL-2.1-or-later
# A file system with one file, which answers everybody but one process: `fuse.py FOLDER PID` mounts it on FOLDER, as root.
# Prints `ready`, and a line for each request that it does not answer. Each close of the file asks it, too.
#
# The protocol: include/uapi/linux/fuse.h.
import ctypes
import errno
import os
import stat
import struct
import sys
import tempfile

FORGET, BATCH_FORGET, INTERRUPT = 2, 42, 36  # which want no answer
LOOKUP, GETATTR, OPEN, READ, RELEASE, FLUSH, INIT, OPENDIR, RELEASEDIR = 1, 3, 14, 15, 18, 25, 26, 27, 29
ROOT, FILE = 1, 2


def attributes(node):
    mode = stat.S_IFDIR | 0o755 if node == ROOT else stat.S_IFREG | 0o644
    return struct.pack('<6Q10I', node, 6, 1, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def answer(opcode, node):
    if opcode == INIT:
        return struct.pack('<4I2H2I2H8I', 7, 31, 65536, 0, 12, 9, 65536, 1, 16, 0, *[0] * 8)
    if opcode == LOOKUP:
        return struct.pack('<4Q2I', FILE, 1, 0, 0, 0, 0) + attributes(FILE)
    if opcode == GETATTR:
        return struct.pack('<Q2I', 0, 0, 0) + attributes(node)
    if opcode in (OPEN, OPENDIR):
        return struct.pack('<Q2I', 1, 0, 0)
    return {READ: b'hello\n', RELEASE: b'', RELEASEDIR: b'', FLUSH: b''}.get(opcode)


def open_device():
    """Which a container may lack, although its kernel has it."""
    if os.path.exists('/dev/fuse'):
        return os.open('/dev/fuse', os.O_RDWR)
    with tempfile.TemporaryDirectory() as folder:
        os.mknod(f'{folder}/fuse', stat.S_IFCHR | 0o600, os.makedev(10, 229))  # Documentation/admin-guide/devices.txt
        return os.open(f'{folder}/fuse', os.O_RDWR)


def main(folder, pid):
    device = open_device()
    options = f'fd={device},rootmode=40000,user_id=0,group_id=0,allow_other'
    if ctypes.CDLL(None, use_errno=True).mount(b'dead', folder.encode(), b'fuse', 0, options.encode()) != 0:
        raise OSError(ctypes.get_errno(), 'mount')
    print('ready', flush=True)
    while True:
        request = os.read(device, 1 << 20)
        _, opcode, unique, node, _, _, caller, _ = struct.unpack_from('<2I2Q4I', request)
        if opcode in (FORGET, BATCH_FORGET, INTERRUPT):
            continue
        if os.path.exists(f'/proc/{pid}/task/{caller}'):
            print(opcode, flush=True)
            continue
        body = answer(opcode, node)
        error = -errno.ENOSYS if body is None else 0
        os.write(device, struct.pack('<IiQ', 16 + len(body or b''), error, unique) + (body or b''))


main(*sys.argv[1:])
