"""A link that either mailed resets the password at the other, for users with either kind of key, in every time zone and
under a SECRET_KEY that has changed; what is asked tells nobody who has an account; what a mail server may do to us."""
from __future__ import annotations

import contextlib
import os
import random
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from clients import Answer, Client
from conftest import Figure
from mail_server import MailServer, hanging, link_in, mail_server, plain
from postgres_servers import Authority
from servers import BARE_ENVIRONMENT, DJANGO_PYTHON, HERE, SECRET_KEY, House, Server, free_port, wait_until

pytestmark = pytest.mark.munjigi_only("about munjigi's own routes")

OTHER_KEY = "interop-another-secret-key-of-more-than-fifty-characters-3Kd9"
URL = "https://app.example.com/reset/{uid}/{token}/"
NEW, NEWER = "another-9-word", "yet-another-9-word"
SAMPLES = int(os.environ.get("INTEROP_RESET_SAMPLES", "100"))
PROJECT = HERE / "projects" / "uuid_email"


def ask(server: Server, email: str) -> Answer:
    return server.client().post("/user/password_reset", {"email": email})


def confirm(server: Server, link: tuple[str, str], password: str) -> Answer:
    uid, token = link
    return server.client().post("/user/password_reset_confirm", {"uid": uid, "token": token, "new_password": password})


