import math

import pytest

from skgeom._core.extras import import_extra


def test_import_extra():
    assert import_extra("math", "plot") is math
    with pytest.raises(ImportError, match=r'pip install "skgeom\[plot\]"'):
        import_extra("no_such_module.pyplot", "plot")
