"""What is wrong with settings; apart from the loader, so that who only names it need not load everything."""

from collections.abc import Sequence


class ConfigError(Exception):
    """Settings that cannot be used; the text has a paragraph for each problem and never shows a secret."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n\n".join(problems))
        self.problems = tuple(problems)
