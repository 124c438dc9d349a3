"""Quoting names and texts for SQL statements that take no parameters (COPY, ATTACH, COMMENT).

Belongs here: quoting only; nothing that runs a query.
"""


def quoted_name(name: str) -> str:
    """The name of a table or column, in double quotation marks."""
    return '"' + name.replace('"', '""') + '"'


def quoted_text(text: object) -> str:
    """A text or a path as an SQL literal."""
    return "'" + str(text).replace("'", "''") + "'"
