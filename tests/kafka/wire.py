# SPDX-License-Identifier: BSD-2-Clause
"""The few requests with which the tests look after a cluster, in plain sockets.

Starting a Java tool takes a second or two, and which tools exist changes from release to release.
These versions of requests are served from 0.11 to 4.x alike (0.10
takes one older CreateTopics). Nothing here is shared with the library under test.
"""

import socket
import struct

LIST_OFFSETS, METADATA, OFFSET_FETCH, FIND_COORDINATOR, API_VERSIONS = 2, 3, 9, 10, 18
CREATE_TOPICS, DELETE_TOPICS, CREATE_PARTITIONS, ALTER_CONFIGS = 19, 20, 37, 44
CREATE_ACLS, DELETE_ACLS = 30, 31
GROUP = 32  # A type of resource that has properties.


class Error(Exception):
    """The broker could not be reached, or it answered with an error."""


class Reader:
    """Reads big-endian values from the front of an answer."""

    def __init__(self, data):
        self.data, self.position = data, 0

    def take(self, layout):
        values = struct.unpack_from(">" + layout, self.data, self.position)
        self.position += struct.calcsize(">" + layout)
        return values[0] if len(values) == 1 else values

    def string(self):
        size = self.take("h")
        if size < 0:
            return None
        self.position += size
        return self.data[self.position - size:self.position].decode()

    def array(self, read_item):
        return [read_item() for _ in range(self.take("i"))]


def string(text):
    data = text.encode()
    return struct.pack(">h", len(data)) + data


def request(address, api_key, version, body, timeout=5.0):
    """Sends one request on a connection of its own. Returns a reader of the answer's body."""
    try:
        with socket.create_connection(address, timeout=timeout) as connection:
            message = struct.pack(">hhi", api_key, version, 1) + string("tests") + body
            connection.sendall(struct.pack(">i", len(message)) + message)
            with connection.makefile("rb") as stream:
                size = struct.unpack(">i", exactly(stream, 4))[0]
                reader = Reader(exactly(stream, size))
    except OSError as error:
        raise Error(f"{address[0]}:{address[1]}: {error}") from error
    reader.take("i")
    return reader


def exactly(stream, size):
    data = stream.read(size)
    if len(data) != size:
        raise OSError("the broker closed the connection")
    return data


def api_versions(address):
    """Returns {api key: (lowest, highest)}."""
    reader = request(address, API_VERSIONS, 0, b"")
    error = reader.take("h")
    if error:
        raise Error(f"ApiVersions: error {error}")
    return {key: (low, high) for key, low, high in reader.array(lambda: reader.take("hhh"))}


def metadata(address, topics=()):
    """Returns the brokers, the controller and the topics asked for. Creates topics if it may."""
    body = struct.pack(">i", len(topics)) + b"".join(string(topic) for topic in topics)
    reader = request(address, METADATA, 1, body)

    def broker():
        node, host, port = reader.take("i"), reader.string(), reader.take("i")
        reader.string()  # The rack.
        return node, (host, port)

    def partition():
        error, index, leader = reader.take("hii")
        replicas, isr = (reader.array(lambda: reader.take("i")) for _ in range(2))
        return index, {"error": error, "leader": leader, "replicas": replicas, "isr": isr}

    def topic():
        error, name = reader.take("h"), reader.string()
        reader.take("b")  # Internal or not.
        return name, {"error": error, "partitions": dict(reader.array(partition))}

    brokers, controller = dict(reader.array(broker)), reader.take("i")
    return {"brokers": brokers, "controller": controller, "topics": dict(reader.array(topic))}


def create_topic(address, name, partitions, replicas, properties, timeout=15.0):
    """Creates a topic; the address is the controller's. Raises Error with the broker's code."""
    version = min(2, api_versions(address)[CREATE_TOPICS][1])
    pairs = b"".join(string(key) + string(str(value)) for key, value in properties.items())
    body = struct.pack(">i", 1) + string(name) + struct.pack(">ihi", partitions, replicas, 0)
    body += struct.pack(">i", len(properties)) + pairs
    body += struct.pack(">ib", int(timeout * 1000), 0)
    reader = request(address, CREATE_TOPICS, version, body, timeout + 5)
    if version >= 2:
        reader.take("i")  # The throttle time.
    for _ in range(reader.take("i")):
        reader.string()
        error, text = reader.take("h"), reader.string()
        if error:
            raise Error(f"topic {name}: error {error} {text or ''}")


