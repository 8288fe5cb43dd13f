"""An AMQP broker as the mesh uses it, the only place that knows pika: settings, names, and a link that confirms."""
