# SPDX-License-Identifier: BSD-2-Clause
"""Scenarios of consumer groups, for the list in tests/kafka/run: members of ours and of others
share a topic, while some leave and brokers break."""

import collections
import concurrent.futures
import contextlib
import random
import signal
import time
from pathlib import Path

import cluster
import harness
from harness import TestFailed

SECONDS = 240  # For one program.
PEERS = Path(__file__).resolve().parent.parent / "peers"


def shared(assignor, count=120000):
    """Two members of ours and one of Kafka's own client share a topic; one of ours leaves. Between
    them they have every message, each once."""
    rate = 1000

    def test(bench):
        bench.cluster.create_topic(bench.topic, 6)
        java = harness.JavaPeer(bench.version).command("member", bench.cluster.bootstrap,
                                                       bench.topic, assignor)
        with bench.begin("produce", "-n", count, "-p", 6, "-r", rate) as producer, \
                bench.begin("group", "-n", count, "-c", assignor) as first, \
                bench.begin("group", "-n", count, "-c", assignor) as second, \
                harness.Run(java, SECONDS, bench.log) as third:
            members = [first, second, third]
            for member in members:
                member.wait_reports(500)
            leave(second)
            for member in (first, third):
                member.wait_reports(member.reports + 500)
            producer.process.send_signal(signal.SIGUSR1)  # The rest at full speed.
            producer.finish()
            left = len([line for line in second.lines if line.startswith("got ")])
            cluster.wait_until(lambda: first.reports + third.reports + left >= count, 60,
                               "all messages taken")
            leave(third)
            leave(first)
        return whole(members, count)
    return test


def of_programs(assignor):
    """Debian's python3-confluent-kafka and kcat, on the library under test, and Kafka's own client
    share a topic: two join, and kcat leaves when it has had so many messages, for one that a signal
    ends may drop the message that it has just been given."""
    count, rate = 60000, 1000

    def test(bench):
        cluster.need("kcat", "kcat")
        environment = bench.library.environment(SECONDS)
        java = harness.JavaPeer(bench.version).command("member", bench.cluster.bootstrap,
                                                       bench.topic, assignor)
        kcat = ["kcat", "-b", bench.cluster.bootstrap, "-G", bench.topic, "-u", "-q", "-c", 500,
                "-f", "got %p %o\\n", "-X", "auto.offset.reset=earliest", "-X", "log_level=2",
                "-X", "enable.partition.eof=false", "-X", "heartbeat.interval.ms=500",
                "-X", f"partition.assignment.strategy={assignor}", bench.topic]
        python = [harness.confluent_kafka(), PEERS / "confluent_peer.py", "member",
                  bench.cluster.bootstrap, bench.topic, assignor]
        bench.cluster.create_topic(bench.topic, 6)
        with bench.begin("produce", "-n", count, "-p", 6, "-r", rate) as producer, \
                harness.Run(java, SECONDS, bench.log) as first:
            first.wait_reports(200)
            with harness.Talker(python, SECONDS, bench.log, environment) as second, \
                    harness.Talker(kcat, SECONDS, bench.log, environment) as third:
                members = [first, second, third]
                third.finish()
                for member in (first, second):
                    member.wait_reports(member.reports + 200)
                producer.process.send_signal(signal.SIGUSR1)  # The rest at full speed.
                producer.finish()
                await_all(members, count)
                leave(second)
                leave(first)
        return whole(members, count)
    return test


def await_all(members, count):
    """Until they have had so many messages between them, or a minute is over; whole() tells."""
    deadline = time.monotonic() + 60
    while sum(member.reports for member in members) < count and time.monotonic() < deadline:
        time.sleep(0.05)


def leave(member):
    member.process.send_signal(signal.SIGTERM)
    try:
        member.finish()
    except TestFailed:
        if member.process.returncode != 128 + signal.SIGTERM:  # So a Java machine ends.
            raise


def whole(members, count):
    """What the members had is everything, each message once."""
    shares = [[line for line in member.lines if line.startswith("got ")] for member in members]
    found = collections.Counter(line for share in shares for line in share)
    if len(found) != count or sum(found.values()) != count:
        raise TestFailed(f"{len(found)} of {count} messages, {sum(found.values()) - len(found)} "
                         f"more than once; by member {[len(share) for share in shares]}")
    return f"by member {[len(share) for share in shares]}"


