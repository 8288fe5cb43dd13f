"""Lists that several parts of the product derive from: the REST ports and the gRPC services."""
