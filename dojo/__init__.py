"""The machinery behind the katas: it finds them, runs them and explains what went wrong."""
