from django.apps import AppConfig


class Shop(AppConfig):
    name = "shop"

    def ready(self):
        from . import receivers  # noqa: F401
