"""Database servers, brokers and certificates for the tests."""
