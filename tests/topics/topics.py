"""Makes a topic, writes a record to it, or prints all of its committed records as lines of JSON: a client that knows
nothing of Weir."""

import json
import sys

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic


def make(brokers, topic):
    admin = AdminClient({"bootstrap.servers": brokers})
    admin.create_topics([NewTopic(topic, num_partitions=3, replication_factor=1)])[topic].result()


def write(brokers, topic, partition, value):
    def written(error, message):
        if error is not None:
            sys.exit(str(error))
        print(message.offset())

    producer = Producer({"bootstrap.servers": brokers})
    producer.produce(topic, value.encode(), partition=int(partition), on_delivery=written)
    if producer.flush(30) > 0:
        sys.exit("it was not confirmed")


def read(brokers, topic):
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": "unused",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
    consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
    at_end = set()
    while len(at_end) < len(partitions):
        message = consumer.poll(30)
        if message is None:
            sys.exit("no end was told")
        if message.error() is None:
            show(message)
        elif message.error().code() == KafkaError._PARTITION_EOF:
            at_end.add(message.partition())
        else:
            sys.exit(str(message.error()))
    consumer.close()


def show(message):
    text = lambda part: None if part is None else part.decode(errors="replace")
    record = {
        "key": text(message.key()),
        "value": text(message.value()),
        "headers": {name: text(value) for name, value in message.headers() or []},
        "timestamp": message.timestamp()[1],
    }
    print(json.dumps(record))


{"make": make, "write": write, "read": read}[sys.argv[1]](*sys.argv[2:])
