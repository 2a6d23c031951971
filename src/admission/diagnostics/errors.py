"""The exceptions of the library; everything it raises on purpose is an `AdmissionError`."""

from __future__ import annotations

import errno
from collections.abc import Sequence

from admission.diagnostics.catalogue import KINDS
from admission.diagnostics.report import Diagnostic, Language, fill
from admission.records import record

_SYSTEM = {
    errno.ENOENT: "不存在",
    errno.EISDIR: "是文件夹，不是文件",
    errno.ENOTDIR: "路径中有一段不是文件夹",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.ELOOP: "符号链接成环",
    errno.ENAMETOOLONG: "名称过长",
    errno.ENOSPC: "磁盘已满",
    errno.EROFS: "磁盘只读",
}


def why(error: OSError) -> tuple[str, str]:
    """What the system says of a file, in Chinese and English.

    >>> why(FileNotFoundError(2, "No such file or directory"))
    ('不存在', 'No such file or directory')
    """
    said = error.strerror or str(error)
    return _SYSTEM.get(error.errno or 0, said), said


class AdmissionError(Exception):
    """The root of every error that the library raises on purpose."""


class DiagnosedError(AdmissionError):
    """What cannot be used, with every fault found in `diagnostics`, sorted by place."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(diagnostics)
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)

    def __str__(self) -> str:
        return self.render("en")

    def render(self, lang: Language) -> str:
        """All faults, each with its source line, caret and help, in `zh` or `en`."""
        from admission.diagnostics.rendering import render_all

        return render_all(self.diagnostics, lang)

    def __reduce__(self) -> tuple[type[DiagnosedError], tuple[tuple[Diagnostic, ...]]]:
        return type(self), (self.diagnostics,)


class PolicyError(DiagnosedError):
    """A policy cannot be loaded."""


class InputError(DiagnosedError):
    """A file or an argument cannot be used: it is missing, too large, not text, or of no known kind."""


@record
class Fault:
    """One thing wrong with a task: which fact, what was expected, what was given.

    `expected` and `given` are English; `text(lang)` and `advice(lang)` say the whole in either language.
    """

    code: str
    fact: str
    expectation: tuple[str, str]
    given: str
    near: str | None = None
    line: int | None = None
    column: int | None = None

    @property
    def expected(self) -> str:
        """What the fact takes, in English."""
        return self.expectation[1]

    def text(self, lang: Language = "en") -> str:
        """What is wrong, in `zh` or `en`."""
        return self._diagnostic().text(lang)

    def advice(self, lang: Language = "en") -> str:
        """What to do, in `zh` or `en`."""
        return self._diagnostic().advice(lang)

    def _diagnostic(self) -> Diagnostic:
        words = {"fact": self.fact, "expected": self.expectation, "given": self.given}
        return Diagnostic(self.code, None, words, self.near)

    def to_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {
            "code": self.code,
            "fact": self.fact,
            "expected": self.expected,
            "given": self.given,
            "message": self.text("en"),
            "message_zh": self.text("zh"),
        }

    def __str__(self) -> str:
        advice = self.advice()
        return f"[{self.code}] {self.text()}" + (f" ({advice})" if advice else "")


class TaskError(AdmissionError):
    """A task does not fit the policy's facts; `faults` has every fault of it at once."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults)
        self.faults: tuple[Fault, ...] = tuple(faults)

    def __str__(self) -> str:
        return "; ".join(f"row {fault.line}: {fault}" if fault.line else str(fault) for fault in self.faults)

    def __reduce__(self) -> tuple[type[TaskError], tuple[tuple[Fault, ...]]]:
        return type(self), (self.faults,)


class MissingExtraError(AdmissionError):
    """A capability needs an optional package that is not installed; the message says what to run."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(package, extra)
        self.package = package
        self.extra = extra

    def __str__(self) -> str:
        return self.render("en")

    def render(self, lang: Language) -> str:
        """What to run, in `zh` or `en`."""
        kind = KINDS["A909"]
        return fill(kind.zh if lang == "zh" else kind.en, {"package": self.package, "extra": self.extra}, lang)


class UnsupportedError(AdmissionError):
    """A dialect of SQL cannot say what a policy says; the message names both."""

    def __init__(self, dialect: str, zh: str, en: str) -> None:
        super().__init__(dialect, zh, en)
        self.dialect = dialect
        self.zh = zh
        self.en = en

    def __str__(self) -> str:
        return self.render("en")

    def render(self, lang: Language) -> str:
        """What cannot be said, in `zh` or `en`."""
        return f"{self.dialect}：{self.zh}" if lang == "zh" else f"{self.dialect}: {self.en}"
