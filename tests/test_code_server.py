"""Do runs start from what is imported already?

That they do, and what becomes of one that is killed, is shown by the end-to-end tests.
"""

from importlib import import_module

import pytest

from analytics_platform.code_server import IMPORTED_BEFORE


@pytest.mark.parametrize("module", IMPORTED_BEFORE[:-1])
def test_what_is_imported_before_is_there(module: str) -> None:
    """A name that an update has taken away would be passed over in silence, and each run be slower."""
    import_module(module)


def test_each_run_imports_our_own_code() -> None:
    """As it is on the disk by then, as without forks."""
    ours = [module for module in IMPORTED_BEFORE if module.startswith(("analytics_platform", "event_registry"))]

    assert ours == ["analytics_platform.freezing"] == [*IMPORTED_BEFORE[-1:]]
