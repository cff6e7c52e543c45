# SPDX-License-Identifier: BSD-2-Clause
"""Debian's python3-confluent-kafka, which runs on the library under test, as a peer.

    confluent_peer.py produce <bootstrap> <topic> <codec>      lines from standard input
    confluent_peer.py consume <bootstrap> <topic> <count>      lines to standard output
    confluent_peer.py look <bootstrap> <topic> <count>         metadata, watermarks, times, seek
    confluent_peer.py member <bootstrap> <topic> <assignor>    of the group with the topic's name,
                                                               until SIGTERM; see tests/kafka/run

Lines have key and value apart by a tab.
"""

import signal
import sys
import time

import confluent_kafka
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition


def check(good, problem):
    if not good:
        sys.exit(f"FAILED: {problem}")


def produce(bootstrap, topic, codec):
    reports = []

    def on_delivery(error, message):
        check(error is None, f"delivery: {error}")
        check(message.topic() == topic and message.offset() >= 0, "the report is wrong")
        reports.append(message.value())

    producer = Producer({"bootstrap.servers": bootstrap, "compression.codec": codec,
                         "linger.ms": 5})
    lines = sys.stdin.read().splitlines()
    for line in lines:
        key, value = line.split("\t")
        producer.produce(topic, value.encode(), key.encode(), on_delivery=on_delivery,
                         headers=[("line", key.encode())])
        producer.poll(0)
    check(producer.flush(30) == 0, "messages are left after flush")
    check(len(reports) == len(lines), f"{len(reports)} reports for {len(lines)} messages")


def assigned(bootstrap, topic, **properties):
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "peer",
                         "enable.auto.commit": False, "auto.offset.reset": "error",
                         **properties})
    partitions = consumer.list_topics(topic, 10).topics[topic].partitions
    check(partitions, f"topic {topic} has no partitions")
    consumer.assign([TopicPartition(topic, number, confluent_kafka.OFFSET_BEGINNING)
                     for number in partitions])
    return consumer, len(partitions)


def consume(bootstrap, topic, count):
    consumer, partitions = assigned(bootstrap, topic, **{"enable.partition.eof": True})
    deadline, found, ends = time.monotonic() + 30, 0, 0
    while (found < int(count) or ends < partitions) and time.monotonic() < deadline:
        for message in consumer.consume(100, 0.5):
            if message.error() is None:
                found += 1
                print(message.key().decode(), message.value().decode(), sep="\t")
                headers = message.headers() or [("line", message.key())]
                check(headers == [("line", message.key())], f"the headers are {headers}")
            else:
                check(message.error().code() == KafkaError._PARTITION_EOF, message.error())
                ends += 1
    consumer.close()
    check(found == int(count), f"{found} of {count} messages came, {ends} ends")


def look(bootstrap, topic, count):
    consumer, partitions = assigned(bootstrap, topic)
    sizes = {}
    for number in range(partitions):
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=60)
        check(low == 0, f"partition {number} begins at {low}")
        sizes[number] = high
    check(sum(sizes.values()) == int(count), f"the sizes are {sizes}")
    number = max(sizes, key=sizes.get)
    consumer.assign([TopicPartition(topic, number, 0)])
    message = consumer.poll(90)
    check(message and not message.error() and message.offset() == 0, "no first message")
    check(message.timestamp()[0] == confluent_kafka.TIMESTAMP_CREATE_TIME, "no timestamp")
    consumer.seek(TopicPartition(topic, number, sizes[number] - 1))
    message = consumer.poll(90)
    check(message and message.offset() == sizes[number] - 1, "the seek went elsewhere")
    position = consumer.position([TopicPartition(topic, number)])[0].offset
    check(position == sizes[number], f"the position is {position}")
    consumer.close()


def member(bootstrap, topic, assignor):
    """Commits by itself: now and then, and what it gives up."""
    ended, owned, taken = [], set(), 0
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": topic,
                         "partition.assignment.strategy": assignor, "enable.auto.commit": False,
                         "auto.offset.reset": "earliest", "heartbeat.interval.ms": 500})

    # Between two generations a commit of the older one is refused; the next one has its offsets.
    harmless = (KafkaError._NO_OFFSET, KafkaError.ILLEGAL_GENERATION,
                KafkaError.REBALANCE_IN_PROGRESS)

    def commit(allowed):
        try:
            consumer.commit(asynchronous=False)
        except confluent_kafka.KafkaException as problem:
            check(problem.args[0].code() in allowed, f"commit: {problem}")

    def on_assign(_consumer, partitions):
        if assignor != "cooperative-sticky":
            check(not owned, f"{sorted(owned)} were not revoked")
        owned.update(entry.partition for entry in partitions)
        print("assigned", sorted(owned), flush=True)

    def on_revoke(_consumer, partitions):
        check(owned.issuperset(entry.partition for entry in partitions), "revoked, not assigned")
        owned.difference_update(entry.partition for entry in partitions)
        commit([KafkaError._NO_OFFSET])

    def on_lost(_consumer, partitions):
        check(False, f"{partitions} are lost")

    consumer.subscribe([topic], on_assign=on_assign, on_revoke=on_revoke, on_lost=on_lost)
    while not ended:
        message = consumer.poll(0.1)
        if message is None:  # An empty value makes a message false.
            continue
        check(message.error() is None, message.error())
        check(message.partition() in owned, f"partition {message.partition()} is not assigned")
        print("got", message.partition(), message.offset(), flush=True)
        taken += 1
        if taken % 500 == 0:
            commit(harmless)
    consumer.close()
    check(not owned, f"{sorted(owned)} were not revoked by close")


if __name__ == "__main__":
    {"produce": produce, "consume": consume, "look": look, "member": member}[
        sys.argv[1]](*sys.argv[2:])
