"""The Kafka cluster: the embedded broker, its topics, and who may do what on it."""
