"""Orders, and the events that carry them to the worker."""
