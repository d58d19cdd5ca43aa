"""A database of its own for each test, named the way munjigi names it and the way Django does."""
from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from psycopg import sql

Row = tuple[Any, ...]


class Database(Protocol):
    """What the tests need of either kind. Statements are written with `?` parameters."""

    munjigi_url: str | None
    django_url: str

    def rows(self, statement: str, *parameters: Any) -> list[Row]: ...

    def execute(self, statement: str, *parameters: Any) -> None: ...

    def dump(self) -> str:
        """Everything that is stored, as text to search in."""
        ...

    def compact_size(self, tables: Sequence[str]) -> int:
        """The bytes that these tables take, with their indexes, once nothing in them is left over from before. (Of an
        SQLite file, all tables.)"""
        ...

    def copy_from(self, template: Database) -> None: ...

    def drop(self) -> None: ...


@dataclass
class SqliteFile:
    """`munjigi.sqlite3` in a data folder: where `munjigi dev --data FOLDER` keeps it, so it needs no URL."""

    path: Path
    munjigi_url: str | None = None

    @property
    def django_url(self) -> str:
        return f"sqlite:{self.path}"

    def rows(self, statement: str, *parameters: Any) -> list[Row]:
        with closing(sqlite3.connect(self.path, timeout=20)) as connection:
            return connection.execute(statement, parameters).fetchall()

    def execute(self, statement: str, *parameters: Any) -> None:
        with closing(sqlite3.connect(self.path, timeout=20)) as connection, connection:
            connection.execute(statement, parameters)

    def dump(self) -> str:
        files = [self.path, self.path.with_name(self.path.name + "-wal")]
        return "".join(file.read_bytes().decode("latin-1") for file in files if file.exists())

    def compact_size(self, tables: Sequence[str]) -> int:
        self.execute("vacuum")
        [(size,)] = self.rows("select page_count * page_size from pragma_page_count, pragma_page_size")
        return size

    def copy_from(self, template: Database) -> None:
        assert isinstance(template, SqliteFile)
        shutil.copyfile(template.path, self.path)

    def drop(self) -> None:
        for suffix in ("", "-wal", "-shm", "-journal"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)


@dataclass
class PostgresDatabase:
    """A new database on the server that MUNJIGI_TEST_POSTGRES names."""

    server_url: str = field(repr=False)  # it may hold a password
    name: str

    @classmethod
    def create(cls, server_url: str) -> PostgresDatabase:
        database = cls(server_url, f"munjigi_{uuid4().hex}")
        database._on_server(sql.SQL("create database {}").format(sql.Identifier(database.name)))
        return database

    @property
    def munjigi_url(self) -> str:
        return urlunsplit(urlsplit(self.server_url)._replace(path=f"/{self.name}"))

    @property
    def django_url(self) -> str:
        return self.munjigi_url

    def rows(self, statement: str, *parameters: Any) -> list[Row]:
        with psycopg.connect(self.munjigi_url) as connection:
            return connection.execute(statement.replace("?", "%s"), parameters).fetchall()

    def execute(self, statement: str, *parameters: Any) -> None:
        with psycopg.connect(self.munjigi_url) as connection:
            connection.execute(statement.replace("?", "%s"), parameters)

    def dump(self) -> str:
        with psycopg.connect(self.munjigi_url) as connection:
            tables = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
            texts: list[str] = []
            for (table,) in tables:
                whole_rows = sql.SQL("select t::text from {} t").format(sql.Identifier(table))
                texts += (text for (text,) in connection.execute(whole_rows))
            return "\n".join(texts)

    def compact_size(self, tables: Sequence[str]) -> int:
        with psycopg.connect(self.munjigi_url, autocommit=True) as connection:
            for table in tables:
                connection.execute(sql.SQL("vacuum full {}").format(sql.Identifier(table)))
        return sum(self.rows("select pg_total_relation_size(?)", table)[0][0] for table in tables)

    def copy_from(self, template: Database) -> None:
        assert isinstance(template, PostgresDatabase)
        self.drop()
        copy = sql.SQL("create database {} template {}")
        self._on_server(copy.format(sql.Identifier(self.name), sql.Identifier(template.name)))

    def drop(self) -> None:
        self._on_server(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(self.name)))

    def _on_server(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.server_url, autocommit=True) as connection:
            connection.execute(statement)
