# SPDX-License-Identifier: BSD-2-Clause
"""Statistics as others see them: for tests/peers/run.

The same program, python3-confluent-kafka's, on the library under test and on Debian's: their
statistics must have the same structure. What examples/stats_exporter.c serves must be what
Prometheus reads, and examples/top.c must draw, follow its window and end.

Run as a program it is the client: statistics_peer.py produce|consume <bootstrap> <topic>
"""

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 60

# What librdkafka has had since 2.0.2, and what is ours. Requests are counted by whatever names.
NEWER = {f"topics.*.partitions.*.{name}" for name in
         ("stored_leader_epoch", "committed_leader_epoch", "leader_epoch")}
OURS = {"topics.*.partitions.*.reason", "topics.*.partitions.*.reason_code", "brokers.*.error",
        "cgrp.reason"}
MAPS = {"brokers", "topics", "partitions", "toppars", "req"}


def client(mode, bootstrap, topic):
    """Prints the last statistics of a client that has produced or consumed."""
    import confluent_kafka
    found = []
    conf = {"bootstrap.servers": bootstrap, "statistics.interval.ms": 100,
            "stats_cb": found.append, "group.id": "statistics"}
    until = time.time() + SECONDS
    if mode == "produce":
        del conf["group.id"]
        producer = confluent_kafka.Producer(conf)
        for number in range(200):
            producer.produce(topic, f"value {number}", partition=0)
        producer.flush(SECONDS)
        found.clear()  # Those of before may not have the partition yet.
        while len(found) < 3 and time.time() < until:
            producer.poll(0.1)
    else:
        consumer = confluent_kafka.Consumer(conf)
        consumer.assign([confluent_kafka.TopicPartition(topic, 0, 0)])
        while not consumer.poll(0.1) and time.time() < until:
            pass
        found.clear()
        while len(found) < 8 and time.time() < until:
            consumer.poll(0.1)
        consumer.close()
    print(found[-1])


def keys_of(value, path=""):
    """Paths with * for the keys of maps, each with the type of its value."""
    keys = {}
    for key, item in value.items():
        at = f"{path}.{key}".strip(".")
        keys[at] = "object" if isinstance(item, dict) else type(item).__name__
        if not isinstance(item, dict):
            continue
        if key not in MAPS:
            keys.update(keys_of(item, at))
        elif key != "req":
            for inner in item.values():
                if isinstance(inner, dict):
                    keys.update(keys_of(inner, f"{at}.*"))
    return keys


def compare(fail, python, mode):
    def test(peers):
        command = [python(), __file__, mode, peers.bootstrap, peers.topic]
        if mode == "consume":
            peers.execute([python(), __file__, "produce", peers.bootstrap, peers.topic],
                          environment=peers.ours())
        ours = keys_of(json.loads(peers.execute(command, environment=peers.ours())[-1]))
        theirs = keys_of(json.loads(peers.execute(command, environment=dict(os.environ))[-1]))
        missing = sorted(set(theirs) - set(ours))
        extra = sorted(set(ours) - set(theirs) - NEWER - OURS)
        other = sorted(key for key in set(ours) & set(theirs) if ours[key] != theirs[key])
        if missing or extra or other:
            raise fail(f"missing: {missing}; extra: {extra}; of another type: {other}")
        return f"{len(theirs)} fields"
    return test


# ---- The examples ------------------------------------------------------------------------------

def build(fail, skip, peers, name, libraries):
    """An example on the library under test, in the folder of the log."""
    if not peers.library.folder:
        raise skip("only for a library that was built here")
    binary = Path(peers.log.name).parent / name
    command = [os.environ.get("CC") or "cc", "-std=c11", "-D_GNU_SOURCE", "-O1",
               f"-I{ROOT}/include", f"{ROOT}/examples/{name}.c",
               f"{ROOT}/examples/support/workload.c",
               str(peers.library.folder / "librdkafka.so.1"), *libraries, "-lcjson", "-lpthread",
               "-o", str(binary)]
    result = subprocess.run(command, text=True, capture_output=True)
    if result.returncode:
        if re.search(r"(microhttpd|ncurses|cJSON)\.h: No such file", result.stderr):
            raise skip(f"the libraries of {name} are not here")
        raise fail(f"{name} does not compile: {result.stderr.strip().splitlines()[-1]}")
    return binary


NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})(\{{{LABEL}(?:,{LABEL})*\}})? (-?[0-9.]+(?:e[-+]?[0-9]+)?)$")


