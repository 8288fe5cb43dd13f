"""The worker: takes the events of placed orders and completes or fails each order."""
