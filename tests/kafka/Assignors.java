// SPDX-License-Identifier: BSD-2-Clause
//
// Kafka's own assignors beside those of the library, which answer by the program assignors.c.
//
//   Assignors <program> <seed> <groups>
//
// Random groups: members, some of them static, with equal or mixed subscriptions, topics that
// exist or do not, racks. Range and roundrobin must give the same. Of the sticky ones, groups live
// for some rounds in which members come, go and miss rebalances, topics grow, subscriptions change;
// either's result is what the members have next. Which one of several good results it is may
// differ: ours is never less even, and on the whole it moves no more and takes no more rounds. What
// members say is written by either, and both read the same in it.

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.GroupSubscription;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.consumer.RoundRobinAssignor;
import org.apache.kafka.clients.consumer.StickyAssignor;
import org.apache.kafka.clients.consumer.internals.ConsumerProtocol;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;

public final class Assignors {
    private static final int ROUNDS = 10;
    private static final Comparator<TopicPartition> ORDER =
        Comparator.comparing(TopicPartition::topic).thenComparing(TopicPartition::partition);

    private static void check(boolean good, String problem) {
        if (!good)
            throw new IllegalStateException(problem);
    }

    // ---- The library --------------------------------------------------------------------------

    /** The program assignors.c: a line of words for a line of words. */
    private static final class Library implements AutoCloseable {
        private final Process process;
        private final PrintStream to;
        private final BufferedReader from;

        Library(String program) throws IOException {
            process = new ProcessBuilder(program).redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
            to = new PrintStream(process.getOutputStream(), false, "US-ASCII");
            from = new BufferedReader(new InputStreamReader(process.getInputStream(), "US-ASCII"));
        }

        List<String> ask(Words words) throws IOException {
            to.print(words.text.append('\n'));
            to.flush();
            String line = from.readLine();
            check(line != null && line.startsWith("ok"), line + "\nasked for " + words.text);
            List<String> found = Arrays.asList(line.split(" "));
            return found.subList(1, found.size());
        }

        @Override
        public void close() throws IOException {
            to.close();
            check(from.readLine() == null, "there is more than was asked for");
        }
    }

    private static final class Words {
        final StringBuilder text;

        Words(String question) {
            text = new StringBuilder(question);
        }

        Words add(Object word) {
            text.append(' ').append(word == null ? "-" : word);
            return this;
        }

        Words add(ByteBuffer bytes) {
            text.append(' ');
            for (int i = bytes.position(); i < bytes.limit(); i++)
                text.append(Character.forDigit(bytes.get(i) >> 4 & 15, 16))
                    .append(Character.forDigit(bytes.get(i) & 15, 16));
            return this;
        }

        Words addPartitions(Collection<TopicPartition> partitions) {
            add(partitions.size());
            partitions.forEach(partition -> add(partition.topic()).add(partition.partition()));
            return this;
        }
    }

    private static ByteBuffer bytes(String text) {
        byte[] bytes = new byte[text.length() / 2];
        for (int i = 0; i < bytes.length; i++)
            bytes[i] = (byte) Integer.parseInt(text.substring(2 * i, 2 * i + 2), 16);
        return ByteBuffer.wrap(bytes);
    }

    private static TreeSet<TopicPartition> partitions(Collection<TopicPartition> some) {
        TreeSet<TopicPartition> sorted = new TreeSet<>(ORDER);
        sorted.addAll(some);
        return sorted;
    }

    private static TreeSet<TopicPartition> parse(List<String> words) {
        TreeSet<TopicPartition> found = new TreeSet<>(ORDER);
        check(Integer.parseInt(words.get(0)) * 2 == words.size() - 1, "a wrong count");
        for (int i = 1; i < words.size(); i += 2)
            check(found.add(new TopicPartition(words.get(i), Integer.parseInt(words.get(i + 1)))),
                  "a partition comes twice");
        return found;
    }

    // ---- Groups -------------------------------------------------------------------------------

