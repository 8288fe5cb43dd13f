"""The tables of the users service and all of its SQL; no other package of the service imports SQLAlchemy."""
