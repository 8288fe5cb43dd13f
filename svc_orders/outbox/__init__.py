"""The transactional outbox: leases the events of placed orders, relays them to the broker and resends lost ones."""
