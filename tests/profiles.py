"""How many examples Hypothesis tries: `ci` is quick and the same each time, `deep` is ten times as many, at random."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

PROFILE = os.environ.get("VIGIL_HYPOTHESIS_PROFILE", "ci")
if PROFILE not in ("ci", "deep"):
    raise ValueError(f"VIGIL_HYPOTHESIS_PROFILE: expected ci or deep, found {PROFILE!r}")


def examples(count: int) -> settings:
    """Return the settings for a property with this many examples in the profile `ci`."""
    deep = PROFILE == "deep"
    return settings(
        max_examples=count * 10 if deep else count,
        derandomize=not deep,
        database=None,
        deadline=None,
        print_blob=True,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )
