# SPDX-License-Identifier: BSD-2-Clause
"""Apache Kafka clusters for tests: real brokers on loopback, from jars fetched by coordinates.

    with Cluster("4.3.1", nodes=3) as cluster:
        cluster.create_topic("t", partitions=4)
        cluster.nodes[cluster.leader("t", 0)].kill()

Brokers run as processes of their own, in KRaft mode or with a ZooKeeper, with their data in memory
(/dev/shm). Leaving the `with` block kills them and removes their data; when this process dies
first, the kernel kills them. Every wait has a limit. MILENA_KAFKA_CACHE names the folder in which
fetched jars are kept (default: build/kafka in the source tree).
"""

import base64
import ctypes
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path

import wire

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("MILENA_KAFKA_CACHE") or HERE.parent.parent / "build" / "kafka")
CLUSTER_ID = "bWlsZW5hLXRlc3RzLWthZg"

START_SECONDS = 120  # For a cluster to answer; it takes about five.
FETCH_SECONDS = 300
STOP_SECONDS = 60

# Small and quick: about 300 MB a node.
JVM = ["-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
# What Kafka before 2.1 does to the Java runtime's inside has to be allowed by name.
JVM_OLD = ["--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
           "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
           "--add-opens=java.base/java.nio=ALL-UNNAMED",
           "--add-opens=java.base/jdk.internal.ref=ALL-UNNAMED"]

# Broker releases: Maven profiles of pom.xml (the first four are the tier's, newest first).
VERSIONS = {
    "4.3.1": {"kraft": True, "profiles": "nop"},
    "3.9.1": {"kraft": True, "profiles": "reload4j"},
    "2.8.2": {"kraft": False, "profiles": "reload4j"},
    "1.1.1": {"kraft": False, "profiles": "", "scala": "2.12", "old": True},
    "0.11.0.3": {"kraft": False, "profiles": "java8", "scala": "2.12", "old": True},
    "0.10.2.2": {"kraft": False, "profiles": "java8", "scala": "2.12", "old": True},
}

LOG4J = """log4j.rootLogger=WARN, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d %p %c: %m%n
"""


class Missing(Exception):
    """Something the tests need is not on this machine: they are skipped, with this reason."""


class Failed(Exception):
    """A cluster did not do what it was told in time."""


# ---- Jars --------------------------------------------------------------------------------------

def need(program, what):
    if not shutil.which(program):
        raise Missing(f"{what} is missing: no program {program} on the path")


def jars(version):
    """Returns the folder with the jars of a broker release, which it fetches the first time."""
    need("java", "Java")
    folder = CACHE / version / "lib"
    if folder.is_dir():
        return folder
    need("mvn", "Maven")
    table = VERSIONS[version]
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix="fetching-", dir=folder.parent))
    command = ["mvn", "-q", "-B", "-ntp", "-f", str(HERE / "pom.xml"),
               "dependency:copy-dependencies", f"-DoutputDirectory={partial}", f"-Dkafka={version}",
               f"-Dscala={table.get('scala', '2.13')}"]
    if table["profiles"]:
        command.append("-P" + table["profiles"])
    try:
        result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, timeout=FETCH_SECONDS)
        if result.returncode or not any(partial.glob("kafka_*.jar")):
            lines = [line for line in result.stdout.splitlines() if "ERROR" in line]
            raise Missing(f"the jars of Kafka {version} could not be fetched: "
                          + (lines[0] if lines else "Maven copied no broker"))
        partial.rename(folder)
    except subprocess.TimeoutExpired as error:
        raise Missing(f"the jars of Kafka {version} did not arrive in {FETCH_SECONDS} s") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def class_path(version):
    return f"{jars(version)}/*"


# ---- Processes, ports, folders -----------------------------------------------------------------

LIBC = ctypes.CDLL(None)


def die_with_parent():
    LIBC.prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG


def free_ports(count):
    """Ports below those that the system hands to outgoing connections, so that none is lost while
    its broker is down."""
    ports = []
    while len(ports) < count:
        port = random.SystemRandom().randrange(15000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in ports:
            ports.append(port)
    return ports


def data_folder():
    """A new folder in memory. Removes those that killed runs have left behind."""
    root = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else Path(tempfile.gettempdir())
    for old in root.glob("milena-kafka-*-*"):
        match = re.fullmatch(r"milena-kafka-(\d+)-.*", old.name)
        if match and not Path(f"/proc/{match.group(1)}").exists():
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"milena-kafka-{os.getpid()}-", dir=root))