    private static ConsumerPartitionAssignor assignor(String name) {
        return name.equals("range") ? new RangeAssignor()
            : name.equals("roundrobin") ? new RoundRobinAssignor()
            : name.equals("sticky") ? new StickyAssignor() : new CooperativeStickyAssignor();
    }

    @SuppressWarnings({"deprecation", "removal"}) // Who calls assignors makes such metadata.
    private static final class Member {
        final String id;
        final String instance;
        final String rack;
        final ConsumerPartitionAssignor assignor; // Keeps what its userdata tells.
        TreeSet<String> topics = new TreeSet<>();
        TreeSet<TopicPartition> owned = new TreeSet<>(ORDER);
        int generation = -1;
        int missed; // Rebalances that it takes no part in.

        Member(String id, String instance, String rack, String assignor) {
            this.id = id;
            this.instance = instance;
            this.rack = rack;
            this.assignor = assignor(assignor);
        }

        void take(Collection<TopicPartition> assigned, int generation) {
            owned = partitions(assigned);
            this.generation = generation;
            assignor.onAssignment(new Assignment(new ArrayList<>(owned)),
                                  new ConsumerGroupMetadata("group", generation, id,
                                                            Optional.ofNullable(instance)));
        }

        boolean wants(TopicPartition partition) {
            return topics.contains(partition.topic());
        }
    }

    /** Who gets what; the members' ids in order. */
    private static final class Result {
        final Map<String, TreeSet<TopicPartition>> of = new TreeMap<>();

        int owners(TopicPartition partition) {
            return (int) of.values().stream().filter(set -> set.contains(partition)).count();
        }

        /** Lower is more even. */
        long unevenness() {
            return of.values().stream().mapToLong(set -> (long) set.size() * set.size()).sum();
        }
    }

    private static final class Group {
        final Random random;
        final Library library;
        final String name; // Of the assignor.
        final TreeMap<String, Integer> topics = new TreeMap<>();
        final List<Node> brokers = new ArrayList<>();
        final TreeMap<TopicPartition, Node[]> replicas = new TreeMap<>(ORDER);
        final List<Member> members = new ArrayList<>();
        final boolean hasEqualTopics;
        final boolean hasRacks;
        final int lowestVersion;
        int generation = 1;
        int numbers;

        Group(Library library, String name, long seed) {
            random = new Random(seed);
            this.library = library;
            this.name = name;
            hasEqualTopics = random.nextBoolean();
            hasRacks = random.nextInt(3) == 0;
            lowestVersion = name.equals("range") || name.equals("roundrobin") ? random.nextInt(4)
                : name.equals("sticky") ? random.nextInt(2) * 3 : 1 + random.nextInt(3);
            for (int i = 1 + random.nextInt(5); i > 0; i--)
                brokers.add(new Node(brokers.size(), "host", 9092, rack()));
            for (int i = 1 + random.nextInt(6); i > 0; i--)
                topics.put("t" + random.nextInt(20), 0);
            for (String topic : topics.keySet())
                grow(topic, random.nextInt(4) == 0 ? random.nextInt(30) : random.nextInt(9));
            for (int i = 1 + random.nextInt(7); i > 0; i--)
                join();
        }

        private String rack() {
            return !hasRacks || random.nextInt(10) == 0 ? null : "rack" + random.nextInt(3);
        }

        private void grow(String topic, int count) {
            for (int p = topics.get(topic); p < count; p++) {
                List<Node> nodes = new ArrayList<>(brokers);
                Collections.shuffle(nodes, random);
                replicas.put(new TopicPartition(topic, p),
                             nodes.subList(0, Math.min(nodes.size(), 1 + random.nextInt(3)))
                                 .toArray(new Node[0]));
            }
            topics.put(topic, Math.max(topics.get(topic), count));
        }

        private void join() {
            String instance = random.nextInt(4) == 0 ? "static" + random.nextInt(1000) : null;
            Member member = new Member(Integer.toHexString(random.nextInt()) + "-" + numbers++,
                                       instance == null ? null : instance + numbers, rack(), name);
            if (hasEqualTopics && !members.isEmpty())
                member.topics = new TreeSet<>(members.get(0).topics);
            else
                member.topics = chosen();
            members.add(member);
        }

