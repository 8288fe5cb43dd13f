"""The books service: the catalogue and its stock."""
