"""Tests of the server of the built app."""
