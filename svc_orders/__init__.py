"""The orders service: stores orders and the events that bring them to the worker."""
