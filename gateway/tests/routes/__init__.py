"""Tests of gateway.routes."""