        private TreeSet<String> chosen() {
            TreeSet<String> some = topics.keySet().stream()
                .filter(topic -> random.nextInt(3) != 0)
                .collect(Collectors.toCollection(TreeSet::new));
            if (random.nextInt(5) == 0 || some.isEmpty())
                some.add("missing");
            return some;
        }

        /** Something happens. */
        void change() {
            int what = random.nextInt(8);
            if (what < 2 && members.size() < 12) {
                join();
            } else if (what < 4 && members.size() > 1) {
                members.remove(random.nextInt(members.size()));
                if (present().isEmpty())
                    join();
            } else if (what == 4) {
                String topic = new ArrayList<>(topics.keySet()).get(random.nextInt(topics.size()));
                grow(topic, topics.get(topic) + 1 + random.nextInt(4));
            } else if (what == 5) {
                TreeSet<String> now = chosen();
                for (Member member : members)
                    if (hasEqualTopics || random.nextInt(3) == 0)
                        member.topics = hasEqualTopics ? new TreeSet<>(now) : chosen();
            } else if (what == 6 && present().size() > 1) {
                members.get(random.nextInt(members.size())).missed = 1 + random.nextInt(2);
            }
        }

        Cluster cluster() {
            List<PartitionInfo> infos = new ArrayList<>();
            replicas.forEach((partition, nodes) -> infos.add(new PartitionInfo(
                partition.topic(), partition.partition(), nodes[0], nodes, nodes)));
            return new Cluster("cluster", brokers, infos, Collections.emptySet(),
                               Collections.emptySet());
        }

        /** What the member tells, as one of the two writes it; both read the same of it. */
        ByteBuffer subscription(Member member) throws IOException {
            short version = (short) (lowestVersion + random.nextInt(4 - lowestVersion));
            ByteBuffer userdata = member.assignor.subscriptionUserData(member.topics);
            ByteBuffer theirs = ConsumerProtocol.serializeSubscription(
                new Subscription(new ArrayList<>(member.topics), userdata,
                                 new ArrayList<>(member.owned), member.generation,
                                 Optional.ofNullable(member.rack)), version);
            Words words = new Words("write").add(name).add(version).add(member.generation)
                .add(member.rack).add(member.topics.size());
            member.topics.forEach(words::add);
            ByteBuffer ours = bytes(library.ask(words.addPartitions(member.owned)).get(0));
            compare(member, version, ours, theirs);
            return random.nextBoolean() ? ours : theirs;
        }

        private void compare(Member member, short version, ByteBuffer ours, ByteBuffer theirs)
            throws IOException {
            Subscription said = ConsumerProtocol.deserializeSubscription(ours.duplicate());
            Subscription same = ConsumerProtocol.deserializeSubscription(theirs.duplicate());
            check(said.topics().equals(same.topics())
                  && partitions(said.ownedPartitions()).equals(partitions(same.ownedPartitions()))
                  && said.generationId().equals(same.generationId())
                  && said.rackId().equals(same.rackId()), "we say " + said + ", not " + same);
            boolean isSticky = name.endsWith("sticky");
            for (ByteBuffer each : Arrays.asList(ours, theirs)) {
                List<String> read = library.ask(new Words("read").add(name).add(each));
                int count = Integer.parseInt(read.get(2));
                int generation = version >= 2 || isSticky ? member.generation : -1;
                check(read.get(0).equals("" + generation), "read generation " + read.get(0)
                      + " of " + generation + " in version " + version);
                check(read.get(1).equals(version < 3 || member.rack == null ? "-" : member.rack),
                      "read rack " + read.get(1));
                check(read.subList(3, 3 + count).equals(new ArrayList<>(member.topics)),
                      "read topics " + read);
                check(parse(read.subList(3 + count, read.size())).equals(
                          version > 0 || name.equals("sticky") ? member.owned
                                                               : partitions(List.of())),
                      "read owned " + read + " of " + member.owned);
            }
        }

        // ---- Assigning ------------------------------------------------------------------------

