"""Names and texts as SQL writes them, for the statements that take no parameters there (COPY, ATTACH, COMMENT).

Belongs here: quoting, and nothing that runs a query.
"""


def quoted_name(name: str) -> str:
    """A table's or column's name, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def quoted_text(text: object) -> str:
    """A text, or a path, as a literal."""
    return "'" + str(text).replace("'", "''") + "'"
