"""The books that a new shop starts with, and their covers."""
