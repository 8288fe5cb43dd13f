"""Tests of gateway.openapi."""
