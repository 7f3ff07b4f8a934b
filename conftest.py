"""Loads the conformance plugin, so that ``pytest suites --target target.toml`` works from a checkout.

The plugin is inert until a target is named; the project's own tests run without one.
"""

from hypothesis import HealthCheck, settings

pytest_plugins = ["mimi_conformance.suites.runner.plugin"]

# How fast a machine is says nothing about the code: no test of ours is judged by time.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
