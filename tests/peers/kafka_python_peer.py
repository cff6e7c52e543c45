# SPDX-License-Identifier: BSD-2-Clause
"""kafka-python as a peer: lines, key and value apart by a tab.

    kafka_python_peer.py produce <bootstrap> <topic> <codec>      lines from standard input
    kafka_python_peer.py consume <bootstrap> <topic> <count>      lines to standard output
    kafka_python_peer.py member <bootstrap> <topic>               of a group; see group_peers.py
"""

import signal
import sys
import time

import kafka


def produce(bootstrap, topic, codec):
    producer = kafka.KafkaProducer(bootstrap_servers=bootstrap.split(","), acks="all", linger_ms=5,
                                   compression_type=None if codec == "none" else codec,
                                   enable_idempotence=False)
    futures = []
    for line in sys.stdin.read().splitlines():
        key, value = line.split("\t")
        futures.append(producer.send(topic, key=key.encode(), value=value.encode(),
                                     headers=[("line", key.encode())]))
    producer.flush(30)
    for future in futures:
        future.get(90)
    producer.close()


def consume(bootstrap, topic, count):
    consumer = kafka.KafkaConsumer(bootstrap_servers=bootstrap.split(","), group_id=None,
                                   enable_auto_commit=False, check_crcs=True)
    partitions = [kafka.TopicPartition(topic, number)
                  for number in sorted(consumer.partitions_for_topic(topic))]
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    deadline, found = time.monotonic() + 90, 0
    while found < int(count) and time.monotonic() < deadline:
        for records in consumer.poll(500).values():
            for record in records:
                found += 1
                print(record.key.decode(), record.value.decode(), sep="\t")
    consumer.close()
    if found < int(count):
        sys.exit(f"FAILED: {found} of {count} messages came")


def member(bootstrap, topic):
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    consumer = kafka.KafkaConsumer(topic, bootstrap_servers=bootstrap.split(","),
                                   group_id=f"group-{topic}", auto_offset_reset="earliest",
                                   session_timeout_ms=6000, heartbeat_interval_ms=1000)
    owned = None
    while not ended:
        for records in consumer.poll(200).values():
            for record in records:
                print("message", record.key.decode(), record.value.decode(), sep="\t")
        if consumer.assignment() != owned:
            owned = consumer.assignment()
            print("assigned", *(partition.partition for partition in owned), sep="\t")
        sys.stdout.flush()
    consumer.close()


if __name__ == "__main__":
    {"produce": produce, "consume": consume, "member": member}[sys.argv[1]](*sys.argv[2:])
