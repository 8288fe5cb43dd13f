"""Brings real servers for the tests, and stops what it started."""
