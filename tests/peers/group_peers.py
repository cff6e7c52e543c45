# SPDX-License-Identifier: BSD-2-Clause
"""Members of a group at the built-in cluster: they share partitions, one leaves, one is killed.

A member is a process that prints "assigned" and its partitions whenever they change, and "message"
with key and value, apart by tabs. SIGTERM has it leave.
"""

import itertools
import os
import queue
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

import cluster

HERE = Path(__file__).resolve().parent
SECONDS = 120
PARTITIONS = {0, 1, 2, 3}
KCAT = re.compile(r"% Group \S+ rebalanced .*: (assigned|revoked): (.*)")
KCAT_COOPERATIVE = re.compile(r"% Group \S+ rebalanced: incremental (assign|revoke|unassign)\w* of "
                              r".*\): (.*)")
INSTANCES = itertools.count()


def numbers(text):
    """Of the partitions that kcat names."""
    return {int(number) for number in re.findall(r"\[(\d+)\]", text)}


class Member:
    """A running member, and what it has said so far."""

    def __init__(self, name, command, environment, log, failed):
        self.name, self.log, self.failed = name, log, failed
        self.partitions, self.messages = None, []
        self.lines = queue.Queue()
        log.write(f"$ {' '.join(str(word) for word in command)}\n")
        self.process = subprocess.Popen([str(word) for word in command], env=environment, text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, preexec_fn=cluster.die_with_parent)
        self.readers = [threading.Thread(target=self.read, args=(stream, take), daemon=True)
                        for stream, take in [(self.process.stdout, self.take_output),
                                             (self.process.stderr, self.take_error)]]
        for reader in self.readers:
            reader.start()

    def read(self, stream, take):
        for line in stream:
            take(line.rstrip("\n"))
        self.lines.put(None)

    def take_output(self, line):
        kind, _, rest = line.partition("\t")
        if kind == "assigned":
            self.log.write(f"{self.name}: {line}\n")
            self.partitions = {int(number) for number in rest.split()}
        elif kind == "message":
            self.messages.append(rest)
        self.lines.put(line)

    def take_error(self, line):
        self.log.write(f"{self.name}: {line}\n")
        if found := KCAT.match(line):
            self.partitions = numbers(found[2]) if found[1] == "assigned" else set()
        elif found := KCAT_COOPERATIVE.match(line):
            before = self.partitions or set()
            self.partitions = before | numbers(found[2]) if found[1] == "assign" \
                else before - numbers(found[2])
        self.lines.put(line)

    def end(self, number):
        """Sends the signal, and waits until it has ended."""
        self.process.send_signal(number)
        try:
            self.process.wait(SECONDS)
        except subprocess.TimeoutExpired as error:
            self.process.kill()
            raise self.failed(f"{self.name} does not end") from error
        for reader in self.readers:
            reader.join(SECONDS)


def wait(members, done, problem, failed):
    """Until what the members have said satisfies `done`."""
    deadline = time.monotonic() + SECONDS
    while not done():
        if time.monotonic() > deadline:
            raise failed(f"{problem}: " + "; ".join(
                f"{member.name} has {sorted(member.partitions or [])} and "
                f"{len(member.messages)} messages" for member in members))
        for member in members:
            try:
                if member.lines.get(timeout=0.05) is None and member.process.poll() is not None:
                    raise failed(f"{member.name} ended with exit code {member.process.returncode}")
            except queue.Empty:
                pass


def shared(members):
    """Each has some, nobody has what another has, all are somebody's."""
    owned = [member.partitions or set() for member in members]
    return all(owned) and set.union(*owned) == PARTITIONS and \
        sum(map(len, owned)) == len(PARTITIONS)


def test(first, second, messages, failed):
    """Members of these kinds (methods of Peers that start one); `messages` makes lines."""
    def run(peers):
        members = []

        def start(kind):
            command, environment = getattr(peers, kind + "_member")()
            members.append(Member(f"{kind}{len(members)}", command, environment, peers.log, failed))
            return members[-1]

        def all_read(lines):
            return set(lines) <= {line for member in members for line in member.messages}

        try:
            lines = messages()
            peers.debian_kcat_write(lines, "none")
            one = start(first)
            wait([one], lambda: shared([one]), "alone", failed)
            two = start(second)
            wait([one, two], lambda: shared([one, two]), "two members", failed)
            one.end(signal.SIGTERM)
            wait([two], lambda: shared([two]), "one has left", failed)
            three = start(first)
            wait([two, three], lambda: shared([two, three]), "a third", failed)
            three.end(signal.SIGKILL)
            wait([two], lambda: shared([two]), "one was killed", failed)
            more = [f"later{line}" for line in messages()]
            peers.debian_kcat_write(more, "none")
            wait([two], lambda: all_read(lines + more), "messages", failed)
            two.end(signal.SIGTERM)
        finally:
            for member in members:
                if member.process.poll() is None:
                    member.process.kill()
                member.process.wait()
    return run


def kcat(peers, *properties):
    """Debian's kcat on Debian's library."""
    cluster.need("kcat", "kcat")
    options = [word for text in properties for word in ("-X", text)]
    return ["kcat", *options, "-b", peers.bootstrap, "-G", f"group-{peers.topic}", "-X",
            "session.timeout.ms=6000", "-X", "heartbeat.interval.ms=1000", "-X",
            "auto.offset.reset=earliest", "-u", "-f", "message\t%k\t%s\n",
            peers.topic], dict(os.environ)


def kcat_cooperative(peers):
    return kcat(peers, "partition.assignment.strategy=cooperative-sticky")


def kcat_static(peers):
    """Each is another one: who has left is out when its session ends."""
    return kcat(peers, f"group.instance.id=i{next(INSTANCES)}")