# ---- What members are told ---------------------------------------------------------------------

def members(check, protocol="classic", change=None, partitions=4):
    """A program of members; `change(bench, program)` alters topics meanwhile."""
    def test(bench):
        bench.cluster.create_topic(bench.topic, partitions)
        if check == "assignors":
            bench.cluster.create_topic(f"{bench.topic}-more", partitions)
        with bench.begin("members", "-c", check,
                         "-Y", f"group.protocol={protocol}") as program:
            if change:
                change(bench, program)
            program.finish()
    return test


def appear(bench, program):
    """Another topic that the pattern fits."""
    program.wait_reports(4)
    bench.cluster.create_topic(f"{bench.topic}-more", 4)


def grow(bench, program):
    """Two partitions more, then the other topic that the members subscribed to."""
    program.wait_reports(4)
    bench.cluster.add_partitions(bench.topic, 6)
    program.wait_reports(6)
    bench.cluster.create_topic(f"{bench.topic}-more", 4)


def example(assignor, count=1050):
    """examples/consumer_group.c: what it has committed it has written; two members share, one
    leaves, and each line comes once."""
    def test(bench):
        cluster.need("kcat", "kcat")
        environment = bench.library.environment(SECONDS)
        command = [bench.library.example("consumer_group", bench.cluster.folder),
                   bench.cluster.bootstrap, bench.topic, assignor, bench.topic]
        path = bench.cluster.folder / f"{bench.topic}.lines"

        def write(first):
            path.write_text("".join(f"line {n}\n" for n in range(first, first + count)))
            kcat = ["kcat", "-q", "-P", "-b", bench.cluster.bootstrap, "-t", bench.topic,
                    "-X", "linger.ms=1", "-X", "batch.num.messages=10", "-l", path]
            with harness.Run(kcat, SECONDS, bench.log, environment) as run:
                run.finish()

        def written(*members):
            return [line for member in members for line in member.lines if line.startswith("line")]

        def committed():
            offsets = bench.cluster.committed(bench.topic, bench.topic, 4)
            return sum(max(offset, 0) for offset in offsets.values())
        bench.cluster.create_topic(bench.topic, 4)
        with harness.Run(command, SECONDS, bench.log, environment) as first:
            write(0)
            done = cluster.wait_until(lambda: committed() >= count - 100 and committed(), 60,
                                      "commits of the example")
            cluster.wait_until(lambda: len(written(first)) >= done, 60,
                               f"{done} lines, as are committed")
            with harness.Run(command, SECONDS, bench.log, environment) as second:
                cluster.wait_until(lambda: "2 partitions more" in second.lines, 60,
                                   "the second to have its share")
                write(count)
                leave(second)
                cluster.wait_until(lambda: committed() >= 2 * count - 100, 60, "the rest")
                leave(first)
        found = collections.Counter(written(first, second))
        if len(found) != 2 * count or sum(found.values()) != 2 * count:
            raise TestFailed(f"{len(found)} of {2 * count} lines, {sum(found.values())} in all")
        if committed() != 2 * count:
            raise TestFailed(f"{committed()} of {2 * count} are committed")
        return f"{len(written(first))} and {len(written(second))} lines"
    return test


def denied(protocol):
    """What members may not see or join, until they may."""
    def test(bench):
        for name in (bench.topic, f"{bench.topic}-more"):
            bench.cluster.create_topic(name, 4)
        bench.cluster.deny("topic", f"{bench.topic}-more", "describe")
        bench.cluster.deny("group", f"{bench.topic}-other", "read")
        with bench.begin("members", "-c", "denied",
                         "-Y", f"group.protocol={protocol}") as program:
            program.wait_reports(100)
            bench.cluster.allow("topic", f"{bench.topic}-more")
            bench.cluster.allow("group", f"{bench.topic}-other")
            program.finish()
    return test


