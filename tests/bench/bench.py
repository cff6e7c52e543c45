# SPDX-License-Identifier: BSD-2-Clause
"""What compare and instructions share: the sink broker, the client, and the two libraries."""

import json
import os
import signal
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SONAME = "librdkafka.so.1"
SYSTEM = "system"


class Failure(Exception):
    """A run that did not end as it should; the text says why."""


def add_arguments(parser):
    parser.add_argument("--build", metavar="DIR", default=os.path.join(ROOT, "build"),
                        help="where Milena was built with its tests (default: build)")
    parser.add_argument("--library", metavar="DIR",
                        help=f"where Milena's {SONAME} is (default: found in the build)")


def find_program(build, name):
    path = os.path.join(os.path.abspath(build), "tests", "bench", name)
    if not os.access(path, os.X_OK):
        raise Failure(f"{path} is missing: build first (./mklove/build)")
    return path


def find_library(build, directory):
    """The folder with Milena's library. The one of the system is SYSTEM."""
    if directory == SYSTEM:
        return SYSTEM
    for candidate in [directory] if directory else [os.path.join(build, "src"), build]:
        if os.path.exists(os.path.join(candidate, SONAME)):
            return os.path.abspath(candidate)
    raise Failure(f"{SONAME} is not in {directory or build}")


def environment(library):
    """LD_LIBRARY_PATH alone decides which library a client gets."""
    result = dict(os.environ)
    result.pop("LD_LIBRARY_PATH", None)
    if library != SYSTEM:
        result["LD_LIBRARY_PATH"] = library
    return result


def pin(core):
    return (lambda: os.sched_setaffinity(0, {core})) if core is not None else None


def cores():
    """(core of the client, core of the sink); (None, None) when there are not two."""
    available = sorted(os.sched_getaffinity(0))
    return (available[0], available[-1]) if len(available) > 1 else (None, None)


class Sink:
    """A sink broker for the length of a `with`. Afterwards `counters` says what it did."""

    def __init__(self, program, core=None, arguments=()):
        self.command = [program, *arguments, "0"]
        self.core = core
        self.counters = {}

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True,
                                        preexec_fn=pin(self.core))
        words = self.process.stdout.readline().split()
        if len(words) != 2:
            self.process.wait()
            raise Failure("the sink broker did not start")
        self.address = f"127.0.0.1:{words[1]}"
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            output = self.process.communicate(timeout=20)[0]
        except subprocess.TimeoutExpired:
            self.process.kill()
            output = self.process.communicate()[0]
        if self.process.returncode == 0 and output:
            self.counters = json.loads(output)


def run(command, library, core=None, timeout=120):
    """Runs a program to its end and returns (standard output, standard error)."""
    try:
        done = subprocess.run(command, env=environment(library), capture_output=True, text=True,
                              timeout=timeout, preexec_fn=pin(core), check=False)
    except subprocess.TimeoutExpired:
        raise Failure(f"not done after {timeout} s: {' '.join(command)}") from None
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
        raise Failure(f"{' '.join(command[1:])}: {lines[-1]}")
    return done.stdout, done.stderr
