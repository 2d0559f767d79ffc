"""The routes, a module each that gives a `router`; `subscribers.http.app` puts all of them together."""
