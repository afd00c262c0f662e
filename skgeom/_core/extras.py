"""Optional dependencies: imported where they are used, with an error that names the extra."""

import importlib


def import_extra(module, extra):
    """Import an optional module, or say which extra of skgeom brings it.

    Parameters
    ----------
    module : str
        For example "matplotlib.pyplot".
    extra : str
        For example "plot".

    Returns
    -------
    module : module

    Raises
    ------
    ImportError
        When the module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{module.split('.')[0]} is needed here and is not installed: "
            f'pip install "skgeom[{extra}]"'
        ) from error