        Result theirs, ours;

        /** False: Kafka's own fails, or gives what is not wanted. */
        boolean assign() throws IOException {
            boolean isCooperative = name.startsWith("coop");
            Map<String, Subscription> said = new HashMap<>();
            Words words = new Words("assign").add(name).add(brokers.size());
            brokers.forEach(node -> words.add(node.id()).add(node.rack()));
            words.add(topics.size());
            topics.forEach((topic, count) -> {
                words.add(topic).add(count);
                for (int p = 0; p < count; p++) {
                    Node[] nodes = replicas.get(new TopicPartition(topic, p));
                    words.add(nodes.length);
                    Arrays.stream(nodes).forEach(node -> words.add(node.id()));
                }
            });
            List<Member> present = present();
            words.add(present.size());
            for (Member member : present) {
                ByteBuffer bytes = subscription(member);
                Subscription subscription =
                    ConsumerProtocol.deserializeSubscription(bytes.duplicate());
                subscription.setGroupInstanceId(Optional.ofNullable(member.instance));
                said.put(member.id, subscription);
                words.add(member.id).add(member.instance).add(bytes);
            }
            ours = new Result();
            List<String> given = library.ask(words);
            for (int i = 0; i < given.size(); i++)
                ours.of.put(present.get(i).id, partitions(
                    ConsumerProtocol.deserializeAssignment(bytes(given.get(i))).partitions()));
            theirs = new Result();
            check(isWhole(ours, isCooperative), "not whole: " + this);
            try {
                assignor(name).assign(cluster(), new GroupSubscription(said)).groupAssignment()
                    .forEach((id, each) -> theirs.of.put(id, partitions(each.partitions())));
            } catch (NullPointerException error) {
                return false;
            }
            return isWhole(theirs, isCooperative);
        }

        /**
         * Rounds with the same leader until nothing more moves: how uneven it is then, how many
         * have moved, and the rounds. Null: Kafka's own fails. Members are left as they were.
         */
        long[] settle(boolean isOurs) throws IOException {
            int before = generation, rounds = 0, moves = 0;
            Map<Member, TreeSet<TopicPartition>> owned = new LinkedHashMap<>();
            Map<Member, Integer> generations = new HashMap<>();
            for (Member member : present()) {
                owned.put(member, member.owned);
                generations.put(member, member.generation);
            }
            boolean isValid;
            Result last = null, now = null;
            while ((isValid = assign()) && rounds < 5) {
                now = isOurs ? ours : theirs;
                if (last != null && now.of.equals(last.of))
                    break;
                moves += moves(now);
                last = now;
                generation++;
                rounds++;
                for (Member member : owned.keySet())
                    member.take(now.of.get(member.id), generation);
            }
            generation = before;
            owned.forEach((member, some) -> member.take(some, generations.get(member)));
            return !isValid ? null : new long[] {
                isWhole(now, false) ? now.unevenness() : Integer.MAX_VALUE, moves, rounds};
        }

        List<Member> present() {
            return members.stream().filter(member -> member.missed == 0)
                .collect(Collectors.toList());
        }

        /** Those who took part have it now; who missed it will be back. */
        void take(Result result) {
            generation++;
            for (Member member : members) {
                if (member.missed == 0)
                    member.take(result.of.get(member.id), generation);
                else
                    member.missed--;
            }
        }

        boolean isWanted(TopicPartition partition) {
            return present().stream().anyMatch(member -> member.wants(partition));
        }

        /** Each partition that somebody wants has one owner, who wants it. */
        boolean isWhole(Result result, boolean mayHoldBack) {
            for (TopicPartition partition : replicas.keySet()) {
                int owners = result.owners(partition);
                if (owners != (isWanted(partition) ? 1 : 0) && !(mayHoldBack && owners == 0))
                    return false;
            }
            return present().stream().allMatch(
                member -> result.of.get(member.id).stream().allMatch(member::wants));
        }

