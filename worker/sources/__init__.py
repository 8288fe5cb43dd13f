"""Where the worker gets events from: RabbitMQ, or the orders service when there is no broker."""
