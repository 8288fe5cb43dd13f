"""Tests of the shop in a real browser, against the whole product."""
