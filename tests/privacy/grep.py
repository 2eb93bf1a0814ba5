"""Looking for words in a whole database, past every model: each table, each column as text, the search index too."""

import json
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session


def everywhere(session: Session, words: Iterable[str]) -> dict[str, set[str]]:
    """The words that are found, with the tables in which they are; case and JSON's escapes make no difference."""
    found: dict[str, set[str]] = {}
    connection = session.connection()
    for table in sa.inspect(connection).get_table_names():
        for row in connection.execute(sa.text(f'SELECT * FROM "{table}"')):
            text = " ".join(_text(value) for value in row).casefold()
            for word in words:
                if word.casefold() in text or json.dumps(word)[1:-1].casefold() in text:
                    found.setdefault(word, set()).add(table)
    return found


def _text(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode(errors="replace")
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
