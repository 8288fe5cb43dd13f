"""The tables of the books service and all of its SQL; no other package of the service imports SQLAlchemy."""
