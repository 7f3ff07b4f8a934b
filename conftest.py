"""Loads the conformance plugin, so that ``pytest suites --target target.toml`` works from a checkout.

The plugin is inert until a target is named; the project's own tests run without one.
"""

pytest_plugins = ["mimi_conformance.suites.target.plugin"]
