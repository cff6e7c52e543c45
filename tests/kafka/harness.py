# SPDX-License-Identifier: BSD-2-Clause
"""What tests/kafka/run, tests/kafka/verify and tests/peers/run share: the library under test, the C
programs against it, Kafka's own client, and the list of results."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import cluster

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SUPPORT = ["support.c", "payload.c", "flow.c", "../support/watchdog.c"]
PROGRAMS = ["round_trip", "produce", "consume", "offsets", "commits", "group", "members", "legacy",
            "topics", "changing", "unreachable"]
COMPILE = ["-std=c11", "-D_GNU_SOURCE", "-O2", "-g", "-Wall", "-Wextra", "-Werror"]
SKIPPED = 77
DEBIAN_PYTHON = "/usr/bin/python3"


class TestFailed(Exception):
    """The test ran, and something was wrong."""


class Skipped(Exception):
    """The test could not run here, for this reason."""


# ---- The library and the programs --------------------------------------------------------------

class Library:
    """The shared library under test, and programs built against it."""

    def __init__(self, folder, programs=None):
        """A folder with librdkafka.so.1, None to look into the build folder, or "system"."""
        self.folder = self.find(folder)
        self.built = None
        self.programs = Path(programs).resolve() if programs else self.find_programs()
        if missing := [name for name in PROGRAMS if not (self.programs / name).exists()]:
            sys.exit(f"no {', '.join(missing)} in {self.programs}")

    @staticmethod
    def find(folder):
        if folder == "system":
            return None
        for candidate in [folder] if folder else [ROOT / "build" / "src", ROOT / "build"]:
            if (Path(candidate) / "librdkafka.so.1").exists():
                return Path(candidate).resolve()
        sys.exit(f"no librdkafka.so.1 in {folder or 'build/src'}: build first, or name its folder "
                 "with --library (\"system\" takes the one that is installed)")

    def find_programs(self):
        """Those that CMake built beside the library; without them they are built here."""
        if self.folder:
            folder = self.folder.parent / "tests" / "kafka"
            if all((folder / name).exists() for name in PROGRAMS):
                return folder
        self.built = Path(tempfile.mkdtemp(prefix="milena-programs-"))
        return self.build()

    def build(self):
        compiler = os.environ.get("CC") or "cc"
        cluster.need(compiler, "A C compiler")
        includes = [f"-I{ROOT}/include"] if self.folder and (ROOT / "include").exists() else []
        links = [str(self.folder / "librdkafka.so.1")] if self.folder else ["-lrdkafka"]
        for name in PROGRAMS:
            sources = [str(HERE / source) for source in [name + ".c", *SUPPORT]]
            result = subprocess.run([compiler, *COMPILE, *includes, *sources, *links, "-lpthread",
                                     "-o", str(self.built / name)],
                                    text=True, capture_output=True)
            if result.returncode:
                sys.exit(f"{name}.c does not compile:\n{result.stderr}")
        return self.built

    def example(self, name, folder):
        """Builds one of the examples in a folder, as its users do. Returns the program."""
        compiler = os.environ.get("CC") or "cc"
        cluster.need(compiler, "A C compiler")
        includes = [f"-I{ROOT}/include"] if self.folder else []
        links = [str(self.folder / "librdkafka.so.1")] if self.folder else ["-lrdkafka"]
        program = folder / f"example_{name}"
        result = subprocess.run([compiler, *includes, str(ROOT / "examples" / f"{name}.c"), *links,
                                 "-o", str(program)], text=True, capture_output=True)
        if result.returncode:
            raise TestFailed(f"examples/{name}.c does not compile: {result.stderr}")
        return program

    def environment(self, seconds):
        environment = {**os.environ, "RK_TEST_SECONDS": str(seconds)}
        if self.folder:
            environment["LD_LIBRARY_PATH"] = str(self.folder)
        return environment

    def close(self):
        if self.built:
            shutil.rmtree(self.built, ignore_errors=True)


# ---- Programs that run -------------------------------------------------------------------------

class Run:
    """A program that runs beside the test, with its output in a log. Killed when left."""

    def __init__(self, command, seconds, log, environment=None, stdin=None):
        self.command, self.seconds, self.log = command, seconds, log
        self.started = time.monotonic()
        self.lines, self.reports, self.condition = [], 0, threading.Condition()
        self.process = subprocess.Popen(
            [str(word) for word in command], env=environment, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, stdin=stdin or subprocess.DEVNULL, text=True,
            errors="replace", preexec_fn=cluster.die_with_parent)
        self.log.write(f"$ {' '.join(str(word) for word in command)}\n")
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            with self.condition:
                match = re.fullmatch(r"reports (\d+)\n", line)
                if match:
                    self.reports = int(match.group(1))
                else:
                    self.lines.append(line.rstrip("\n"))
                    self.log.write(line)
                self.condition.notify_all()

    def wait_reports(self, count, seconds=60):
        """Until the program has told of so many delivery reports."""
        with self.condition:
            self.condition.wait_for(
                lambda: self.reports >= count or self.process.poll() is not None, seconds)
        if self.reports < count:
            self.kill()
            raise TestFailed(f"{self.name()} stands at {self.reports} reports: {self.last()}")

    def name(self):
        return Path(str(self.command[0])).name

    def last(self):
        """The line that says what went wrong, or the last one."""
        failures = [line for line in self.lines if "FAILED" in line or "watchdog" in line]
        return (failures or self.lines or ["no output"])[-1]

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def finish(self):
        """Waits for its end, and returns its output. Fails if its exit code is not 0."""
        left = self.started + self.seconds + 15 - time.monotonic()
        try:
            code = self.process.wait(max(left, 1))
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise TestFailed(f"{self.name()} took longer than {self.seconds} s") from error
        self.reader.join(10)
        self.log.flush()
        if code == SKIPPED:
            raise Skipped(self.last())
        if code:
            what = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
            raise TestFailed(f"{self.name()}: {what}: {self.last()}")
        return self.lines

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.kill()


class JavaPeer:
    """Kafka's own client, compiled once for each release."""

    def __init__(self, version, program="Peer"):
        # Clients from before 2.0 lack some calls; that of 2.8.2 speaks to those brokers too.
        self.version = "2.8.2" if cluster.VERSIONS[version].get("old") else version
        self.classes = cluster.CACHE / self.version / "classes"
        self.program = program

    def command(self, *arguments):
        source = HERE / f"{self.program}.java"
        compiled = self.classes / f"{self.program}.class"
        class_path = cluster.class_path(self.version)
        if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
            cluster.need("javac", "The Java compiler")
            result = subprocess.run(["javac", "-cp", class_path, "-d", str(self.classes),
                                     str(source)], text=True, capture_output=True)
            if result.returncode:
                raise TestFailed(f"{source.name} does not compile: {result.stderr.strip()}")
        return ["java", "-Xmx1g", "-XX:+UseSerialGC", "-cp", f"{self.classes}:{class_path}",
                self.program, *arguments]


