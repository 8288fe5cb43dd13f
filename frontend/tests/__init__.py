"""Tests of the shop's own server."""
