"""An app in front of fake services, created anew for each test."""

import pytest
from flask.testing import FlaskClient

from gateway.app import create_app
from gateway.tests.fakes import Services, config


@pytest.fixture
def services() -> Services:
    """The services behind the app."""
    return Services()


@pytest.fixture
def client(services: Services) -> FlaskClient:
    """A client of an app with the routes of all ports."""
    return create_app(config(), services.stubs()).test_client()
