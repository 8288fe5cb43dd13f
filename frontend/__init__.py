"""Serves the built shop; the app itself stands in `src`, in TypeScript."""
