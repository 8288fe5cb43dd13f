"""Kills the servers under the product while people buy, and counts what came of it."""
