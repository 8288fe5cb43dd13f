"""The contracts: one proto file a service, and the Python generated from them."""
