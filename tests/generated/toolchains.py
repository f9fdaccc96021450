"""How the programs of each language are checked by its own tools, and run."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest

from tests.generated import sources

SECONDS = 240.0  # for one program or compiler; the first run of Go's compiles its standard library
TSC = Path(sys.prefix, "sdks", "typescript", "node_modules", "typescript", "bin", "tsc")  # `make test` puts it there
GO_CACHE = Path(sys.prefix, "go-cache")  # of compiled packages; without a home Go has no place of its own for them
STRICT = [
    *("--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "--noImplicitReturns"),
    *("--noUnusedLocals", "--noUnusedParameters", "--target", "es2022", "--module", "nodenext"),
]


@dataclass(frozen=True)
class Program:
    """A program that has passed its compiler."""

    command: tuple[str, ...]
    variables: Mapping[str, str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run it; its errors are the test's to look at."""
        environment = {**os.environ, **self.variables}
        return subprocess.run(
            [*self.command, *arguments], env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )


@dataclass(frozen=True)
class Language:
    """A language that clients are generated in."""

    name: str
    extension: str
    source: Callable[..., str]  # of a program that makes calls
    check: Callable[[Path, Path], Program]  # of the program in a folder, with the generated files below another

    def build(self, generated: Path, folder: Path, program: str) -> Program:
        """The program, after the strictest check that its language has."""
        folder.mkdir()
        path = folder / f"main.{self.extension}"
        path.write_text(program, encoding="utf-8")
        return self.check(path, generated / self.name)


def compiled(*command: object, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """What a compiler says that finds nothing wrong; what it finds fails the test."""
    environment = {**os.environ, "GOCACHE": str(GO_CACHE), "GOTOOLCHAIN": "local", "GOPROXY": "off"}
    words = [str(word) for word in command]
    finished = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished


def _check_typescript(program: Path, client: Path) -> Program:
    """With no types but those of the language: neither the DOM's nor Node's are needed."""
    assert TSC.is_file(), f"{TSC} is missing: `make test` installs it"
    folder = program.parent
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node.d.ts").write_text("declare const process: { readonly argv: readonly string[] };\n")
    _copy(client, folder)
    files = [folder / name for name in ("main.ts", "node.d.ts", "product_analytics.ts")]
    compiled("node", TSC, *STRICT, "--lib", "es2022", "--outDir", folder / "js", *files)
    (folder / "js" / "package.json").write_text('{"type": "module"}')
    return Program(("node", str(folder / "js" / "main.js")), {})


def _check_python(program: Path, client: Path) -> Program:
    """The types of the client and of how it is used; it runs without the packages that are installed here."""
    _copy(client, program.parent)
    cache = program.parent / "mypy"
    compiled(sys.executable, "-m", "mypy", "--strict", "--cache-dir", cache, program, folder=program.parent)
    return Program((sys.executable, "-S", "-W", "error", "-W", "default::DeprecationWarning", str(program)), {})


def _check_ruby(program: Path, client: Path) -> Program:
    """The syntax, which is all that Ruby checks before it runs; warnings go to the standard error. It gets no gems."""
    warned = compiled("ruby", "-w", "-c", client / "product_analytics.rb")
    assert warned.stderr == ""
    return Program(("ruby", "--disable-gems", "-w", "-I", str(client), str(program)), {})


def _check_go(program: Path, client: Path) -> Program:
    """`go vet`, and the format that every Go file has; 1.18 is the first version with type parameters."""
    folder = program.parent
    (folder / "go.mod").write_text("module example.com/app\n\ngo 1.18\n")
    _copy(client, folder)
    assert compiled("gofmt", "-l", folder / "productanalytics").stdout == ""
    GO_CACHE.mkdir(exist_ok=True)
    with (GO_CACHE / "in-use").open("w") as file:
        flock(file, LOCK_EX)  # or else each worker compiles the standard library, in the same half minute
        compiled("go", "vet", "./...", folder=folder)
        compiled("go", "build", "-o", "app", ".", folder=folder)
    return Program((str(folder / "app"),), {})


def _copy(client: Path, folder: Path) -> None:
    """Put the client beside the program, as an application has it."""
    for path in client.rglob("*"):
        if path.is_file():
            target = folder / path.relative_to(client)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())


BY_NAME = {
    "typescript": Language("typescript", "ts", sources.typescript, _check_typescript),
    "python": Language("python", "py", sources.python, _check_python),
    "ruby": Language("ruby", "rb", sources.ruby, _check_ruby),
    "go": Language("go", "go", sources.go, _check_go),
}
"""All languages."""

GROUPS = {"typescript": [pytest.mark.node], "python": [], "ruby": [pytest.mark.ruby], "go": [pytest.mark.go]}
"""The groups of tests that need them."""

LANGUAGES = [pytest.param(language, id=name, marks=GROUPS[name]) for name, language in BY_NAME.items()]
"""All of them, as parameters."""
