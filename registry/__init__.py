"""Definitions that several parts of the product share: the REST ports, the order message and the order statuses."""
