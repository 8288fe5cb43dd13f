"""The statuses of an order, as the database and the REST contract name them and as the gRPC contract numbers them."""

from typing import Final, Literal

from bookstore.orders.v1 import orders_pb2

PENDING: Final = "pending"
COMPLETED: Final = "completed"
FAILED: Final = "failed"

OrderStatus = Literal["pending", "completed", "failed"]

STATUS_NAMES: "dict[orders_pb2.OrderStatus.ValueType, OrderStatus]" = {
    orders_pb2.ORDER_STATUS_PENDING: PENDING,
    orders_pb2.ORDER_STATUS_COMPLETED: COMPLETED,
    orders_pb2.ORDER_STATUS_FAILED: FAILED,
}
"""The name, by the number in the gRPC contract."""
STATUS_NUMBERS: "dict[str, orders_pb2.OrderStatus.ValueType]" = {name: number for number, name in STATUS_NAMES.items()}
"""The number in the gRPC contract, by the name."""
