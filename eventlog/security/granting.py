"""Puts an access list in force on a cluster: what is missing is added, and nothing is taken away."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.errors import SecurityDisabledError

from eventlog.administering import administer
from eventlog.security.access import Access, Operation, Resource
from schemas.errors import Failed

_RESOURCES: Final[Mapping[Resource, ResourceType]] = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactional-id": ResourceType.TRANSACTIONAL_ID,
    "cluster": ResourceType.CLUSTER,
}
_OPERATIONS: Final[Mapping[Operation, ACLOperation]] = {
    "read": ACLOperation.READ,
    "write": ACLOperation.WRITE,
    "create": ACLOperation.CREATE,
    "delete": ACLOperation.DELETE,
    "alter": ACLOperation.ALTER,
    "describe": ACLOperation.DESCRIBE,
    "describe-configs": ACLOperation.DESCRIBE_CONFIGS,
    "alter-configs": ACLOperation.ALTER_CONFIGS,
}
_ANY_HOST: Final = "*"
_NONE: Final = "no authorizer runs there, so everybody may do everything; set authorizer.class.name on its brokers"


def grant(bootstrap: str, principal: str, wanted: Collection[Access]) -> list[Access]:
    """Allows a principal, `User:name`, what it is not allowed yet; returns that, sorted.

    Raises: Failed when the cluster does not answer, keeps no access lists, or refuses.
    """
    with administer(bootstrap, about="access") as admin:
        try:
            present = set(admin.describe_acls(_all_of(principal))[0])
        except SecurityDisabledError as error:
            raise Failed(f"Kafka at {bootstrap} keeps no access list: {_NONE}") from error
        missing = [access for access in sorted(wanted) if _acl(principal, access) not in present]
        if missing:
            failed = admin.create_acls([_acl(principal, access) for access in missing])["failed"]
            if failed:
                raise Failed(f"Kafka at {bootstrap} did not add {len(failed)} of {len(missing)} rights: {failed[0]()}")
    return missing


def _acl(principal: str, access: Access) -> ACL:
    pattern = ACLResourcePatternType.PREFIXED if access.prefixed else ACLResourcePatternType.LITERAL
    return ACL(
        principal=principal,
        host=_ANY_HOST,
        operation=_OPERATIONS[access.operation],
        permission_type=ACLPermissionType.ALLOW,
        resource_pattern=ResourcePattern(_RESOURCES[access.resource], access.name, pattern),
    )


def _all_of(principal: str) -> ACLFilter:
    return ACLFilter(
        principal=principal,
        host=None,
        operation=ACLOperation.ANY,
        permission_type=ACLPermissionType.ANY,
        resource_pattern=ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY),
    )
