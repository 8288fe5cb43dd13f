"""The HTTP side of the gateway: authentication, parsing, errors, rate limits, and the headers of every response."""
