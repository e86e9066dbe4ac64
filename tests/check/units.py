#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# data/*.service.in: systemd takes it. What it mounts for all must not stay in a mount namespace of its own. What is not
# restricted is explained in a comment, with its weight.
import json
import os
import re
import shutil
import subprocess
import tempfile

import checking

# systemd.exec(5), and exec_needs_mount_namespace() in systemd's source.
OWN_MOUNT_NAMESPACE = re.compile(
    r'(Protect(System|Home|KernelTunables|KernelModules|KernelLogs|ControlGroups|Proc)|ProcSubset|PrivateTmp'
    r'|PrivateDevices|PrivateMounts|MountFlags|ReadWritePaths|ReadOnlyPaths|InaccessiblePaths|ExecPaths|NoExecPaths'
    r'|TemporaryFileSystem|BindPaths|BindReadOnlyPaths|LogNamespace)=')
# Others than those that the service reaches from there.
OWN_WORLD = re.compile(
    r'(PrivateIPC|PrivateUsers|PrivateNetwork|MountAPIVFS|RootDirectory|RootImage|RootHash|DynamicUser|MountImages'
    r'|ExtensionImages|ExtensionDirectories|NetworkNamespacePath|IPCNamespacePath)=')
SERVICE = 'netnsd.service.in'
ENTERS_SYSTEM = re.compile(r'(?m)^ExecStart=.* --mount-namespace=/proc/1/ns/mnt( |$)')
EXPLAINED = re.compile(r'(?m)^#   (\d\.\d) (\S+)')
# Elsewhere the weights are others.
WEIGHTS_OF = 'systemd 252 '


def check_text(path, text):
    for line, match in checking.numbered_matches(r'(?m)^(\w+=)', text):
        if OWN_WORLD.match(match.group(1)):
            yield f'{path}:{line}: {match.group(1)} gives the service namespaces of its own'
        elif os.path.basename(path) == SERVICE and OWN_MOUNT_NAMESPACE.match(match.group(1)) and not ENTERS_SYSTEM.search(text):
            yield f'{path}:{line}: {match.group(1)} without --mount-namespace hides what the service mounts'
    if shutil.which('systemd-analyze'):
        yield from run_in_folder(os.path.basename(path).removesuffix('.in'), text, verify)
        yield from run_in_folder(os.path.basename(path).removesuffix('.in'), text, compare_explanations)


def write_unit(path, text):
    with open(path, 'w') as file:
        file.write(re.sub(r'@\w+@/[\w-]+', '/bin/true', re.sub(r'(?m)^Documentation=.*$', '', text)))


def run_in_folder(name, text, function):
    """With all units, and one of them that has this text."""
    with tempfile.TemporaryDirectory() as folder:
        for path in checking.project_files('data', endings=('.service.in', '.socket')):
            write_unit(os.path.join(folder, os.path.basename(path).removesuffix('.in')), checking.read(path))
        write_unit(os.path.join(folder, name), text)
        return list(function(os.path.join(folder, name), text))


def run(*command):
    return subprocess.run(command, capture_output=True, text=True)


def verify(path, text):
    """What systemd says about a unit."""
    result = run('systemd-analyze', 'verify', '--man=no', '--recursive-errors=no', path)
    return [line for line in result.stderr.splitlines() if 'netnsd' in line]


def compare_explanations(path, text):
    rows = json.loads(run('systemd-analyze', 'security', '--offline=true', '--no-pager', '--json=short', path).stdout)
    missing = {row['name']: row['exposure'] for row in rows if row['set'] is False}
    explained = {name: weight for weight, name in EXPLAINED.findall(text)}
    if not run('systemd-analyze', '--version').stdout.startswith(WEIGHTS_OF):
        missing = {name: explained.get(name) for name in missing}
    for name in sorted(missing.keys() | explained.keys()):
        if missing.get(name) != explained.get(name):
            yield f'{path}: {name} weighs {missing.get(name)}, its comment says {explained.get(name)}'


def check():
    complaints = []
    for path in checking.project_files('data', endings=('.service.in',)):
        text = checking.read(path)
        if '[Service]' in text:
            complaints += check_text(path, text)
    return complaints


GOOD = checking.read('data', 'netnsd.service.in')

if __name__ == '__main__':
    checking.main(check, [
        lambda: list(check_text(SERVICE, GOOD + 'PrivateNetwork=yes\n')),
        lambda: list(check_text(SERVICE, GOOD.replace(' --mount-namespace=/proc/1/ns/mnt', ''))),
        *([lambda: list(check_text(SERVICE, GOOD + 'RestrictNamespaces=nonsense\n')),
           lambda: list(check_text(SERVICE, GOOD.replace('NoNewPrivileges=yes\n', ''))),
           lambda: list(check_text(SERVICE, GOOD.replace('0.5 PrivateNetwork', '0.4 PrivateNetwork')))]
          if shutil.which('systemd-analyze') else []),
    ], lambda: list(check_text(SERVICE, GOOD)))
