"""Serves a WSGI app over HTTP/1.1: bodies without threads, bounded lanes, and granian as the HTTP server."""

from mesh.web.lanes import Lane
from mesh.web.server import BACKLOG, serve
from mesh.web.site import REFUSAL, Environ, Refusal, Site, WebApp
from mesh.web.wsgi import WholeFile

__all__ = ["BACKLOG", "REFUSAL", "Environ", "Lane", "Refusal", "Site", "WebApp", "WholeFile", "serve"]