        /** How many partitions have gone from a member that could have kept them. */
        int moves(Result result) {
            int moves = 0;
            for (Member member : present())
                for (TopicPartition partition : member.owned)
                    if (member.generation == generation && member.wants(partition)
                            && !result.of.get(member.id).contains(partition))
                        moves++;
            return moves;
        }

        @Override
        public String toString() {
            StringBuilder text = new StringBuilder(name + " " + topics);
            if (hasRacks)
                replicas.forEach((partition, nodes) -> text.append("\n  " + partition + " in "
                    + Arrays.stream(nodes).map(Node::rack).collect(Collectors.toList())));
            for (Member member : present())
                text.append("\n  " + member.id + " " + member.instance + " " + member.rack
                            + " wants " + member.topics + " has " + member.generation + member.owned
                            + "\n    ours   " + ours.of.get(member.id)
                            + "\n    theirs " + theirs.of.get(member.id));
            return text.toString();
        }
    }

    // ---- Comparisons ---------------------------------------------------------------------------

    /** Rounds, and sums over them; [0] is ours. */
    private static final class Score {
        final String name;
        final long[] moves = new long[2];
        final long[] steps = new long[2];
        int rounds;
        int equal;
        int moreEven;
        int movesMore;
        int skipped; // Kafka's own fails with an exception, or assigns what is not subscribed to.

        Score(String name) {
            this.name = name;
        }

        void add(long[] ours, long[] theirs, String what) {
            check(ours[0] <= theirs[0], "less even: " + what);
            moreEven += ours[0] < theirs[0] ? 1 : 0;
            if (ours[0] != theirs[0])
                return;
            movesMore += ours[1] > theirs[1] ? 1 : 0;
            for (int i = 0; i < 2; i++) {
                moves[i] += i == 0 ? ours[1] : theirs[1];
                steps[i] += i == 0 ? ours[2] : theirs[2];
            }
        }

        void finish() {
            System.out.println(name + ": " + equal + " of " + rounds + " the same, " + moreEven
                + " more even, " + moves[0] + " moves for " + moves[1] + ", " + movesMore
                + " times more, in " + steps[0] + " steps for " + steps[1] + "; " + skipped
                + " left out");
            check(moves[0] <= moves[1] && steps[0] <= steps[1] && 50 * movesMore <= rounds,
                  "ours move more");
        }
    }

    private static void exact(Library library, String name, long seed, int count)
        throws IOException {
        for (int i = 0; i < count; i++) {
            Group group = new Group(library, name, seed + i);
            check(group.assign() && group.ours.of.equals(group.theirs.of), "" + group);
        }
        System.out.println(name + ": " + count + " the same");
    }

    private static void sticky(Library library, String name, long seed, int count)
        throws IOException {
        Score score = new Score(name);
        for (int i = 0; i < count; i++) {
            Group group = new Group(library, name, seed + i);
            for (int round = 0; round < ROUNDS; round++) {
                boolean isValid = group.assign();
                Result next = !isValid || group.random.nextBoolean() ? group.ours : group.theirs;
                score.rounds++;
                score.equal += group.ours.of.equals(group.theirs.of) ? 1 : 0;
                String what = "seed " + (seed + i) + " round " + round + ": " + group;
                long[] ours = isValid ? group.settle(true) : null;
                long[] theirs = ours != null ? group.settle(false) : null;
                if (theirs == null)
                    score.skipped++;
                else
                    score.add(ours, theirs, what);
                group.take(next);
                group.change();
            }
        }
        score.finish();
    }

    public static void main(String[] arguments) throws Exception {
        long seed = Long.parseLong(arguments[1]) * 1000003;
        int count = Integer.parseInt(arguments[2]);
        try (Library library = new Library(arguments[0])) {
            for (String name : Arrays.asList("range", "roundrobin"))
                exact(library, name, seed, 10 * count);
            for (String name : Arrays.asList("sticky", "cooperative-sticky"))
                sticky(library, name, seed, count);
        } catch (IllegalStateException failure) {
            System.out.println("FAILED: " + failure.getMessage());
            System.exit(1);
        }
        System.out.println("seed " + arguments[1] + ", " + count + " groups");
    }
}