class Talker(Run):
    """A program that tells of each message at once, by a line "got PARTITION OFFSET"."""

    def read(self):
        for line in self.process.stdout:
            with self.condition:
                self.lines.append(line.rstrip("\n"))
                if line.startswith("got "):
                    self.reports += 1
                else:
                    self.log.write(line)
                self.condition.notify_all()


def confluent_kafka():
    """Debian's Python, if it has the module."""
    if not Path(DEBIAN_PYTHON).exists() or subprocess.run(
            [DEBIAN_PYTHON, "-c", "import confluent_kafka"], capture_output=True).returncode:
        raise Skipped("python3-confluent-kafka is missing")
    return DEBIAN_PYTHON


# ---- Results -----------------------------------------------------------------------------------

class Results:
    """Prints one line per test, and the sum of them. Logs of failures are kept."""

    def __init__(self, folder):
        self.folder = folder
        self.passed = self.failed = self.skipped = 0
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    def run(self, name, test):
        """Runs test(log)."""
        path = self.folder / (re.sub(r"[^\w.-]", "_", name) + ".log")
        started = time.monotonic()
        with open(path, "w") as log:
            try:
                note = test(log)
            except (cluster.Missing, Skipped) as reason:
                self.skip(name, reason)
                return
            except (TestFailed, cluster.Failed, cluster.wire.Error, OSError) as reason:
                self.fail(name, reason, path)
                return
        self.passed += 1
        print(f"ok    {name:<36} {time.monotonic() - started:6.1f} s  {note or ''}".rstrip(),
              flush=True)

    def fail(self, name, reason, path=None):
        self.failed += 1
        print(f"FAIL  {name:<36} {reason}" + (f"  [{path}]" if path else ""), flush=True)

    def skip(self, name, reason):
        self.skipped += 1
        print(f"skip  {name:<36} {reason}", flush=True)

    def finish(self):
        """Prints the sum, and returns the exit code."""
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        return 1 if self.failed else 0


def end_on_signals():
    """So that a signal unwinds, and clusters are cleaned up."""
    def end(number, _frame):
        sys.exit(128 + number)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
