"""The generator of the covers."""
