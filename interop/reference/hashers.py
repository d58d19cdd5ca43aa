"""Django's hashers at the costs of REF_HASH_COSTS, each a subclass, as Django's documentation has a project write it."""
import json
import os

from django.contrib.auth import hashers

COSTS = json.loads(os.environ.get("REF_HASH_COSTS", "{}"))
for name, cost in COSTS.items():
    globals()[name] = type(name, (getattr(hashers, name),), cost)
