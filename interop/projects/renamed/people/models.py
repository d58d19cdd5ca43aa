"""Users in a table of another name, under columns of other names, with columns that a new row must fill."""
import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models

from .keys import primary_key


class PersonManager(BaseUserManager):
    def create_user(self, login, password=None, **fields):
        user = self.model(login=login, **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, login, password=None, **fields):
        return self.create_user(login, password, is_staff=True, is_superuser=True, **fields)


class Person(AbstractBaseUser, PermissionsMixin):
    number = primary_key()
    login = models.CharField(max_length=40, unique=True, db_column="login_name")
    password = models.CharField(max_length=128, db_column="pw_hash")
    contact = models.EmailField(max_length=100, db_column="mail_address")
    last_login = models.DateTimeField(null=True, blank=True, db_column="seen_at")
    is_superuser = models.BooleanField(default=False, db_column="is_root")
    is_staff = models.BooleanField(default=False, db_column="may_enter")
    is_active = models.BooleanField(default=True, db_column="enabled")
    date_joined = models.DateTimeField(auto_now_add=True, db_column="since")

    department = models.CharField(max_length=30, db_column="dept")
    badge = models.UUIDField(default=uuid.uuid4, editable=False)
    born = models.DateField(null=True, blank=True)
    hired_on = models.DateField(auto_now_add=True)
    credit = models.DecimalField(max_digits=8, decimal_places=2, default=0)
    preferences = models.JSONField(default=dict, blank=True)

    objects = PersonManager()

    USERNAME_FIELD = "login"
    EMAIL_FIELD = "contact"
    REQUIRED_FIELDS = ["contact", "department"]

    class Meta:
        db_table = "staff_register"
