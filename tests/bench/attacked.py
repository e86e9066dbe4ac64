#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# How long bob's simple calls take while alice does what she can to make others wait (tests/bus/attacks.py), beside what they
# take when she does not.
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'bus'))
sys.dont_write_bytecode = True

import attacks  # noqa: E402
import netns1  # noqa: E402

ROUNDS = 30
SIZES = {'processes': 60, 'descriptors': 19000, 'elements': 300000, 'loops': 4}


def show(title, taken):
    for method, times in taken.items():
        print(f'{title:14}{method:17}median {statistics.median(times) * 1000:8.1f} ms   worst {max(times) * 1000:8.1f} ms',
              flush=True)


def main():
    netns1.set_rules(netns1.allow_only('create-namespace', 'configure-own', 'run', 'open-socket'))
    show('alone', attacks.measure(ROUNDS, time.monotonic))
    with attacks.Attacks(**SIZES) as going_on:
        show('under attack', attacks.measure(ROUNDS, time.monotonic))
    print(f'{going_on.calls} calls of the attacker were answered meanwhile')
    with open(f'/proc/{netns1.NETNSD.pid}/status') as status:
        print(next(line.strip() for line in status if line.startswith('VmRSS')), 'afterwards')


main()
