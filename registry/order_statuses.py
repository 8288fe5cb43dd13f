"""The statuses of an order, as the database and the REST contract name them and as the gRPC contract numbers them."""

from typing import Final

from bookstore.orders.v1 import orders_pb2

PENDING: Final = "pending"
COMPLETED: Final = "completed"
FAILED: Final = "failed"

STATUS_NUMBERS = {
    name: orders_pb2.OrderStatus.Value(f"ORDER_STATUS_{name.upper()}") for name in (PENDING, COMPLETED, FAILED)
}
"""The number in the gRPC contract, by the name."""
STATUS_NAMES = {number: name for name, number in STATUS_NUMBERS.items()}
"""The name, by the number in the gRPC contract."""