def wait_until(condition, seconds, what):
    """Returns the first true value of the condition. Errors of the wire mean: not yet."""
    deadline, last = time.monotonic() + seconds, ""
    while time.monotonic() < deadline:
        try:
            value = condition()
            if value:
                return value
        except wire.Error as error:
            last = f" ({error})"
        time.sleep(0.1)
    raise Failed(f"{what}: not within {seconds} s{last}")


class Process:
    """One Java process that can be killed, frozen and started again."""

    def __init__(self, name, command, folder):
        self.name, self.command = name, command
        self.log = folder / f"{name}.log"
        self.process, self.is_frozen = None, False

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, start_new_session=True,
                                            preexec_fn=die_with_parent)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def is_answering(self):
        return self.is_running() and not self.is_frozen

    def check(self):
        if not self.is_running():
            raise Failed(f"{self.name} has died: {self.log_tail()}")

    def log_tail(self):
        text = self.log.read_text(errors="replace").strip() if self.log.exists() else ""
        return " | ".join(text.splitlines()[-5:]) or "its log is empty"

    def kill(self):
        """kill -9, frozen or not."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process, self.is_frozen = None, False

    def stop(self):
        """Asks it to shut down in good order, which lets leaders move first."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise Failed(f"{self.name} did not stop in {STOP_SECONDS} s") from error
        self.process = None

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)
        self.is_frozen = True

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)
        self.is_frozen = False


# ---- Clusters ----------------------------------------------------------------------------------

class Node(Process):
    """One broker."""

    def __init__(self, number, port, command, folder, data):
        super().__init__(f"node{number}", command, folder)
        self.number, self.address, self.data = number, ("127.0.0.1", port), data

    def describe(self, topics=()):
        return wire.metadata(self.address, topics)


class ZooKeeper(Process):
    """What brokers of releases before KRaft register with."""

    def __init__(self, name, port, command, folder):
        super().__init__(name, command, folder)
        self.port = port

    def knows_broker(self, number):
        """Whether a broker's registration is there, which outlives a killed one by its session."""
        self.check()
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as stream:
                stream.sendall(b"dump")
                sessions = stream.makefile("rb").read().decode()
        except OSError as error:
            raise wire.Error(f"ZooKeeper: {error}") from error
        if "Sessions with Ephemerals" not in sessions:
            raise Failed(f"ZooKeeper does not tell its sessions: {sessions.strip()}")
        return f"/brokers/ids/{number}" in sessions.split()


