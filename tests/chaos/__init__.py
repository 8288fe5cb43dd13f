"""Kills the product's broker and database while orders are placed, and counts the effects."""
