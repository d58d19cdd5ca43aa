"""Writes seeds for the fuzz target into corpus/decode: the tokens, keys and sets of ../fixtures, one a file."""
import hashlib
import json
from pathlib import Path

HERE = Path(__file__).parent
FIXTURES = HERE.parent / "fixtures"
CORPUS = HERE / "corpus" / "decode"


def load(name: str) -> dict:
    return json.loads((FIXTURES / name).read_text())


def seeds():
    for vector in load("vectors/simplejwt_tokens.json")["vectors"]:
        yield "t", vector["token"]
    for vector in load("token_claims.json")["claims"]:
        yield "p", vector["payload"]
    for name in ("signature", "key", "crypto"):
        for group in load(f"wycheproof/json_web_{name}_test.json")["testGroups"]:
            for half in ("private", "public"):
                if half in group:
                    yield ("s" if "keys" in group[half] else "k"), json.dumps(group[half])
            for test in group["tests"]:
                if isinstance(test.get("jws"), str):
                    yield "t", test["jws"]
    for pem in (FIXTURES / "vectors" / "keys").glob("*.pem"):
        yield "m", pem.read_text()


def main() -> None:
    CORPUS.mkdir(parents=True, exist_ok=True)
    for kind, text in seeds():
        data = (kind + text).encode()
        (CORPUS / hashlib.sha1(data).hexdigest()).write_bytes(data)


if __name__ == "__main__":
    main()
