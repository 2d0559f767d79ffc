"""What Apache Kafka is told to run as one node: its properties and its command lines.

Durability: Kafka does not flush each record to the disk, and neither do these settings. A record is acknowledged when
it is in the operating system's page cache, which survives `kill -9` of the broker and of everything else of ours; it
does not survive a power cut of the machine, for which Kafka has replication on a cluster of its own.
"""

import base64
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from eventlog.node.artefacts import Artefacts
from eventlog.node.java import Java
from eventlog.node.security import NodeSecurity, secure_properties

# The warnings that Java 24 and newer print about what Kafka's libraries do would hide the ones that matter.
_SINCE_JAVA_24 = ("--sun-misc-unsafe-memory-access=allow", "--enable-native-access=ALL-UNNAMED")
# Without a binding for SLF4J, Kafka would log nothing at all.
_LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSX",
)


def properties(
    *, data: Path, port: int, controller_port: int, security: NodeSecurity | None = None
) -> Mapping[str, str]:
    """The node's settings by Kafka's names. Nothing but the loopback interface is listened on.

    Without `security` whoever reaches the port may do everything.
    """
    broker, controller = f"127.0.0.1:{port}", f"127.0.0.1:{controller_port}"
    listening = secure_properties(broker, controller, security) if security else _open_properties(broker, controller)
    return {
        **listening,
        "process.roles": "broker,controller",
        "node.id": "1",
        # A static voter: its address is only read from here, so the folder may start on another port.
        "controller.quorum.voters": f"1@{controller}",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(data),
        # One node holds one replica of everything.
        "default.replication.factor": "1",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        # Few groups and transactions live here; the default of 50 partitions each slows the first start.
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.num.partitions": "1",
        # A node that was killed may register again only when its predecessor's session has ended; the default of 9 s
        # would be most of the restart.
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        # Topics are created with the settings of the topic table or not at all.
        "auto.create.topics.enable": "false",
        # The first worker of a group is not made to wait for others.
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "6000",
        # Committed offsets outlive any pause of a group; losing them would read the log from its start.
        "offsets.retention.minutes": "525600",
        # A transaction of a killed writer holds back read_committed readers until it times out.
        "transaction.max.timeout.ms": "60000",
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
        "log.retention.ms": "-1",
    }


def _open_properties(broker: str, controller: str) -> Mapping[str, str]:
    return {
        "listeners": f"PLAINTEXT://{broker},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{broker}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
    }


def format_command(java: Java, artefacts: Artefacts, settings_file: Path) -> list[str]:
    """The command that prepares an empty data folder, under a fresh cluster id."""
    # Kafka's tools take a leading dash for an option.
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
    options = ["format", "-t", cluster_id, "-c", str(settings_file)]
    return [*_java(java, artefacts), "kafka.tools.StorageTool", *options]


def run_command(java: Java, artefacts: Artefacts, settings_file: Path, options: Sequence[str] = ()) -> list[str]:
    """The command that runs the node until it gets SIGTERM; `options` are Java's."""
    # Both of Java's compilers: the first alone would start 0.2 s sooner and be slower for ever after.
    return [*_java(java, artefacts, "-Xms256m", "-Xmx512m", *options), "kafka.Kafka", str(settings_file)]


def _java(java: Java, artefacts: Artefacts, *options: str) -> list[str]:
    newer = _SINCE_JAVA_24 if java.version >= 24 else ()
    archive = artefacts.class_archive(java.version)
    # Java passes over an archive that does not fit it, and is to do so without a word.
    shared = (f"-XX:SharedArchiveFile={archive}", "-Xlog:cds=off", "-Xlog:cds+dynamic=off") if archive.exists() else ()
    return [str(java.path), *shared, *options, "-XX:+UseSerialGC", *newer, *_LOGGING, "-cp", artefacts.class_path]
