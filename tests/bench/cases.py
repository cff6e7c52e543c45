# SPDX-License-Identifier: BSD-2-Clause
"""What compare measures, and what is aimed at."""

WIDE = "-X partitioner=random -X sticky.partitioning.linger.ms=0"

# name: (messages, arguments of the client, arguments of the sink)
CASES = {
    "produce-100": (1500000, "produce", ""),
    "produce-100-keys": (600000, "produce -t keys_p4 -k 16", ""),
    "produce-100-header": (400000, "produce -H 1", ""),
    "produce-1000": (300000, "produce -s 1000", ""),
    "produce-100-lz4": (800000, "produce -z lz4", ""),
    "produce-100-zstd": (600000, "produce -z zstd", ""),
    "produce-100-opaque": (1000000, "produce -o", ""),
    "produce-1000-partitions": (300000, f"produce -t wide_p1000 -r 200000 {WIDE}", ""),
    "produce-by-name": (1000000, "produce -c name", ""),
    "produce-batch-call": (1000000, "produce -c batch", ""),
    "produce-events": (1000000, "produce -e", ""),
    "produce-2-threads": (1000000, "produce -T 2", ""),
    "produce-4-threads": (1000000, "produce -T 4", ""),
    "produce-100-partitions": (600000, f"produce -t many_p100 {WIDE}", ""),
    "produce-100-partitions-2-threads": (600000, f"produce -T 2 -t many_p100 {WIDE}", ""),
    "produce-100-partitions-4-threads": (600000, f"produce -T 4 -t many_p100 {WIDE}", ""),
    "consume-100": (1500000, "consume -t f.100.none.131072", ""),
    "consume-100-batch-call": (1500000, "consume -c batch -t f.100.none.131072", ""),
    "consume-1000": (400000, "consume -t f.1000.none.131072", ""),
    "consume-100-lz4": (800000, "consume -t f.100.lz4.131072", ""),
    "consume-100-zstd": (800000, "consume -t f.100.zstd.131072", ""),
    "consume-100-small-batches": (500000, "consume -t f.100.lz4.1000", ""),
    "consume-2-threads": (1000000, "consume -T 2 -t f.100.none.131072", ""),
    "latency-produce": (2000, "latency", ""),
    "latency-receive": (500, "receive -t l.1000", ""),
    "memory-produce": (400000, "memory", ""),
    "memory-consume": (1, "memory -C -t f.100.none.131072 -X queued.min.messages=400000", ""),
    "idle-producer": (1, "idle -d 60", "--brokers 100"),
    "idle-consumer": (1, "idle -d 60 -C -t e.idle", "--brokers 100"),
    "idle-member": (1, "idle -d 60 -C -g -t e.idle", "--brokers 100 --groups"),
    "create": (100, "create", ""),
}

# CPU per message, ours / theirs: at most.
RATIOS = {
    "produce-100": 0.25,
    "produce-100-header": 0.25,
    "produce-1000": 0.40,
    "produce-1000-partitions": 0.125,
    "consume-100": 0.125,
    "consume-100-batch-call": 0.20,
}

# CPU per message of ours, as a multiple of another case of ours: at most.
MULTIPLES = {
    "produce-by-name": ("produce-100", 1.2),
    "produce-2-threads": ("produce-100", 1.7),
    "produce-4-threads": ("produce-100", 1.7),
    "produce-100-partitions-2-threads": ("produce-100-partitions", 1.7),
    "produce-100-partitions-4-threads": ("produce-100-partitions", 1.7),
}

# CPU per message of ours, as a multiple of what the program `codec` measures, and for consumers of
# reading the same uncompressed on top: decompressing costs less than that. At most.
CODECS = {
    "produce-100-lz4": ("produce_lz4_ns", None, 1.5),
    "produce-100-zstd": ("produce_zstd_ns", None, 1.5),
    "consume-100-lz4": ("consume_lz4_ns", "consume-100", 1.5),
    "consume-100-zstd": ("consume_zstd_ns", "consume-100", 1.5),
}

# A member of the client's result of ours: at most.
LIMITS = {
    "memory-produce": ("bytes_beyond_each", 24),
    "memory-consume": ("bytes_beyond_each", 16),
    "create": ("cpu_ns_per_message", 2000000),
    "idle-producer": ("threads", 4),
    "idle-consumer": ("threads", 4),
    "idle-member": ("threads", 4),
}

# Not more than theirs.
NOT_WORSE = {"latency-produce": ("p50_us", "p99_us")}


def kind(name):
    """The client's mode."""
    return CASES[name][1].split()[0]


def has_cpu(name):
    """Whether CPU per message is what the case is about."""
    return kind(name) in ("produce", "consume")


def targets(medians, codec):
    """Yields (text, value, limit) for each target whose cases were measured. `medians`: name ->
    side -> member -> median."""
    def ours(name, member="cpu_ns_per_message"):
        return medians[name]["ours"][member]

    for name, limit in RATIOS.items():
        if name in medians:
            theirs = medians[name]["theirs"]["cpu_ns_per_message"]
            yield f"{name}: CPU, ours / theirs", ours(name) / theirs, limit
    for name, (other, limit) in MULTIPLES.items():
        if name in medians and other in medians:
            yield f"{name}: CPU / that of {other}", ours(name) / ours(other), limit
    for name, (member, other, limit) in CODECS.items():
        if name in medians and member in codec and (not other or other in medians):
            text = f"{name}: CPU / that of the codec{f' and {other}' if other else ' alone'}"
            yield text, ours(name) / (codec[member] + (ours(other) if other else 0)), limit
    for name, members in NOT_WORSE.items():
        for member in members if name in medians else ():
            theirs = medians[name]["theirs"][member]
            yield f"{name}: {member}, ours / theirs", ours(name, member) / theirs, 1.0
    for name, (member, limit) in LIMITS.items():
        if name in medians:
            yield f"{name}: {member}", ours(name, member), limit
