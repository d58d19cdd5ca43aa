from django.contrib.auth.hashers import PBKDF2PasswordHasher


class Cheap(PBKDF2PasswordHasher):
    iterations = 20_000
