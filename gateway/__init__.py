"""The REST gateway: one Flask app on five ports, in front of the gRPC services."""
