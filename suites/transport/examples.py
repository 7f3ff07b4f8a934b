"""How many generated examples a conformance test sends, and that it sends the same ones each time."""

from hypothesis import HealthCheck, settings

OVER_THE_WIRE = settings(
    max_examples=25,
    deadline=None,  # a server's time is no business of the examples
    derandomize=True,  # a verdict has to come out the same tomorrow
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
"""For a test whose examples are requests over TLS. The world that its fixtures made is shared by all of them."""
