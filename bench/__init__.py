"""Measures the product."""
