#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# After any number of random changes made by hand the bus shows what ip shows; also when the kernel's events come faster
# than they can be taken in, and while dumps are interrupted. NETNS1_SEED repeats a run.
import os
import random
import signal

import churn
import netns1
import truth

SEED = int(os.environ.get('NETNS1_SEED', random.randrange(1 << 32)))
CHANGES = 2000
OVERRUNS = 8
SMALL_BUFFER = ['--event-buffer=16384']


class Random(netns1.TestCase):
    def setUp(self):
        super().setUp()
        print(f'NETNS1_SEED={SEED}', end=' ', flush=True)
        self.churn = churn.Churn(random.Random(SEED))
        self.churn.add_all()

    def resyncs(self):
        return self.root.get(netns1.ROOT, 'Manager', 'ResyncCount')

    def churn_and_check(self):
        while self.churn.made < CHANGES:
            for _ in range(4):
                self.churn.round()
            self.churn.rename_namespaces()
            self.churn.add_all()
            truth.check(self, self.root, netns1.PATIENCE)

    def test_changes(self):
        self.churn_and_check()
        self.assertEqual(self.resyncs(), 0)

    def test_changes_with_overruns(self):
        netns1.NETNSD.stop()
        netns1.NETNSD.start(SMALL_BUFFER)
        self.churn_and_check()
        self.assertGreater(self.resyncs(), 0)

    def test_read_after_overrun(self):
        """Whoever asks next gets the truth, although the events that told it are lost."""
        netns1.NETNSD.stop()
        pid = netns1.NETNSD.start(SMALL_BUFFER)
        for _ in range(40):
            if self.resyncs() >= OVERRUNS:
                break
            os.kill(pid, signal.SIGSTOP)
            try:
                self.churn.round()
            finally:
                os.kill(pid, signal.SIGCONT)
            # The kernel lists an address at once, and tells of it when it is no longer tentative.
            truth.check(self, self.root, netns1.PATIENCE if self.churn.has_tentative() else 0, truth.calm)
        self.assertGreaterEqual(self.resyncs(), OVERRUNS)

    def test_reads_while_it_changes(self):
        """No answer is half a one, and the end is the truth."""
        with churn.Background(self.churn):
            for _ in range(60):
                truth.bus(self.root.managed_objects())
        truth.check(self, self.root, netns1.PATIENCE)

    def test_starts_while_it_changes(self):
        with churn.Background(self.churn):
            for _ in range(5):
                netns1.NETNSD.restart()
                truth.bus(self.root.managed_objects())
        truth.check(self, self.root, netns1.PATIENCE)


if __name__ == '__main__':
    netns1.main()