def check_metrics(fail, text):
    """The exposition format: help and type once and first, every sample once, counters' names."""
    types, samples, last = {}, set(), None
    for line in text.splitlines():
        words = line.split(" ", 3)
        if words[0] == "#" and words[1] == "TYPE":
            if words[2] in types or words[3] not in ("counter", "gauge"):
                raise fail(f"a second or strange type: {line}")
            types[words[2]] = last = words[3], words[2]
            continue
        if words[0] == "#" and words[1] == "HELP":
            continue
        match = SAMPLE.match(line)
        if not match or match.group(1) not in types or types[match.group(1)] != last:
            raise fail(f"not a sample of the metric it stands under: {line}")
        if match.group(1, 2) in samples:
            raise fail(f"twice: {line}")
        if last[0] == "counter" and not match.group(1).endswith("_total"):
            raise fail(f"a counter without _total: {line}")
        samples.add(match.group(1, 2))
    return types, samples


@contextlib.contextmanager
def running(command, environment, log):
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, text=True,
                               stdout=subprocess.PIPE, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def get(url):
    with urllib.request.urlopen(url, timeout=SECONDS) as answer:
        return answer.headers["Content-Type"], answer.read().decode()


def exporter(fail, skip):
    def test(peers):
        binary = build(fail, skip, peers, "stats_exporter", ["-lmicrohttpd"])
        command = [str(binary), "-p", "0", "-i", "200", peers.bootstrap, peers.topic]
        with running(command, peers.ours(), peers.log) as process:
            url = process.stdout.readline().strip()
            until, text = time.time() + SECONDS, ""
            needed = ("kafka_client_sent_messages_total{", 'partition="0"', 'quantile="0.99"',
                      'reason="', "broker_up{")
            while not all(word in text for word in needed) and time.time() < until:
                time.sleep(0.1)
                kind, text = get(url)
            types, samples = check_metrics(fail, text)
            if len(types) < 30 or len(samples) < 60 or not kind.startswith("text/plain"):
                raise fail(f"{len(types)} metrics and {len(samples)} samples as {kind}")
            for word in needed:
                if word not in text:
                    raise fail(f"no {word} in it")
            try:
                get(url + "/nothing")
                raise fail("there is something where nothing is")
            except urllib.error.HTTPError as error:
                if error.code != 404:
                    raise fail(f"status {error.code} instead of 404") from error
            process.send_signal(signal.SIGTERM)
            if process.wait(SECONDS):
                raise fail(f"it ended with {process.returncode}")
        return f"{len(types)} metrics"
    return test


class Screen:
    """A program in a terminal of its own."""

    def __init__(self, command, environment):
        self.drawn = ""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execve(command[0], command, {**environment, "TERM": "xterm", "LC_ALL": "C"})
        self.resize(24, 80)

    def resize(self, lines, columns):
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def read(self, until):
        """False at its end."""
        while time.time() < until:
            if not select.select([self.terminal], [], [], 0.1)[0]:
                continue
            try:
                drawn = os.read(self.terminal, 65536)
            except OSError:
                return False
            if not drawn:
                return False
            self.drawn += drawn.decode(errors="replace")
            return True
        return True

    def wait_for(self, *words):
        until = time.time() + SECONDS
        while not all(word in self.drawn for word in words) and time.time() < until:
            if not self.read(until):
                break
        return all(word in self.drawn for word in words)

    def end(self):
        """Its exit status after q."""
        os.write(self.terminal, b"q")
        until = time.time() + SECONDS
        while self.read(until) and time.time() < until:
            pass
        return os.waitpid(self.pid, 0)[1]


def top(fail, skip):
    def test(peers):
        binary = build(fail, skip, peers, "top", ["-lncurses", "-ltinfo"])
        screen = Screen([str(binary), "-i", "200", peers.bootstrap, peers.topic], peers.ours())
        words = ["BROKER", "RTT p50", "TOPIC", "WHY", "q quit", "messages/s", peers.topic[:16]]
        if not screen.wait_for(*words):
            raise fail(f"not drawn: {[word for word in words if word not in screen.drawn]}")
        screen.drawn = ""
        screen.resize(40, 120)
        os.write(screen.terminal, b"t")
        if not screen.wait_for("BROKER", "q quit"):
            raise fail("not drawn again in a window of another size")
        os.write(screen.terminal, b"jjk ")
        if screen.end():
            raise fail("it did not end well")
    return test


if __name__ == "__main__":
    client(*sys.argv[1:])
