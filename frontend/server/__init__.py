"""Serves the built single-page app; the app itself is in `frontend/src`, in TypeScript."""