class Cluster:
    """Brokers 1..n. The topics' defaults: 4 partitions, on all brokers, created when asked for."""

    def __init__(self, version, nodes=1, properties=None):
        if version not in VERSIONS:
            raise Failed(f"no Kafka {version} in the table of versions: {', '.join(VERSIONS)}")
        self.version, self.table = version, VERSIONS[version]
        self.java = ["java", *JVM, *(JVM_OLD if self.table.get("old") else [])]
        self.class_path = class_path(version)
        self.folder = data_folder()
        self.zookeeper = None
        self.nodes = {}
        try:
            (self.folder / "log4j.properties").write_text(LOG4J)
            self.java.append(f"-Dlog4j.configuration=file:{self.folder}/log4j.properties")
            self.lay_out(nodes, properties or {})
        except BaseException:
            self.stop()
            raise

    def lay_out(self, count, properties):
        """Writes the configuration of every process; starts none."""
        ports = free_ports(2 * count + 1)
        settings = self.common_settings(count)
        voters = ",".join(f"{n + 1}@127.0.0.1:{ports[count + n]}" for n in range(count))
        if not self.table["kraft"]:
            self.lay_out_zookeeper(ports[-1])
        for n in range(count):
            data = self.folder / f"data{n + 1}"
            listener = f"PLAINTEXT://127.0.0.1:{ports[n]}"
            own = {"listeners": listener, "advertised.listeners": listener, "log.dirs": data,
                   "broker.rack": f"rack{n + 1}"}
            if self.table["kraft"]:
                own.update({
                    "process.roles": "broker,controller", "node.id": n + 1,
                    "controller.quorum.voters": voters, "controller.listener.names": "CONTROLLER",
                    "listeners": f"{listener},CONTROLLER://127.0.0.1:{ports[count + n]}",
                    "listener.security.protocol.map":
                        "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
                    "inter.broker.listener.name": "PLAINTEXT"})
            else:
                own.update({"broker.id": n + 1, "zookeeper.connect": f"127.0.0.1:{ports[-1]}"})
            path = self.folder / f"node{n + 1}.properties"
            write_properties(path, {**settings, **own, **properties})
            command = [*self.java, "-cp", self.class_path, "kafka.Kafka", str(path)]
            self.nodes[n + 1] = Node(n + 1, ports[n], command, self.folder, data)
        if self.table["kraft"]:
            self.format(self.folder / "node1.properties")

    def common_settings(self, count):
        return {
            "num.partitions": 4, "default.replication.factor": count,
            "auto.create.topics.enable": "true", "log.retention.ms": -1,
            "offsets.topic.num.partitions": 4, "offsets.topic.replication.factor": count,
            "transaction.state.log.num.partitions": 4, "transaction.state.log.min.isr": 1,
            "transaction.state.log.replication.factor": count,
            "share.coordinator.state.topic.num.partitions": 4,
            "share.coordinator.state.topic.min.isr": 1,
            "share.coordinator.state.topic.replication.factor": count,
            "group.consumer.min.heartbeat.interval.ms": 500,
            "group.consumer.heartbeat.interval.ms": 500,
            "group.consumer.min.session.timeout.ms": 5000,
            "group.initial.rebalance.delay.ms": 0, "broker.session.timeout.ms": 3000,
            "broker.heartbeat.interval.ms": 500,
            "replica.selector.class":
                "org.apache.kafka.common.replica.RackAwareReplicaSelector",
            "zookeeper.session.timeout.ms": 3000}

    def lay_out_zookeeper(self, port):
        path = self.folder / "zoo.cfg"
        write_properties(path, {
            "dataDir": self.folder / "zookeeper", "clientPort": port, "tickTime": 1000,
            "clientPortAddress": "127.0.0.1", "maxClientCnxns": 0,
            "admin.enableServer": "false", "4lw.commands.whitelist": "dump"})
        # Brokers from before 2.8 come without the newer ZooKeeper: all use the one of 2.8.2.
        command = ["java", *JVM, *self.java[-1:], "-cp", class_path("2.8.2"),
                   "org.apache.zookeeper.server.quorum.QuorumPeerMain", str(path)]
        self.zookeeper = ZooKeeper("zookeeper", port, command, self.folder)

    def format(self, properties_path):
        """Formats the data folders: by Kafka's tool once for a release, then by copying."""
        formatted = CACHE / self.version / "formatted"
        if not formatted.is_dir():
            first = self.nodes[1].data
            command = [*self.java, "-cp", self.class_path, "kafka.tools.StorageTool", "format",
                       "-t", CLUSTER_ID, "-c", str(properties_path)]
            try:
                result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, timeout=START_SECONDS)
            except subprocess.TimeoutExpired as error:
                raise Failed(f"format: longer than {START_SECONDS} s") from error
            if result.returncode:
                raise Failed(f"format: {result.stdout.strip()[-500:]}")
            partial = Path(tempfile.mkdtemp(prefix="formatting-", dir=formatted.parent))
            shutil.copytree(first, partial, dirs_exist_ok=True)
            try:
                partial.rename(formatted)
            except OSError:  # Somebody else was faster.
                shutil.rmtree(partial)
            shutil.rmtree(first)
        # A directory's id may not begin with a dash, and does not with a clear first bit.
        for number, node in self.nodes.items():
            shutil.copytree(formatted, node.data)
            path = node.data / "meta.properties"
            identity = bytes([random.randrange(128)]) + os.urandom(15)
            text = re.sub(r"(?m)^node\.id=.*$", f"node.id={number}", path.read_text())
            text = re.sub(r"(?m)^directory\.id=.*$", f"directory.id={base64url(identity)}", text)
            path.write_text(text)

    # Life.

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exception):
        self.stop()

    def start(self):
        if self.zookeeper:
            self.zookeeper.start()
        for node in self.nodes.values():
            node.start()
        self.wait_ready()

    def stop(self):
        """Kills all processes and removes all data. May be called twice."""
        for process in [*self.nodes.values(), *filter(None, [self.zookeeper])]:
            process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def wait_ready(self, seconds=START_SECONDS):
        """Until every broker that runs answers, and knows of all others that run."""
        running = {n: node for n, node in self.nodes.items() if node.is_running()}

        def is_ready():
            for process in [*running.values(), *filter(None, [self.zookeeper])]:
                process.check()
            return all(set(running) == set(answer["brokers"]) and answer["controller"] > 0
                       for answer in (node.describe() for node in running.values()))
        wait_until(is_ready, seconds, f"Kafka {self.version} ready")

    def restart(self, number):
        """Starts a broker again that was stopped or killed, and waits until it is back."""
        if self.zookeeper:  # A broker that finds its earlier life still registered gives up.
            wait_until(lambda: not self.zookeeper.knows_broker(number), START_SECONDS,
                       f"the end of broker {number} in ZooKeeper")
        self.nodes[number].start()
        self.wait_ready()

    # Questions and orders.

    @property
    def bootstrap(self):
        return ",".join(f"{host}:{port}" for host, port in
                        (node.address for node in self.nodes.values()))

    def describe(self, topics=()):
        """The metadata, from the first broker that answers."""
        last = wire.Error("no broker answers")
        for node in self.nodes.values():
            if node.is_answering():
                try:
                    return node.describe(topics)
                except wire.Error as error:
                    last = error
        raise last

    def leader(self, topic, partition):
        """The number of the partition's leader; None while it has none."""
        state = self.describe([topic])["topics"][topic]["partitions"].get(partition)
        return state["leader"] if state and state["leader"] in self.nodes else None

    def wait_leader(self, topic, partition, other_than=None, seconds=60):
        """Until the partition has a leader that is not a given one, and returns it."""
        def leader():
            number = self.leader(topic, partition)
            return number if number != other_than else None
        return wait_until(leader, seconds, f"a leader of {topic} {partition}")

    def create_topic(self, name, partitions=4, replicas=None, **properties):
        """Creates a topic and waits until all its partitions have leaders."""
        settings = {key.replace("_", "."): value for key, value in properties.items()}
        wire.create_topic(self.controller, name, partitions, replicas or len(self.nodes),
                          settings)
        self.wait_partitions(name, partitions)

    def configure_group(self, name, **properties):
        wire.configure_group(self.controller, name, {
            key.replace("_", "."): value for key, value in properties.items()})

    def deny(self, kind, name, operation):
        wire.deny(self.controller, kind, name, operation)

    def allow(self, kind, name):
        wire.allow(self.controller, kind, name)

    def delete_topic(self, name):
        wire.delete_topic(self.controller, name)

    def add_partitions(self, name, count):
        """Until it has so many, and waits until all have leaders."""
        wire.add_partitions(self.controller, name, count)
        self.wait_partitions(name, count)

    @property
    def controller(self):
        return self.nodes[self.describe()["controller"]].address

    def wait_partitions(self, name, count):
        def has_leaders():
            return all(leads(node.describe([name])["topics"][name], count)
                       for node in self.nodes.values() if node.is_running())
        wait_until(has_leaders, 60, f"topic {name}")

    def wait_replicas(self, topic):
        """Until all replicas of the topic are in sync again."""
        def is_whole():
            state = self.describe([topic])["topics"][topic]
            return all(len(partition["isr"]) == len(self.nodes)
                       for partition in state["partitions"].values())
        wait_until(is_whole, 120, "all replicas in sync")

    def coordinator(self, group):
        """The number of the broker that coordinates the group, by the first that answers."""
        last = wire.Error("no broker answers")
        for node in self.nodes.values():
            if node.is_answering():
                try:
                    return wire.coordinator(node.address, group)
                except wire.Error as error:
                    last = error
        raise last

    def ends(self, topic):
        """Where the partitions end for consumers, {partition: offset}."""
        partitions = self.describe([topic])["topics"][topic]["partitions"]
        return {number: wire.end_offset(self.nodes[state["leader"]].address, topic, number)
                for number, state in partitions.items()}

    def committed(self, group, topic, partitions):
        """What the group has committed, {partition: offset}."""
        return wire.committed(self.nodes[self.coordinator(group)].address, group, topic,
                              partitions)

    def batches(self, topic):
        """What the leaders' log files hold: (partition, magic, codec, bytes) of each batch, or of
        each entry of a message set."""
        partitions = self.describe([topic])["topics"][topic]["partitions"]
        for partition, state in partitions.items():
            folder = self.nodes[state["leader"]].data / f"{topic}-{partition}"
            for path in sorted(folder.glob("*.log")):
                with open(path, "rb") as segment:
                    while len(header := segment.read(17)) == 17:
                        size, magic = struct.unpack_from(">i", header, 8)[0], header[16]
                        if size == 0:
                            break  # The rest of the file was only reserved.
                        rest = segment.read(size + 12 - 17)
                        attributes = rest[5] if magic == 2 else rest[0]
                        yield partition, magic, attributes & 7, size + 12


def leads(topic, partitions):
    return len(topic["partitions"]) == partitions and all(
        state["leader"] > 0 and not state["error"] for state in topic["partitions"].values())


def write_properties(path, properties):
    path.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
