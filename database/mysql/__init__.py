"""Engines and connections for MySQL and MariaDB."""
