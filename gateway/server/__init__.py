"""Serves the gateway: a process per port, request bodies with a time limit, and granian as the HTTP server."""