def delete_topic(address, name, timeout=15.0):
    """Deletes a topic; since 1.0. As create_topic()."""
    body = struct.pack(">i", 1) + string(name) + struct.pack(">i", int(timeout * 1000))
    reader = request(address, DELETE_TOPICS, 1, body, timeout + 5)
    reader.take("i")  # The throttle time.
    for _ in range(reader.take("i")):
        reader.string()
        error = reader.take("h")
        if error:
            raise Error(f"topic {name}: error {error}")


def add_partitions(address, name, count, timeout=15.0):
    """Gives a topic more partitions, `count` in the end; since 1.0. As create_topic()."""
    body = struct.pack(">i", 1) + string(name) + struct.pack(">ii", count, -1)
    body += struct.pack(">ib", int(timeout * 1000), 0)
    reader = request(address, CREATE_PARTITIONS, 0, body, timeout + 5)
    reader.take("i")  # The throttle time.
    for _ in range(reader.take("i")):
        reader.string()
        error, text = reader.take("h"), reader.string()
        if error:
            raise Error(f"topic {name}: error {error} {text or ''}")


def coordinator(address, group):
    """The number of the broker that coordinates the group."""
    reader = request(address, FIND_COORDINATOR, 0, string(group))
    error, node = reader.take("hi")
    if error:
        raise Error(f"the coordinator of {group}: error {error}")
    return node


def end_offset(address, topic, partition):
    """Where the log ends for consumers; the address is the leader's."""
    body = struct.pack(">ii", -1, 1) + string(topic) + struct.pack(">iiq", 1, partition, -1)
    reader = request(address, LIST_OFFSETS, 1, body)
    reader.take("i")
    reader.string()
    _, _, error, _, offset = reader.take("iihqq")
    if error:
        raise Error(f"the end of {topic} {partition}: error {error}")
    return offset


def committed(address, group, topic, partitions):
    """What the group has committed, {partition: offset}; the address is the coordinator's."""
    body = string(group) + struct.pack(">i", 1) + string(topic)
    body += struct.pack(f">{partitions + 1}i", partitions, *range(partitions))
    reader = request(address, OFFSET_FETCH, 1, body)
    offsets = {}
    for _ in range(reader.take("i")):
        reader.string()
        for _ in range(reader.take("i")):
            partition, offset = reader.take("iq")
            reader.string()  # The metadata.
            error = reader.take("h")
            if error:
                raise Error(f"what {group} committed: error {error}")
            offsets[partition] = offset
    return offsets


def configure_group(address, group, properties):
    """Sets properties of a group; since 4.0."""
    body = struct.pack(">ib", 1, GROUP) + string(group) + struct.pack(">i", len(properties))
    body += b"".join(string(name) + b"\0" + string(str(value))
                     for name, value in properties.items()) + b"\0"
    reader = request(address, ALTER_CONFIGS, 0, body)
    reader.take("ii")  # The throttle time, and how many answers follow.
    error, text = reader.take("h"), reader.string()
    if error:
        raise Error(f"group {group}: error {error} {text or ''}")


# Types of resources, operations and the rest, as access is controlled.
ACCESS_KINDS = {"topic": 2, "group": 3}
OPERATIONS = {"read": 3, "describe": 8}
ANY, DENY, LITERAL = 1, 2, 3


def deny(address, kind, name, operation):
    """Nobody may do that from now on; the broker has an authorizer."""
    body = struct.pack(">ib", 1, ACCESS_KINDS[kind]) + string(name) + struct.pack(">b", LITERAL)
    body += string("User:ANONYMOUS") + string("*") + struct.pack(">bb", OPERATIONS[operation], DENY)
    reader = request(address, CREATE_ACLS, 1, body)
    reader.take("ii")  # The throttle time, and how many answers follow.
    error, text = reader.take("h"), reader.string()
    if error:
        raise Error(f"deny {name}: error {error} {text or ''}")


def allow(address, kind, name):
    """Everybody may do all again."""
    null = struct.pack(">h", -1)
    body = struct.pack(">ib", 1, ACCESS_KINDS[kind]) + string(name) + struct.pack(">b", ANY)
    body += null + null + struct.pack(">bb", ANY, ANY)
    reader = request(address, DELETE_ACLS, 1, body)
    reader.take("ii")
    error, text = reader.take("h"), reader.string()
    if error:
        raise Error(f"allow {name}: error {error} {text or ''}")