def asked_at_django(django: Server, mails: Path, email: str) -> tuple[str, str]:
    """What Django's own PasswordResetView mails."""
    client = django.client()
    client.get("/accounts/password_reset/")
    form = {"email": email, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
    assert client.post("/accounts/password_reset/", data=form).status_code == 200
    (mail,) = mails.iterdir()
    return link_in(mail.read_text())


def confirm_at_django(django: Server, link: tuple[str, str], password: str) -> bool:
    """Whether Django's own PasswordResetConfirmView takes the link."""
    client, (uid, token) = django.client(), link
    page = client.get(f"/accounts/reset/{uid}/{token}/")
    if not page.url.endswith("/set-password/"):
        return False
    form = {"new_password1": password, "new_password2": password, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
    done = client.post(page.url.removeprefix(client.base), data=form)
    return done.url.endswith("/accounts/reset/done/")


def signs_in(server: Server, password: str) -> bool:
    return server.client().session_signin("mseo", password).status_code == 200


@pytest.mark.parametrize(
    ("backend", "zone"),
    [("sqlite", "America/St_Johns"), ("sqlite", "Pacific/Kiritimati"), ("postgres", "Asia/Seoul")],
    indirect=["backend"],
)
def test_a_link_of_either_resets_the_password_at_the_other_under_a_key_that_changed(house: House, zone: str) -> None:
    mails = house.folder / "mails"
    with mail_server() as post:
        settings = post.settings | {"PASSWORD_RESET_URL": URL, "TIME_ZONE": zone, "SECRET_KEY_FALLBACKS": [OTHER_KEY]}
        server = house.munjigi(settings)
        assert server.client().sign_up("mseo").status_code == 201
        # Django signs with another key, and knows ours as its former one; we know its as our former one.
        django = house.django(REF_SECRET_KEY=OTHER_KEY, REF_FALLBACKS=SECRET_KEY, REF_TIME_ZONE=zone, REF_MAILS=str(mails))
        session = server.client()
        assert session.session_signin("mseo").status_code == 200

        link = asked_at_django(django, mails, "MSEO@naver.com")
        assert confirm(server, link, NEW).status_code == 200
        assert session.me().status_code == 401
        assert (signs_in(django, "1234"), signs_in(django, NEW)) == (False, True)
        assert confirm(server, link, NEWER).status_code == 400
        assert not confirm_at_django(django, link, NEWER)

        assert ask(server, "mseo@NAVER.com").status_code == 200
        wait_until("the mail", lambda: post.mails)
        link = link_in(post.mails[0].get_content())
        assert confirm_at_django(django, link, NEWER)
        assert (signs_in(server, NEW), signs_in(server, NEWER)) == (False, True)
        assert confirm(server, link, NEW).status_code == 400


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_link_of_either_is_good_at_the_other_for_a_user_with_a_uuid(house: House) -> None:
    def django(code: str) -> str:
        environment = BARE_ENVIRONMENT | {"REF_DB": house.database.django_url, "REF_SECRET_KEY": SECRET_KEY}
        preamble = (
            "from accounts.models import Member; from django.contrib.auth.tokens import default_token_generator as tokens;"
            "from django.utils.http import urlsafe_base64_encode, urlsafe_base64_decode;"
        )
        command = [DJANGO_PYTHON, "manage.py", *(["shell", "-v0", "-c", preamble + code] if code != "migrate" else [code, "-v0"])]
        done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    django("migrate")
    made = django(
        "m = Member.objects.create_user('mseo@naver.com', '1234');"
        "print(urlsafe_base64_encode(str(m.pk).encode()), tokens.make_token(m))"
    )
    with mail_server() as post:
        names = ("username", "first_name", "last_name", "date_joined")
        user = {"primary_key": "UUIDField", "USERNAME_FIELD": "email", "columns": dict.fromkeys(names, "")}
        settings = {"AUTH_USER_MODEL": "accounts.Member", "PASSWORD_RESET_URL": URL, "user": user}
        server = house.munjigi(post.settings | settings)
        uid, token = made.split()
        assert confirm(server, (uid, token), NEW).status_code == 200
        assert confirm(server, (uid, token), NEWER).status_code == 400
        assert ask(server, "mseo@naver.com").status_code == 200
        wait_until("the mail", lambda: post.mails)
        uid, token = link_in(post.mails[0].get_content())
        answered = django(
            f"m = Member.objects.get(pk=urlsafe_base64_decode('{uid}').decode());"
            f"print(tokens.check_token(m, '{token}'), m.check_password('{NEW}'))"
        )
        assert answered == "True True"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_mail_goes_by_starttls_or_tls_to_a_server_that_shows_who_it_is_and_to_no_other(house: House) -> None:
    ours, theirs = Authority(house.folder, "ours"), Authority(house.folder, "theirs")
    good = ours.issue("good", "localhost", host="localhost")
    names = [good, theirs.issue("stranger", "localhost", host="localhost"), ours.issue("elsewhere", "elsewhere", host="elsewhere")]
    account = {"EMAIL_HOST_USER": "munjigi", "EMAIL_HOST_PASSWORD": "open sesame", "PASSWORD_RESET_URL": URL}
    with contextlib.ExitStack() as stack:
        servers: list[tuple[MailServer, dict[str, object]]] = []
        for certificate in names:
            servers.append((stack.enter_context(mail_server(starttls=certificate)), {"EMAIL_USE_TLS": True}))
            servers.append((stack.enter_context(mail_server(tls=certificate)), {"EMAIL_USE_SSL": True}))
        running = []
        for post, how in servers:
            under = ("env", f"SSL_CERT_FILE={ours.pem}")
            running.append(house.munjigi(post.settings | account | how, under=under))
        assert running[0].client().sign_up("mseo").status_code == 201
        for server in running:
            assert ask(server, "mseo@naver.com").status_code == 200
        for post, _ in servers[:2]:
            wait_until("the mail", lambda post=post: post.to("mseo@naver.com"))
            assert (plain("munjigi", "open sesame"), True) in post.said
            in_the_clear = [line for line, is_private in post.said if not is_private]
            assert all(line.startswith(("EHLO", "STARTTLS")) for line in in_the_clear), in_the_clear
        for server, (post, _) in list(zip(running, servers))[2:]:
            wait_until("the refusal", lambda server=server: "mail_delayed" in server.log_text())
            assert not post.mails
            assert all(line.startswith(("EHLO", "STARTTLS")) for line, _ in post.said), post.said
            logged = "".join(line for line in server.log_text().splitlines() if " munjigi::" in line)
            assert "open sesame" not in logged and "mseo@naver.com" not in logged


@pytest.mark.alone
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("state", ["up", "refused", "hanging"])
def test_nobody_learns_from_the_answer_who_has_an_account(house: House, state: str, figure: Figure) -> None:
    with mail_server() as up, hanging() as silent:
        post = {"up": up, "refused": MailServer(free_port()), "hanging": silent}[state]
        server = house.munjigi(post.settings | {"PASSWORD_RESET_URL": URL})
        people = with_accounts(server, house)
        seconds: dict[str, list[float]] = {cause: [] for cause in people}
        shuffled = random.Random(1)  # a mail that is on its way slows down whoever comes next
        answers = set()
        for number in range(SAMPLES):  # interleaved, so that a change of the machine's mood falls on all alike
            for cause, client in shuffled.sample(list(people.items()), len(people)):
                body = {"email": f"{cause}{number}@naver.com"}
                started = time.perf_counter()
                answer = client.post("/user/password_reset", body)
                seconds[cause].append(time.perf_counter() - started)
                headers = {name.lower(): value for name, value in answer.headers.items() if name.lower() != "date"}
                answers.add((answer.status_code, tuple(sorted(headers.items())), answer.content))
        assert len(answers) == 1 and next(iter(answers))[0] == 200, answers
        if state == "up":
            wait_until("every mail", lambda: len(up.mails) == SAMPLES)
            assert all(re.fullmatch(r"existing\d+@naver\.com", mail["To"]) for mail in up.mails)
        # An answer takes a millisecond, of which a busy machine makes many: the lower quartile has least of that.
        quick = {cause: statistics.quantiles(of_cause, n=4)[0] for cause, of_cause in seconds.items()}
        middle = statistics.median(quick.values())
        medians = (f"{cause} {statistics.median(of_cause) * 1000:.2f} ms" for cause, of_cause in seconds.items())
        told = (f"{cause} {quartile / middle:.3f}" for cause, quartile in quick.items())
        figure(
            f"password reset, mail server {state}, medians of {SAMPLES}: {', '.join(medians)}; lower quartiles to the middle "
            f"one: {', '.join(told)}"
        )
        for cause, quartile in quick.items():
            assert 0.8 <= quartile / middle <= 1.25, (cause, quick)


def with_accounts(server: Server, house: House) -> dict[str, Client]:
    """As many users of each kind as are asked for, so that nobody was written to within the minute; and their clients."""
    assert server.client().sign_up("mseo").status_code == 201
    columns = "is_superuser, first_name, last_name, is_staff, date_joined"
    for kind, active, password in (("existing", 1, "password"), ("inactive", 0, "password"), ("unusable", 1, "'!' || 'a'")):
        house.database.execute(
            f"with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < {SAMPLES}) "
            f"insert into user_user (username, email, password, is_active, {columns}) "
            f"select '{kind}' || i, '{kind}' || i || '@naver.com', {password}, {active}, {columns} "
            "from user_user, n where username = 'mseo'"
        )
    people = {kind: server.client() for kind in ("existing", "unknown", "inactive", "unusable")}
    for client in people.values():
        client.get("/user/csrf")  # its connection is open
    return people


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_dev_prints_the_mail_with_a_link_that_works(house: House) -> None:
    server = house.munjigi()
    assert server.client().sign_up("mseo").status_code == 201
    assert ask(server, "mseo@naver.com").status_code == 200
    printed = re.compile(rf"{re.escape(server.base)}(/user/password_reset_confirm\?uid=([\w-]+)&token=([\w-]+))\n")
    wait_until("the mail", lambda: printed.search(server.log_text()))
    path, uid, token = printed.search(server.log_text()).groups()
    page = server.client().get(path)
    assert f'value="{uid}"' in page.text and f'value="{token}"' in page.text
    form = {"uid": uid, "token": token, "new_password": NEW}
    assert server.client().post(path, data=form).json() == {"message": "비밀번호가 설정되었습니다. 이제 로그인하세요."}
    assert signs_in(server, NEW)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_stop_waits_for_mails_on_their_way(house: House) -> None:
    with mail_server() as post:
        server = house.munjigi(post.settings | {"PASSWORD_RESET_URL": URL})
        assert server.client().sign_up("mseo").status_code == 201
        assert ask(server, "mseo@naver.com").status_code == 200
        assert server.stop() == 0
        assert [mail["To"] for mail in post.mails] == ["mseo@naver.com"]
