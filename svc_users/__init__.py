"""The users service: accounts, their sessions and their tokens."""
