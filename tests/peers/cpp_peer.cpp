// SPDX-License-Identifier: BSD-2-Clause
//
// A program that knows only Debian's C++ interface, librdkafka++, whose library sits on the C
// library under test:
//   cpp_peer produce BOOTSTRAP TOPIC CODEC    lines of key and value from standard input
//   cpp_peer consume BOOTSTRAP TOPIC COUNT    prints them, from all partitions, each from its start

#include <librdkafka/rdkafkacpp.h>

#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

static int fail(const std::string &what)
{
    std::cerr << what << "\n";
    return 1;
}

class Reports : public RdKafka::DeliveryReportCb
{
  public:
    int delivered = 0, failed = 0;

    void dr_cb(RdKafka::Message &message) override
    {
        (message.err() ? failed : delivered)++;
    }
};

static std::unique_ptr<RdKafka::Conf> configuration(const char *bootstrap)
{
    std::string error;
    std::unique_ptr<RdKafka::Conf> conf(RdKafka::Conf::create(RdKafka::Conf::CONF_GLOBAL));
    if (conf->set("bootstrap.servers", bootstrap, error) != RdKafka::Conf::CONF_OK)
        throw std::invalid_argument(error);
    return conf;
}

static int produce(const char *bootstrap, const char *topic, const char *codec)
{
    std::string error, line;
    Reports reports;
    auto conf = configuration(bootstrap);
    if (conf->set("dr_cb", &reports, error) || conf->set("compression.codec", codec, error))
        return fail(error);
    std::unique_ptr<RdKafka::Producer> producer(RdKafka::Producer::create(conf.get(), error));
    if (!producer)
        return fail(error);

    int produced = 0;
    for (; std::getline(std::cin, line); produced++) {
        size_t tab = line.find('\t');
        RdKafka::Headers *headers = RdKafka::Headers::create();
        headers->add("number", std::to_string(produced));
        RdKafka::ErrorCode code =
            producer->produce(topic, RdKafka::Topic::PARTITION_UA, RdKafka::Producer::RK_MSG_COPY,
                              const_cast<char *>(line.data()) + tab + 1, line.size() - tab - 1,
                              line.data(), tab, 0, headers, nullptr);
        if (code)
            return fail(RdKafka::err2str(code));
        producer->poll(0);
    }
    producer->flush(20000);
    if (reports.delivered != produced || reports.failed || producer->outq_len())
        return fail(std::to_string(produced) + " produced, " + std::to_string(reports.delivered) +
                    " delivered, " + std::to_string(reports.failed) + " failed");
    return 0;
}

static int partitions_of(RdKafka::KafkaConsumer *consumer, const char *topic)
{
    RdKafka::Metadata *found = nullptr;
    if (consumer->metadata(true, nullptr, &found, 10000))
        return 0;
    std::unique_ptr<RdKafka::Metadata> metadata(found);
    for (auto known : *metadata->topics())
        if (known->topic() == topic)
            return static_cast<int>(known->partitions()->size());
    return 0;
}

static int consume(const char *bootstrap, const char *topic, int count)
{
    std::string error;
    auto conf = configuration(bootstrap);
    if (conf->set("group.id", "cpp", error))
        return fail(error);
    std::unique_ptr<RdKafka::KafkaConsumer> consumer(
        RdKafka::KafkaConsumer::create(conf.get(), error));
    if (!consumer)
        return fail(error);

    int partitions = partitions_of(consumer.get(), topic);
    std::vector<RdKafka::TopicPartition *> list;
    for (int i = 0; i < partitions; i++)
        list.push_back(RdKafka::TopicPartition::create(topic, i, RdKafka::Topic::OFFSET_BEGINNING));
    RdKafka::ErrorCode code = consumer->assign(list);
    RdKafka::TopicPartition::destroy(list);
    if (code)
        return fail(RdKafka::err2str(code));

    while (count > 0) {
        std::unique_ptr<RdKafka::Message> message(consumer->consume(10000));
        if (message->err())
            return fail(message->errstr());
        if (!message->headers() || message->headers()->get("number").size() != 1)
            return fail("a message without its header");
        std::cout << *message->key() << "\t"
                  << std::string(static_cast<char *>(message->payload()), message->len()) << "\n";
        count--;
    }
    return consumer->close() ? fail("close") : 0;
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return fail("usage: cpp_peer produce|consume BOOTSTRAP TOPIC CODEC|COUNT");
    return argv[1] == std::string("produce") ? produce(argv[2], argv[3], argv[4])
                                             : consume(argv[2], argv[3], std::stoi(argv[4]));
}
