"""The tables of the orders service and all of its SQL; no other package of the service imports SQLAlchemy."""
