"""The example clients, built as their READMEs say and clicked through in Chromium: a React page with an axios
interceptor, and the phone app at a phone's size. Their access tokens live seconds, their refresh tokens rotate."""
from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from browsers import chromium, files_served
from servers import HERE, House, wait_until

pytestmark = [
    pytest.mark.munjigi_only("the examples are munjigi's"),
    pytest.mark.parametrize("backend", ["sqlite"], indirect=True),
]

EXAMPLES = HERE.parent / "examples"
# In seconds. Times in tokens are whole seconds, so that a token lives up to one less.
LIFETIME = 3
SETTINGS = {
    "SIMPLE_JWT": {
        "ACCESS_TOKEN_LIFETIME": f"{LIFETIME}s",
        "ROTATE_REFRESH_TOKENS": True,
        "BLACKLIST_AFTER_ROTATION": True,
    }
}


@dataclass(frozen=True)
class Phone:
    """An example in a browser. `find` knows how it names what is on the screen."""

    browser: Chrome
    find: Callable[[str], tuple[str, str]]

    def elements(self, name: str) -> list[WebElement]:
        return self.browser.find_elements(*self.find(name))

    def click(self, name: str) -> None:
        """Clicks, and waits for what that began: an answer that is not waited for may be one that rotated a token."""
        wait_until(f"a {name} to click", lambda: self.elements(name))
        self.elements(name)[0].click()
        wait_until(f"{name} to be done", lambda: not self.browser.find_elements(By.CSS_SELECTOR, "[aria-busy=true]"))

    def text(self, name: str) -> str | None:
        try:
            return self.elements(name)[0].text
        except (IndexError, StaleElementReferenceException):
            # It is not there, or left the page between being found and being read.
            return None

    def type_person(self, username: str, password: str) -> None:
        for name, value in {"username": username, "email": f"{username}@naver.com", "password": password}.items():
            wait_until(f"a box for {name}", lambda: self.elements(name))
            box = self.elements(name)[0]
            # React keeps the value itself, and does not notice a box that was emptied behind its back.
            box.send_keys(*["\ue003"] * len(box.get_property("value")), value)

    def shows(self, name: str, text: str | None) -> None:
        wait_until(f"{name} to be {text}", lambda: self.text(name) == text)


@pytest.fixture(scope="session")
def built() -> Callable[[str, str], Path]:
    def build(example: str, script: str) -> Path:
        for command in (["npm", "ci", "--no-audit", "--no-fund"], ["npm", "run", script]):
            done = subprocess.run(command, cwd=EXAMPLES / example, capture_output=True, text=True, timeout=180)
            assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
        return EXAMPLES / example

    return build


@pytest.fixture
def react(built: Callable[[str, str], Path], folder: Path) -> Iterator[tuple[Phone, str]]:
    def find(name: str) -> tuple[str, str]:
        return (By.NAME, name) if name in ("username", "password") else (By.CSS_SELECTOR, f"#{name}, [name={name}]")

    with files_served(built("react-axios", "build")) as origin, chromium(folder / "chromium") as browser:
        yield Phone(browser, find), origin


@pytest.fixture
def react_native(built: Callable[[str, str], Path], folder: Path) -> Iterator[tuple[Phone, str]]:
    def find(name: str) -> tuple[str, str]:
        return By.CSS_SELECTOR, f"[data-testid={name}]"

    example = built("react-native", "web")
    with files_served(example) as origin, chromium(folder / "chromium", "--window-size=390,844") as browser:
        yield Phone(browser, find), origin


def walk(phone: Phone, page: str, house: House) -> None:
    server = house.munjigi(SETTINGS)
    phone.browser.get(f"{page}/index.html?api={server.base}")
    phone.type_person("younghee", "열려라 참깨 2026")
    phone.click("signup")
    phone.shows("name", "younghee")

    let_the_token_expire()
    phone.click("reload")
    phone.shows("problem", "")
    phone.shows("name", "younghee")

    # Were there more than one renewal, all but the first would bring a refresh token that has just been used up.
    let_the_token_expire()
    phone.click("three")
    phone.shows("problem", "")
    phone.shows("name", "younghee")

    phone.browser.refresh()
    phone.shows("name", "younghee")

    phone.click("signout")
    phone.shows("name", None)
    phone.browser.refresh()
    wait_until("the form", lambda: phone.elements("signin"))
    phone.shows("name", None)

    phone.type_person("younghee", "틀린 비밀번호")
    phone.click("signin")
    phone.shows("problem", "이메일 또는 비밀번호가 올바르지 않습니다")
    phone.type_person("younghee", "열려라 참깨 2026")
    phone.click("signin")
    phone.shows("name", "younghee")

    # Ended from elsewhere: the next request finds out, and the form is back.
    house.munjigi_command("sessions", "end", "younghee", "--data", str(house.folder))
    phone.click("reload")
    phone.shows("name", None)


def let_the_token_expire() -> None:
    end = time.time() + LIFETIME
    wait_until("the access token to expire", lambda: time.time() > end)


def test_the_react_page_renews_its_token(house: House, react: tuple[Phone, str]) -> None:
    walk(*react, house)


def test_the_phone_app_renews_its_token(house: House, react_native: tuple[Phone, str]) -> None:
    walk(*react_native, house)
