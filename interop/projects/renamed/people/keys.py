"""The primary key, which a test may have as a text."""
import os

from django.db import models


def primary_key(**options):
    if os.environ.get("REF_TEXT_KEY") == "1":
        return models.CharField(primary_key=True, max_length=20, db_column="person_no", **options)
    return models.BigAutoField(primary_key=True, db_column="person_no", **options)
