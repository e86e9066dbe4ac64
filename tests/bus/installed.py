# SPDX-License-Identifier: LGPL-2.1-or-later
# What the tests inside tests/booted share.
import json
import subprocess
import time


def run(*command, check=True, **options):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if check and result.returncode != 0:
        raise RuntimeError(f'{command} gave {result.returncode}: {result.stdout}')
    return result.stdout


def ip(*command):
    return json.loads(run('ip', '-json', *command) or '[]')


def wait_for(predicate, timeout=60):
    deadline = time.monotonic() + timeout
    while not (value := predicate()):
        if time.monotonic() > deadline:
            raise TimeoutError('waited in vain')
        time.sleep(0.05)
    return value
