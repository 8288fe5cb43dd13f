"""Makes texts comparable: case and accents do not count, on any database."""

import unicodedata


def fold(text: str) -> str:
    """The text without case and accents: `Émile Zola` and `emile zola` fold alike."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold().strip()


def title_key(title: str) -> str:
    """What a title is sorted by: folded, and without a leading article, as library catalogues do (ISBD)."""
    folded = fold(title)
    for article in ("the ", "a ", "an "):
        if folded.startswith(article):
            return folded.removeprefix(article)[:255]
    return folded[:255]


def search_text(title: str, authors: str, isbn: str) -> str:
    """What a search looks through: the folded title, authors and ISBN, apart from each other."""
    return "\n".join(fold(part) for part in (title, authors, isbn))
