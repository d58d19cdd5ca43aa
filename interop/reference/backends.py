"""A project's own authentication backend, at a path of its own."""
from django.contrib.auth.backends import ModelBackend


class SiteBackend(ModelBackend):
    """Signs in as ModelBackend does."""
