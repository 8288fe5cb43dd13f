"""Tests of the gateway's server."""
