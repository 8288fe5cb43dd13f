"""Folds texts, so that they can be compared without case and accents on every database."""

import unicodedata


def fold(text: str) -> str:
    """Return the text without case and accents: `Émile Zola` becomes `emile zola`."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold().strip()


def title_key(title: str) -> str:
    """Return the sort key of a title: folded and without a leading article, as in library catalogues (ISBD)."""
    folded = fold(title)
    for article in ("the ", "a ", "an "):
        if folded.startswith(article):
            return folded.removeprefix(article)[:255]
    return folded[:255]


def search_text(title: str, authors: str, isbn: str) -> str:
    """Return the text that a search reads: the folded title, authors and ISBN, one per line."""
    return "\n".join(fold(part) for part in (title, authors, isbn))
