"""Examples of conformance tests: how many are generated, and the dictionaries that extend a request."""

from hypothesis import HealthCheck, settings

from mimi_conformance.reference.wire.mls.app_data import AppDataDictionary, ComponentData

OVER_THE_WIRE = settings(
    max_examples=25,
    deadline=None,  # a server's time is no business of the examples
    derandomize=True,  # a verdict has to come out the same tomorrow
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
"""For a test whose examples are requests over TLS. The world that its fixtures made is shared by all of them."""

UNKNOWN_COMPONENT = AppDataDictionary((ComponentData(0xFF0A, b"mimi-conformance"),))
"""A dictionary with a component for private use, which nobody else knows."""
REPEATED_COMPONENT = AppDataDictionary(UNKNOWN_COMPONENT.component_data * 2)
"""A dictionary with two entries for one component, against mls-extensions 4.6."""
