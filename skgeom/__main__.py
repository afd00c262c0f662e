"""``python -m skgeom``: the tour."""

import sys

from skgeom._tour import main

sys.exit(main())
