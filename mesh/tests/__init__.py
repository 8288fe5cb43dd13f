"""Tests of the mesh kit."""
