"""The embedded broker: Apache Kafka itself, installed and run as one node on this machine."""
