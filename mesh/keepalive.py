"""Detects connections that end without a sign, such as a link that drops every packet."""

INTERVAL_SECONDS = 10.0
TIMEOUT_SECONDS = 5.0
"""Time for the response to a ping. A dead connection is noticed after at most the interval and this time."""
MIN_INTERVAL_SECONDS = 5.0
"""Shortest time between two pings that servers accept; they close the connections of callers that ping more often."""

OPTIONS = (
    ("grpc.keepalive_time_ms", int(INTERVAL_SECONDS * 1000)),
    ("grpc.keepalive_timeout_ms", int(TIMEOUT_SECONDS * 1000)),
    # Without it, gRPC 1.85 waits for a minute for the response to a ping, whatever the keepalive timeout.
    ("grpc.http2.ping_timeout_ms", int(TIMEOUT_SECONDS * 1000)),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),  # no limit: the default stops after two pings
)
"""The options of channels and servers: either side may be the one that waits."""
SERVER_OPTIONS = (*OPTIONS, ("grpc.http2.min_ping_interval_without_data_ms", int(MIN_INTERVAL_SECONDS * 1000)))
