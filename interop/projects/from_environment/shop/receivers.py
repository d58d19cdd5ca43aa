from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_save
from django.dispatch import receiver


@receiver(user_logged_in)
def greet(sender, request, user, **kwargs):
    pass


@receiver(post_save, sender=get_user_model())
def index(sender, instance, **kwargs):
    pass
