"""The operator's face over HTTP: API, events, metrics, dashboard."""
