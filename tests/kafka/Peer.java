// SPDX-License-Identifier: BSD-2-Clause
//
// The independent client of the tests: Kafka's own, from the broker's jars.
//
//   Peer verify  <bootstrap> <topic> <count> <seed> <mixed|large|plain> <strict|at_least_once> [report]
//   Peer produce <bootstrap> <topic> <count> <seed> <mixed|large|plain> <codec>
//   Peer transact <bootstrap> <topic> <count> <seed> <codec>
//   Peer member   <bootstrap> <topic> <range|cooperative-sticky|consumer>
//
// It builds the same messages as payload.c from a seed and a number, and compares every byte. With
// a report (one letter per message: A acked, N not persisted, P possibly persisted) those acked
// must be in the log, and those not persisted must not be; without, all must be. "strict" allows no
// message twice and none out of order. A member prints what group.c does, and ends as that does.

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public final class Peer {
    private static final long EPOCH_MS = 1600000000000L;
    private static final int LARGEST = 900 * 1024;
    private static final Duration SILENCE = Duration.ofSeconds(30);

    /** Message `number`, in step with payload.c. */
    private static final class Payload {
        private long state;
        final byte[] key;
        final byte[] value;
        final Header[] headers;

        Payload(long seed, String shape, long number) {
            state = seed * 0xd1342543de82ef95L + number;
            next();
            key = key();
            long random = next();
            boolean hasHeaders = (random & 1) == 0 && !shape.equals("plain");
            int count = hasHeaders ? (int) ((random >>> 8) % 4) : 0;
            headers = new Header[count];
            for (int i = 0; i < count; i++)
                headers[i] = header();
            random = next();
            long size = shape.equals("large") ? largeSize(random, number) : mixedSize(random);
            value = size < 0 ? null : bytes((int) size);
        }

        private long next() {
            long z = state += 0x9e3779b97f4a7c15L;
            z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
            z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
            return z ^ (z >>> 31);
        }

        private byte[] bytes(int size) {
            byte[] bytes = new byte[size];
            for (int i = 0; i < size; i += 8) {
                if (i % 32 >= 16) {
                    System.arraycopy(bytes, i - 16, bytes, i, Math.min(8, size - i));
                    continue;
                }
                long letters = (next() & 0x0f0f0f0f0f0f0f0fL) + 0x6161616161616161L;
                for (int k = i; k < Math.min(size, i + 8); k++, letters >>>= 8)
                    bytes[k] = (byte) letters;
            }
            return bytes;
        }

        private byte[] key() {
            long random = next();
            long kind = random & 7;
            return kind == 0 ? null : bytes(kind == 1 ? 0 : 1 + (int) ((random >>> 8) % 40));
        }

        private Header header() {
            long random = next();
            String name = new String(bytes(1 + (int) ((random >>> 8) % 8)),
                                     StandardCharsets.ISO_8859_1);
            long kind = random & 7;
            byte[] content = kind == 0 ? null
                : bytes(kind == 1 ? 0 : 1 + (int) ((random >>> 16) % 50));
            return new RecordHeader(name, content);
        }

        private static long mixedSize(long random) {
            long part = Long.remainderUnsigned(random, 100), rest = random >>> 8;
            if (part < 2)
                return part - 1;
            return rest % (part < 90 ? 200 : part < 99 ? 2000 : 20000);
        }

        private static long largeSize(long random, long number) {
            if (number < 60)
                return (1L << (number / 3)) + number % 3 - 1;
            if (number == 60)
                return LARGEST;
            return (random >>> 8) % ((random & 3) == 0 ? LARGEST + 1 : 30000);
        }

        /** What differs in a record, or null. */
        String compare(ConsumerRecord<byte[], byte[]> record) {
            if (!Arrays.equals(key, record.key()))
                return "the key differs";
            if (!Arrays.equals(value, record.value()))
                return "the value differs";
            Header[] found = record.headers().toArray();
            if (found.length != headers.length)
                return "the number of headers differs";
            for (int i = 0; i < found.length; i++)
                if (!found[i].key().equals(headers[i].key())
                    || !Arrays.equals(found[i].value(), headers[i].value()))
                    return "a header differs";
            return null;
        }
    }

    private static void check(boolean good, String problem) {
        if (!good) {
            System.err.println("FAILED: " + problem);
            System.exit(1);
        }
    }

    private static Properties properties(String bootstrap) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        properties.put("key.deserializer", ByteArrayDeserializer.class.getName());
        properties.put("value.deserializer", ByteArrayDeserializer.class.getName());
        properties.put("key.serializer", ByteArraySerializer.class.getName());
        properties.put("value.serializer", ByteArraySerializer.class.getName());
        properties.put("check.crcs", "true");
        properties.put("max.poll.records", "10000");
        return properties;
    }

    /** What was found of each message. */
    private static final class Findings {
        final byte[] times;
        final Map<Integer, Long> last = new HashMap<>();
        long distinct;
        long duplicates;
        long outOfOrder;

        Findings(int count) {
            times = new byte[count];
        }

        void add(ConsumerRecord<byte[], byte[]> record, long seed, String shape) {
            long number = record.timestamp() - EPOCH_MS;
            String place = "partition " + record.partition() + " offset " + record.offset() + ": ";
            check(number >= 0 && number < times.length, place + "an unknown message");
            String difference = new Payload(seed, shape, number).compare(record);
            check(difference == null, place + "message " + number + ": " + difference);
            if (times[(int) number]++ == 0)
                distinct++;
            else
                duplicates++;
            Long previous = last.get(record.partition());
            if (previous != null && number <= previous)
                outOfOrder++;
            else
                last.put(record.partition(), number);
        }
    }

    private static void verify(String[] arguments) throws Exception {
        int count = Integer.parseInt(arguments[3]);
        long seed = Long.parseLong(arguments[4]);
        String shape = arguments[5];
        boolean strict = arguments[6].equals("strict");
        byte[] outcome = arguments.length > 7 ? Files.readAllBytes(Paths.get(arguments[7])) : null;
        Findings findings = new Findings(count);

        try (KafkaConsumer<byte[], byte[]> consumer =
                 new KafkaConsumer<>(properties(arguments[1]))) {
            List<TopicPartition> partitions = consumer.partitionsFor(arguments[2]).stream()
                .map(info -> new TopicPartition(info.topic(), info.partition()))
                .collect(Collectors.toList());
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
                var records = consumer.poll(SILENCE);
                check(!records.isEmpty(), "no records for " + SILENCE);
                records.forEach(record -> findings.add(record, seed, shape));
            }
        }
        for (int i = 0; i < count; i++) {
            char letter = outcome == null ? 'A' : (char) outcome[i];
            check(letter != 'A' || findings.times[i] != 0, "message " + i + " is missing");
            check(letter != 'N' || findings.times[i] == 0, "message " + i + " is in the log, but its"
                + " report said that it is not");
        }
        check(!strict || findings.duplicates == 0, findings.duplicates + " messages came twice");
        check(!strict || findings.outOfOrder == 0,
              findings.outOfOrder + " messages were out of order");
        System.out.println(findings.distinct + " messages, " + findings.duplicates + " twice");
    }

    private static void produce(String[] arguments) throws Exception {
        int count = Integer.parseInt(arguments[3]);
        long seed = Long.parseLong(arguments[4]);
        String shape = arguments[5];
        AtomicReference<Exception> failure = new AtomicReference<>();
        Properties properties = properties(arguments[1]);

        properties.put("acks", "all");
        properties.put("max.in.flight.requests.per.connection", "1");
        properties.put("linger.ms", "5");
        properties.put("max.request.size", "2000000");
        properties.put("compression.type", arguments[6]);
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(properties)) {
            for (int number = 0; number < count; number++) {
                Payload payload = new Payload(seed, shape, number);
                producer.send(new ProducerRecord<>(arguments[2], null, EPOCH_MS + number,
                                                   payload.key, payload.value,
                                                   Arrays.asList(payload.headers)),
                              (metadata, error) -> failure.compareAndSet(null, error));
            }
            producer.flush();
        }
        check(failure.get() == null, "not delivered: " + failure.get());
        System.out.println(count + " messages produced");
    }

    /** A producer of transactions, and what it has sent in the one that is open. */
    private static final class Transactor implements AutoCloseable {
        private final KafkaProducer<byte[], byte[]> producer;
        private final String topic;
        private boolean isOpen;
        private boolean commits;
        private int left;

        Transactor(String[] arguments, String id) {
            Properties properties = properties(arguments[1]);
            topic = arguments[2];
            properties.put("transactional.id", topic + id);
            properties.put("compression.type", arguments[5]);
            producer = new KafkaProducer<>(properties);
            producer.initTransactions();
        }

        void begin(boolean commits, int size) {
            producer.beginTransaction();
            this.commits = commits;
            isOpen = true;
            left = size;
        }

        void send(Payload payload, long number, Integer partition) {
            producer.send(new ProducerRecord<>(topic, partition, EPOCH_MS + number, payload.key,
                                               payload.value, Arrays.asList(payload.headers)));
            left--;
        }

        void end() {
            if (commits)
                producer.commitTransaction();
            else
                producer.abortTransaction();
            isOpen = false;
        }

        @Override
        public void close() {
            producer.close();
        }
    }

    /**
     * Two producers whose transactions overlap, about half of them aborted, and a third one whose
     * only transaction is open from the first message to the last, and is aborted then. Messages
     * of aborted transactions have numbers from `count` on.
     */
    private static void transact(String[] arguments) throws Exception {
        int count = Integer.parseInt(arguments[3]), partitions;
        long seed = Long.parseLong(arguments[4]), number = 0, aborted = count;
        Random random = new Random(seed);
        try (Transactor longest = new Transactor(arguments, "-long");
             Transactor first = new Transactor(arguments, "-1");
             Transactor second = new Transactor(arguments, "-2")) {
            partitions = longest.producer.partitionsFor(arguments[2]).size();
            while (number < count) {
                if (number > count / 3 && !longest.isOpen) {
                    longest.begin(false, partitions);
                    for (int partition = 0; partition < partitions; partition++)
                        longest.send(new Payload(seed, "mixed", aborted), aborted++, partition);
                    longest.producer.flush();
                }
                for (Transactor each : Arrays.asList(first, second)) {
                    if (!each.isOpen)
                        each.begin(random.nextBoolean(), 1 + random.nextInt(60));
                    int some = Math.min(each.left, 1 + random.nextInt(20));
                    for (int i = 0; i < some && number < count; i++) {
                        long next = each.commits ? number++ : aborted++;
                        each.send(new Payload(seed, "mixed", next), next, null);
                    }
                    each.producer.flush(); /* The other's come behind these. */
                    if (each.left <= 0)
                        each.end();
                }
            }
            for (Transactor each : Arrays.asList(first, second))
                if (each.isOpen)
                    each.end();
            Thread.sleep(1000); /* What was committed long ago is still to wait. */
            longest.end();
        }
        System.out.println(count + " committed, " + (aborted - count) + " aborted");
    }

    private static void member(String[] arguments) {
        Properties properties = properties(arguments[1]);
        StringBuilder places = new StringBuilder();
        long count = 0;

        properties.put("group.id", arguments[2]);
        properties.put("auto.offset.reset", "earliest");
        if (arguments[3].equals("consumer")) {
            properties.put("group.protocol", "consumer");
        } else {
            String assignor = arguments[3].equals("range") ? "Range" : "CooperativeSticky";
            properties.put("heartbeat.interval.ms", "500");
            properties.put("partition.assignment.strategy",
                           "org.apache.kafka.clients.consumer." + assignor + "Assignor");
        }
        KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties);
        Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            consumer.wakeup();
            try {
                main.join();
            } catch (InterruptedException error) {
                /* Then it ends without having left. */
            }
        }));
        consumer.subscribe(Arrays.asList(arguments[2]), new ConsumerRebalanceListener() {
            @Override
            public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
                /* What came after the automatic commit with which a rebalance begins. */
                consumer.commitSync();
            }

            @Override
            public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            }
        });
        try {
            while (true) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(SILENCE)) {
                    places.append("got " + record.partition() + " " + record.offset() + "\n");
                    count++;
                }
                System.out.println("reports " + count);
            }
        } catch (WakeupException end) {
            /* The signal. */
        } finally {
            System.out.print(places); /* First: closing fails when the group is rebalancing. */
            System.out.flush();
            consumer.close();
        }
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("verify"))
            verify(arguments);
        else if (arguments[0].equals("transact"))
            transact(arguments);
        else if (arguments[0].equals("member"))
            member(arguments);
        else
            produce(arguments);
    }
}
