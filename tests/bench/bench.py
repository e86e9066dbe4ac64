#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares the service with the bare program (floor.c) and with the guides' script (guide.sh), side by side in one run,
and looks at what else the design has a budget for. Runs inside tests/sandbox; prints tables and fails for nothing but a
crash.

  tests/sandbox --build BUILD -- tests/bench/bench.py BUILD/tests/bench [OPTIONS]"""
import argparse
import collections
import os
import statistics
import subprocess
import sys
import time

BENCH = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(BENCH), 'lib'))
sys.dont_write_bytecode = True

from services import Service  # noqa: E402

NETNSD = Service('netnsd')
WARM_UP = 3  # repetitions of each new process that are not counted


class Samples:
    """Microseconds, by what was measured."""

    def __init__(self):
        self.values = collections.defaultdict(list)

    def add(self, name, values):
        self.values[name] += values

    def median(self, name):
        return statistics.median(self.values[name]) if self.values[name] else float('nan')

    def percentile99(self, name):
        values = sorted(self.values[name])
        return values[min(len(values) - 1, int(len(values) * 0.99))] if values else float('nan')

    def row(self, title, name, base=None):
        ratio = f'{self.median(name) / self.median(base):8.2f}' if base else ' ' * 8
        return (f'  {title:44}{self.median(name) / 1000:9.2f} ms{self.percentile99(name) / 1000:9.2f} ms{ratio}'
                f'{len(self.values[name]):6}')


def say(*lines):
    print(*lines, sep='\n', flush=True)


class Bench:
    def __init__(self, options):
        self.options = options
        self.populated = 0

    def run(self, program, *arguments):
        """The laps that one of our programs printed, by name."""
        output = subprocess.run([os.path.join(self.options.programs, program), *map(str, arguments)], check=True,
                                stdout=subprocess.PIPE, text=True).stdout
        laps = collections.defaultdict(list)
        for line in output.splitlines():
            name, value = line.split()
            laps[name].append(float(value))
        return laps

    def measure(self, samples, program, mode):
        for name, values in self.run(program, mode, WARM_UP + self.options.times).items():
            samples.add(f'{program} {mode} {name}', values[WARM_UP:])

    def populate(self, count):
        """The service does not watch this: it would only be slower."""
        if count == self.populated:
            return
        NETNSD.stop()
        self.run('floor', 'populate', self.populated, max(count, 1))
        self.populated = max(count, 1)
        wait_until_calm(NETNSD.start(), self.options.settle)

    def run_guide(self, samples):
        guide = os.path.join(BENCH, 'guide.sh')
        before = time.monotonic()
        subprocess.run([guide, 'up'], check=True)
        samples.add('guide', [(time.monotonic() - before) * 1e6])
        subprocess.run([guide, 'down'], check=True)

    def compare(self, count):
        """The complete example and one more namespace, among count others."""
        samples = Samples()
        self.populate(count)
        for _ in range(self.options.rounds):
            NETNSD.stop()
            for mode in ('complete', 'connect'):
                self.measure(samples, 'floor', mode)
            for _ in range(self.options.guide_times):
                self.run_guide(samples)
            NETNSD.start()
            for mode in ('ping', 'complete', 'connect', 'steps'):
                self.measure(samples, 'client', mode)
        title = f'{count} other namespaces' if count else 'no other namespace'
        say('', f'{title:46}{"median":>12}{"99 %":>12}{"ratio":>8}{"n":>6}')
        self.print_comparison(samples)

    @staticmethod
    def print_comparison(samples):
        floor, one_more = 'floor complete total', 'floor connect total'
        say(samples.row('one call that does nothing', 'client ping total'),
            samples.row('complete example, bare program', floor, floor),
            samples.row('complete example, 3 calls (budget 1.5)', 'client complete total', floor),
            samples.row('complete example, one call for each step', 'client steps total', floor),
            samples.row('complete example, guide', 'guide', floor),
            f'  {"the guide takes as long as (budget 25)":44}'
            f'{samples.median("guide") / samples.median("client complete total"):9.1f} complete examples',
            samples.row('one more namespace, bare program', one_more, one_more),
            samples.row('one more namespace, 2 calls (budget 1.5)', 'client connect total', one_more))
        if 'VERBOSE' in os.environ:
            for name in sorted(samples.values):
                say(samples.row('    ' + name, name))

    def measure_changes(self, count):
        samples = Samples()
        self.populate(count)
        if NETNSD.pid is None:
            NETNSD.start()
        for name in ('', f'n{count // 2:05}'):
            laps = self.run('client', 'changes', WARM_UP + self.options.changes, *([name] if name else []))
            samples.add('in a namespace' if name else 'in the host', laps['change'][WARM_UP:])
        say('', f'{f"foreign change to signal, {count} watched (budget 5 ms)":46}{"median":>12}{"99 %":>12}')
        for name in samples.values:
            say(samples.row(name, name))

    def measure_start(self, count):
        samples = Samples()
        self.populate(count)
        NETNSD.stop()
        samples.add('start', self.run('client', 'start', self.options.rounds, os.environ['NETNSD'])['start'])
        say('', f'{f"start with {count} namespaces":46}{"median":>12}{"99 %":>12}',
            samples.row('until the name is owned (budget 1 s)', 'start'))

    def read_process(self):
        """Private memory in KiB, and number of descriptors, of a service that has just answered."""
        NETNSD.stop()
        pid = NETNSD.start()
        self.run('client', 'connect', 1)
        with open(f'/proc/{pid}/smaps_rollup') as file:
            fields = {line.split()[0]: int(line.split()[1]) for line in file if line.endswith('kB\n')}
        private = fields['Private_Clean:'] + fields['Private_Dirty:']
        return private, fields['Rss:'], len(os.listdir(f'/proc/{pid}/fd'))

    def print_process(self, before, after, count):
        budget = 15 * 1024 + 8 * count
        say('', f'{"memory and descriptors":46}{"RSS":>12}{"private":>12}{"files":>8}',
            *(f'  {title:44}{rss / 1024:8.1f} MiB{private / 1024:8.1f} MiB{files:8}'
              for title, (private, rss, files) in (('no other namespace', before), (f'{count} namespaces', after))),
            f'  {"for each namespace with veth pair (budget 8)":44}{(after[1] - before[1]) / count:8.1f} KiB'
            f'{(after[0] - before[0]) / count:8.1f} KiB',
            f'  {f"budget for {count}":44}{budget / 1024:8.1f} MiB')

    def count_wake_ups(self, count):
        """How often its threads go to sleep again while nobody wants anything."""
        self.populate(count)
        pid = NETNSD.pid or NETNSD.start()
        wait_until_calm(pid, self.options.settle)
        before = read_switches(pid)
        time.sleep(self.options.idle)
        say('', f'idle: {read_switches(pid) - before} wake-ups in {self.options.idle:g} s with {count} namespaces '
            '(budget 0)')


def read_switches(pid):
    total = 0
    for thread in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{thread}/status') as file:
            total += sum(int(line.split()[1]) for line in file if line.startswith('voluntary_ctxt_switches'))
    return total


def wait_until_calm(pid, at_most):
    """Until the kernel has no news for two seconds: carriers, duplicate address detection, ports of bridges."""
    deadline = time.monotonic() + at_most
    before = None
    while before != (before := read_switches(pid)) and time.monotonic() < deadline:
        time.sleep(2)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('programs', help='folder of floor and client')
    parser.add_argument('--counts', default='0,500,2000', help='numbers of other namespaces, rising')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--times', type=int, default=10, help='repetitions in each round')
    parser.add_argument('--guide-times', type=int, default=2, help='the same for the script')
    parser.add_argument('--changes', type=int, default=500, help='foreign changes')
    parser.add_argument('--idle', type=float, default=60, help='seconds')
    parser.add_argument('--settle', type=float, default=60, help='seconds that the kernel has at most after many changes')
    parser.add_argument('--only-compare', action='store_true')
    return parser.parse_args()


def main():
    options = parse_arguments()
    counts = [int(count) for count in options.counts.split(',')]
    bench = Bench(options)
    bench.populate(1)  # for its bridge
    before = bench.read_process()
    for count in counts[:-1]:
        bench.compare(count)
    if not options.only_compare and counts[-1] > 1000:
        bench.measure_changes(1000)
    bench.compare(counts[-1])
    if options.only_compare:
        return
    bench.measure_start(counts[-1])
    bench.print_process(before, bench.read_process(), counts[-1])
    bench.count_wake_ups(counts[-1])


if __name__ == '__main__':
    main()