def recreated(protocol, count=2000):
    """The topic is deleted when all of it is consumed and committed, and made anew with less in it:
    that is consumed and committed, too."""
    assignor = "consumer" if protocol == "consumer" else "cooperative-sticky"

    def test(bench):
        def fill(part):
            bench.program("produce", "-n", part, "-p", 4)
            return bench.cluster.ends(bench.topic)

        def await_committed(ends):
            cluster.wait_until(
                lambda: bench.cluster.committed(bench.topic, bench.topic, 4) == ends, 60,
                f"{ends} committed")

        def create():
            bench.cluster.create_topic(bench.topic, 4)
            return True
        bench.cluster.create_topic(bench.topic, 4)
        with bench.begin("group", "-n", 4 * count, "-c", assignor) as first, \
                bench.begin("group", "-n", 4 * count, "-c", assignor) as second:
            members = [first, second]
            for member in members:
                await_held(member, 2)
            await_committed(fill(count))
            bench.cluster.delete_topic(bench.topic)
            cluster.wait_until(create, 60, "the topic again")
            ends = fill(count // 2)
            await_committed(ends)
            for member in members:
                leave(member)
        found = collections.Counter(line for member in members for line in member.lines
                                    if line.startswith("got "))
        missing = [f"{partition} {offset}" for partition, end in ends.items()
                   for offset in range(end) if found[f"got {partition} {offset}"] < 2]
        if missing:
            raise TestFailed(f"{len(missing)} of the new topic have not come: {missing[0]}")
        return f"{sum(ends.values())} in the new topic"
    return test


def fenced(protocol, session_ms=6000, count=60000, rate=500):
    """Of three members one is killed, and one stands still for longer than its session: the third
    has all. The one that goes on loses what it had, and nothing of that is committed."""
    options = () if protocol == "consumer" else ("-Y", f"session.timeout.ms={session_ms}")
    assignor = "consumer" if protocol == "consumer" else "range"

    def test(bench):
        bench.cluster.create_topic(bench.topic, 6)
        if protocol == "consumer":
            bench.cluster.configure_group(bench.topic, consumer_session_timeout_ms=session_ms)
        with contextlib.ExitStack() as stack:
            producer = stack.enter_context(bench.begin("produce", "-n", count, "-p", 6, "-r", rate))
            frozen, killed, third = [stack.enter_context(bench.begin(
                "group", "-n", 2 * count, "-c", assignor, *options)) for _ in range(3)]
            for member in (frozen, killed, third):
                await_held(member, 2)
                member.wait_reports(member.reports + 200)
            killed.kill()
            frozen.process.send_signal(signal.SIGSTOP)
            await_held(third, 6)
            third.wait_reports(third.reports + 2000)  # What is committed meanwhile stays so.
            before = bench.cluster.committed(bench.topic, bench.topic, 6)
            frozen.process.send_signal(signal.SIGCONT)
            await_held(frozen, 3)
            await_held(third, 3)
            after = bench.cluster.committed(bench.topic, bench.topic, 6)
            producer.process.send_signal(signal.SIGUSR1)  # The rest at full speed.
            producer.finish()
            ends = bench.cluster.ends(bench.topic)
            cluster.wait_until(lambda: bench.cluster.committed(bench.topic, bench.topic, 6) == ends,
                               60, "all committed")
            leave(frozen)
            leave(third)
        if not any(line.startswith("holds") and line.endswith("lost") for line in frozen.lines):
            raise TestFailed("the member that stood still was not told that it had lost")
        if any(after[partition] < before[partition] for partition in ends):
            raise TestFailed(f"committed {before}, then {after}")
        # The killed one wrote down nothing.
        found = {line for member in (frozen, third) for line in member.lines
                 if line.startswith("got ")}
        taken = len(found) + killed.reports
        if taken < count - 100:
            raise TestFailed(f"{taken} of {count} messages")
        return f"{taken - count} twice"
    return test


def await_held(member, count):
    cluster.wait_until(lambda: held(member)[-1:] == [count], 60,
                       f"a member that holds {count}, after {held(member)}")


def together(**tests):
    """Runs these at the same time, each with a topic of its own; that of the consumer protocol
    where brokers know it."""
    def test(bench):
        parts = [(name, part) for name, part in tests.items()
                 if name != "consumer" or bench.version.startswith("4.")]
        with concurrent.futures.ThreadPoolExecutor() as pool:
            runs = [pool.submit(part, bench.part(name)) for name, part in parts]
        return ", ".join(filter(None, [run.result() for run in runs]))
    return test


def migrate(count=60000, rate=1000):
    """Members of the classic protocol are replaced by such of the consumer protocol, one by one,
    and back. Each message comes once."""
    def test(bench):
        bench.cluster.create_topic(bench.topic, 6)
        with contextlib.ExitStack() as stack:
            def join(assignor):
                return stack.enter_context(bench.begin("group", "-n", count, "-c", assignor))
            producer = stack.enter_context(bench.begin("produce", "-n", count, "-p", 6,
                                                       "-r", rate))
            everyone = [join("range"), join("range")]
            for assignor in ("consumer", "consumer", "range", "range"):
                for member in everyone[-2:]:
                    await_held(member, 3)
                everyone.append(join(assignor))
                for member in everyone[-3:]:
                    await_held(member, 2)
                    member.wait_reports(member.reports + 50)
                leave(everyone[-3])
            producer.process.send_signal(signal.SIGUSR1)  # The rest at full speed.
            producer.finish()
            gone = sum(line.startswith("got ") for member in everyone for line in member.lines)
            await_all(everyone[-2:], count - gone)
            for member in everyone[-2:]:
                leave(member)
        return whole(everyone, count)
    return test


def java_assignors(groups=40):
    """What the library's assignors make of random groups, beside Kafka's own."""
    def test(bench):
        program = bench.library.programs / "assignors"
        if not program.exists():
            raise harness.Skipped("the program assignors is built with the library only")
        seed = random.SystemRandom().randrange(1 << 31)
        java = harness.JavaPeer(bench.version, "Assignors").command(program, seed, groups)
        with harness.Run(java, SECONDS, bench.log) as run:
            return run.finish()[-1]
    return test


# ---- Brokers that go and come ------------------------------------------------------------------

class Group:
    """Three members of ours that share the bench's topic."""

    def __init__(self, bench, stack, name, assignor, count, seconds, session_ms):
        self.bench, self.name = bench, name
        options = ["-n", count, "-c", assignor, "-Y", f"group.id={name}"]
        if assignor == "consumer":
            bench.cluster.configure_group(name, consumer_session_timeout_ms=session_ms)
        else:
            options += ["-Y", f"session.timeout.ms={session_ms}"]
        self.members = [stack.enter_context(bench.begin("group", *options, seconds=seconds))
                        for _ in range(3)]
        self.told = []

    def await_balance(self, partitions):
        """Until all partitions are shared out. What each holds is not to change from here on."""
        def is_balanced():
            now = [(held(member) or [0])[-1] for member in self.members]
            return sum(now) == partitions and max(now) - min(now) < 2
        cluster.wait_until(is_balanced, 60, f"group {self.name} balanced")
        self.told = [held(member) for member in self.members]

    def await_messages(self, more):
        """Until each has had so many more, which shows that none stands still."""
        for count, member in [(member.reports + more, member) for member in self.members]:
            member.wait_reports(count)

    def check(self, ends):
        """All is taken, each message once, and committed, and no partition went away meanwhile."""
        cluster.wait_until(lambda: sum(member.reports for member in self.members) >=
                           sum(ends.values()), 60, f"all messages taken by {self.name}")
        if (told := [held(member) for member in self.members]) != self.told:
            raise TestFailed(f"group {self.name} was rebalanced: {self.told}, then {told}")
        for member in self.members:
            leave(member)
        found = collections.Counter(line for member in self.members for line in member.lines
                                    if line.startswith("got "))
        expected = {f"got {partition} {offset}" for partition, end in ends.items()
                    for offset in range(end)}
        again = sum(found.values()) - len(found)
        if set(found) != expected or again:
            raise TestFailed(f"group {self.name}: {len(found)} of {len(expected)} messages, "
                             f"{again} more than once")
        committed = self.bench.cluster.committed(self.name, self.bench.topic, len(ends))
        if committed != ends:
            raise TestFailed(f"group {self.name} committed {committed} of {ends}")


def held(member):
    """The numbers of partitions that it told to hold, one after the other."""
    return [int(line.split()[1]) for line in member.lines if line.startswith("holds ")]


def begin_both(bench, stack, partitions, count, seconds, session_ms=45000):
    """A group of each protocol that the brokers know, both with the same coordinator."""
    node = cluster.wait_until(lambda: bench.cluster.coordinator(bench.topic), 60, "a coordinator")
    names = {bench.topic: "range"}
    if bench.version.startswith("4."):
        names[coordinated_by(bench.cluster, bench.topic, node)] = "consumer"
    both = [Group(bench, stack, name, assignor, count, seconds, session_ms)
            for name, assignor in names.items()]
    for group in both:
        group.await_balance(partitions)
    return both


def outage(disturb, session_ms=45000, count=40000, rate=200, seconds=300):
    """Groups share a topic while `disturb(bench, go_on)` breaks their coordinator. No member loses
    its partitions: there is no rebalance, each message comes once, and all is committed."""
    def test(bench):
        bench.cluster.create_topic(bench.topic, 6, min_insync_replicas=2)
        with contextlib.ExitStack() as stack:
            producer = stack.enter_context(bench.begin(
                "produce", "-n", count, "-p", 6, "-r", rate, "-X", "acks=all",
                "-X", "message.timeout.ms=60000", seconds=seconds))
            # What is sent twice may be there twice.
            both = begin_both(bench, stack, 6, 2 * count, seconds, session_ms)

            def go_on():
                for group in both:
                    group.await_messages(50)
            disturb(bench, go_on)
            go_on()
            if producer.reports == count:
                raise TestFailed("production ended before the brokers were back")
            producer.process.send_signal(signal.SIGUSR1)  # The rest at full speed.
            acked = producer.finish()[-1]
            if not acked.startswith(f"{count} of {count} "):
                raise TestFailed(f"not all were delivered: {acked}")
            ends = bench.cluster.ends(bench.topic)
            for group in both:
                group.check(ends)
        return f"{sum(ends.values())} messages in {len(both)} groups"
    return test


def coordinated_by(servers, topic, node):
    """The name of another group that the same broker coordinates."""
    for number in range(1, 100):
        if servers.coordinator(f"{topic}-{number}") == node:
            return f"{topic}-{number}"
    raise TestFailed(f"broker {node} coordinates nothing else")


def other_coordinator(bench, node):
    def coordinator():
        number = bench.cluster.coordinator(bench.topic)
        return number if number != node else None
    return cluster.wait_until(coordinator, 60, "another coordinator")


def kill_coordinator(bench, go_on):
    """kill -9, and back when there is another."""
    node = bench.cluster.coordinator(bench.topic)
    bench.cluster.nodes[node].kill()
    other_coordinator(bench, node)
    go_on()
    bench.cluster.restart(node)
    bench.cluster.wait_replicas(bench.topic)


SHORT_SESSION_MS, FROZEN_SECONDS = 12000, 12


def freeze_coordinator(bench, go_on):
    """It stands still for longer than the session: another is its members' in time."""
    node = bench.cluster.coordinator(bench.topic)
    bench.cluster.nodes[node].freeze()
    try:
        other_coordinator(bench, node)
        time.sleep(FROZEN_SECONDS)
    finally:
        bench.cluster.nodes[node].thaw()
    bench.cluster.wait_replicas(bench.topic)
    go_on()


def join_and_kill(protocol):
    """A coordinator stands still when two members join, and dies. Both are in with the next one,
    and who was there before loses nothing."""
    assignor = "consumer" if protocol == "consumer" else "cooperative-sticky"

    def test(bench):
        bench.cluster.create_topic(bench.topic, 6, min_insync_replicas=2)
        with contextlib.ExitStack() as stack:
            def join():
                return stack.enter_context(bench.begin("group", "-n", 1, "-c", assignor))
            everyone = [join()]
            await_held(everyone[0], 6)
            node = bench.cluster.coordinator(bench.topic)
            bench.cluster.nodes[node].freeze()
            everyone += [join(), join()]
            time.sleep(1)  # They have asked it.
            bench.cluster.nodes[node].kill()
            for member in everyone:
                await_held(member, 2)
            bench.cluster.restart(node)
            bench.cluster.wait_replicas(bench.topic)
            for member in everyone:
                leave(member)
        if any(line.endswith(" lost") for member in everyone for line in member.lines):
            raise TestFailed("a member has lost its partitions")
    return test
