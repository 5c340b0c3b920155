"""The one error a person can mend: wrong words, files or data given to the catalog."""


class CatalogError(ValueError):
    """Says what was expected, what was found and what to do; the operator acts."""
