"""An AMQP broker with publisher confirms: settings, topology, messages and connections. Only this package uses pika."""
