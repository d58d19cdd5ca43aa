"""Writes python_text.json: what Python's str and Django's similarity validator answer.

Run with Python 3.11 and Django 5.2 installed: python make_python_text.py > python_text.json
"""

import json
import random
import re
import unicodedata
from types import SimpleNamespace

import django
from django.conf import settings

settings.configure(USE_I18N=False)

from django.contrib.auth.password_validation import UserAttributeSimilarityValidator  # noqa: E402
from django.core.exceptions import FieldDoesNotExist, ValidationError  # noqa: E402

CHARACTERS = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]


class Meta:
    def get_field(self, name):
        raise FieldDoesNotExist(name)


def ranges(holds):
    """The inclusive ranges of code points for which holds() is true."""
    found = []
    for character in filter(holds, CHARACTERS):
        code = ord(character)
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return found


def is_similar(password, value, max_similarity):
    user = SimpleNamespace(username=value, _meta=Meta())
    validator = UserAttributeSimilarityValidator(["username"], max_similarity)
    try:
        validator.validate(password, user)
    except ValidationError:
        return True
    return False


def similarity_cases():
    fixed = [
        ("", "mseo"), ("", ".mseo"), ("", "mseo."), ("", "a.b"), ("", ""), ("", "..."), ("x", "..."),
        ("abcdefgh", "hgfedcba"), ("ABCDEFGH", "abcdefgh"), ("straße", "STRASSE"), ("ΑΣΣ", "ασς"),
        ("अमिताभ", "अमिताभ बच्चन"), ("मत", "अमिताभ"), ("half½", "half½.x"), ("İstanbul", "i̇stanbul"),
        ("a_b_c", "a_b_c-d"), ("aaaaaaaaaa", "a"), ("aaaaaaaaa", "a"), ("aaaa", "aa"), ("minji", "Minji Seo"),
        ("a" * 100, "a" * 10), ("a" * 99, "a" * 10), ("a" * 20, "a" * 2), ("a" * 19, "a" * 2), ("a" * 10, "a"),
    ]
    for password, value in fixed:
        for max_similarity in (0.1, 0.3, 0.7, 1.0):
            yield password, value, max_similarity
    draw = random.Random(52)
    letters = "abcABC12._-@ é한"
    for _ in range(400):
        password = "".join(draw.choices(letters, k=draw.randint(0, 14)))
        value = "".join(draw.choices(letters, k=draw.randint(1, 24)))
        yield password, value, draw.choice((0.1, 0.25, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0))
    for _ in range(100):
        value = "".join(draw.choices(letters, k=draw.randint(1, 12)))
        password = value * draw.randint(1, 24)
        yield password, value, draw.choice((0.1, 0.15, 0.18, 0.2))


def main():
    sigmas = ["Σ", "ΑΣ", "ΑΣΑ", "ΑΣ.", "Α.Σ", "ΑΣ\u0301", "Α\u0301Σ", "ΑΣ Α", "1Σ", "Σ1", "Α\u00adΣ\u00ad", "ΑΣ'Α"]
    lower = [c for c in CHARACTERS if c.lower() != c] + sigmas
    print(json.dumps({
        "django": django.get_version(),
        "unicode": unicodedata.unidata_version,
        "assigned": ranges(lambda c: unicodedata.category(c) not in ("Cn", "Co")),
        "isdigit": ranges(str.isdigit),
        "word": ranges(lambda c: re.match(r"\w", c)),
        "isspace": ranges(lambda c: c.strip() == ""),
        "lower": [[text, text.lower()] for text in lower],
        "split": [[v, re.split(r"\W+", v)] for v in ["a", "a.b", ".a", "a.", ".a.", "a..b", "...", "é한_1-½"]],
        "similarity": [[p, v, m, is_similar(p, v, m)] for p, v, m in similarity_cases()],
    }, separators=(",", ":")))


main()
