// SPDX-License-Identifier: BSD-2-Clause
//
// kafkajs as a peer: lines of standard input, key and value apart by a tab, become messages.
//
//   node kafkajs_peer.js produce <bootstrap> <topic> <none|gzip>
//   node kafkajs_peer.js offsets <bootstrap> <topic>
//   node kafkajs_peer.js member <bootstrap> <topic>
//
// "offsets" prints partition, low and high of each partition. "member" is one of a group until
// SIGTERM; what it prints stands in group_peers.py.
"use strict";

const { Kafka, CompressionTypes, logLevel } = require("kafkajs");
const fs = require("fs");

async function produce(kafka, topic, codec) {
  const lines = fs.readFileSync(0, "utf8").split("\n").filter((line) => line.length > 0);
  const messages = lines.map((line) => {
    const [key, value] = line.split("\t");
    return { key, value, headers: { line: key } };
  });
  const producer = kafka.producer();
  await producer.connect();
  for (let i = 0; i < messages.length; i += 500)
    await producer.send({
      topic,
      compression: codec === "gzip" ? CompressionTypes.GZIP : CompressionTypes.None,
      messages: messages.slice(i, i + 500),
    });
  await producer.disconnect();
}

async function offsets(kafka, topic) {
  const admin = kafka.admin();
  await admin.connect();
  for (const entry of await admin.fetchTopicOffsets(topic))
    console.log(`${entry.partition} ${entry.low} ${entry.high}`);
  await admin.disconnect();
}

async function member(kafka, topic) {
  const consumer = kafka.consumer({
    groupId: `group-${topic}`,
    sessionTimeout: 6000,
    rebalanceTimeout: 10000,
    heartbeatInterval: 1000,
  });
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) =>
    console.log(`assigned\t${(payload.memberAssignment[topic] || []).join(" ")}`),
  );
  process.on("SIGTERM", () => consumer.disconnect().then(() => process.exit(0)));
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => console.log(`message\t${message.key}\t${message.value}`),
  });
}

async function main([mode, bootstrap, topic, codec]) {
  const kafka = new Kafka({
    clientId: "peer",
    brokers: bootstrap.split(","),
    logLevel: logLevel.WARN,
  });
  const modes = { produce, offsets, member };
  await modes[mode](kafka, topic, codec);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(`FAILED: ${error.stack}`);
  process.exit(1);
});
