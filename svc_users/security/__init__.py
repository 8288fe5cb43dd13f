"""Password hashes, tokens, and the throttle of log-ins."""
