"""What must hold of a reading before anything of it is sent."""

from collections import Counter
from dataclasses import dataclass, field

from analytics_platform.snapshots.declaration import Declaration
from analytics_platform.snapshots.memory import Past
from event_registry.calls import Problem

ROW_COUNT = "row_count"
MOST_KINDS = 10  # of problems that are told


@dataclass
class Faults:
    """What is wrong with the rows, as it is found."""

    missing_ids: int = 0
    repeated_ids: int = 0
    invalid_calls: int = 0
    kinds: Counter[str] = field(default_factory=Counter)

    def note(self, problems: list[Problem]) -> None:
        """Count a call that has problems; their messages name a place and a rule, never the value."""
        self.invalid_calls += bool(problems)
        self.kinds.update({f"{problem.path}: {problem.message}" for problem in problems})


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check."""

    check: str
    passed: bool
    sentence: str
    is_a_change: bool = False  # it can be right: a person may have it sent anyway


def checks(declaration: Declaration) -> dict[str, str]:
    """Every check of a snapshot, by name, with what it holds."""
    watched = (ROW_COUNT, *(declaration.metrics or ()))
    return {
        "ids_are_not_null": f"every row has a {declaration.id}",
        "ids_are_unique": f"no {declaration.id} stands in two rows",
        "traits_are_valid": f"each call keeps the tracking plan's traits of {declaration.call}",
        **{
            f"{name}_is_plausible": f"{_title(name)} differs from the last reading's "
            f"by at most {declaration.tolerated(name):.0%}"
            for name in watched
        },
    }


def judge(declaration: Declaration, faults: Faults, now: Past, before: Past | None) -> list[Finding]:
    """The outcome of each check, in the order of `checks`."""
    kinds = "; ".join(f"{kind} ({count})" for kind, count in faults.kinds.most_common(MOST_KINDS))
    return [
        _none(declaration, "ids_are_not_null", faults.missing_ids, f"row(s) without a {declaration.id}"),
        _none(declaration, "ids_are_unique", faults.repeated_ids, f"row(s) with a {declaration.id} that was there"),
        _none(declaration, "traits_are_valid", faults.invalid_calls, f"call(s) break the plan: {kinds}"),
        _change(declaration, ROW_COUNT, now.row_count, before.row_count if before else None),
        *(
            _change(declaration, name, now.sums.get(name, 0.0), before.sums.get(name) if before else None)
            for name in declaration.metrics or ()
        ),
    ]


def _none(declaration: Declaration, check: str, count: int, what: str) -> Finding:
    return Finding(check, count == 0, f"{count} {what}" if count else checks(declaration)[check])


def _change(declaration: Declaration, name: str, now: float, before: float | None) -> Finding:
    """Compares with the last reading; where there is none, or it was nothing, any value is plausible."""
    check, tolerated = f"{name}_is_plausible", declaration.tolerated(name)
    if not before:
        return Finding(check, passed=True, sentence=f"{_title(name)} is {now:,.10g}, with nothing to compare it with")
    change = (now - before) / abs(before)
    sentence = f"{_title(name)} went from {before:,.10g} to {now:,.10g} ({change:+.0%}), {tolerated:.0%} is tolerated"
    return Finding(check, abs(change) <= tolerated, sentence, is_a_change=True)


def _title(name: str) -> str:
    return "the number of rows" if name == ROW_COUNT else f"the sum of {name}"


def stopped(findings: list[Finding], *, accept_changes: bool) -> list[Finding]:
    """The findings for which nothing is sent; with `accept_changes` a mere change is none of them."""
    return [each for each in findings if not each.passed and not (accept_changes and each.is_a_change)]
