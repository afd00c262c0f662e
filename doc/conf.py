"""Sphinx configuration: ``sphinx-build -W -b html doc doc/_build/html``."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "2")

import matplotlib
from sphinx_gallery.sorting import FileNameSortKey

import skgeom
from skgeom._core.estimator import DOC_URL

matplotlib.use("agg")

project = "skgeom"
author = "the skgeom developers"
copyright = "2026, the skgeom developers"
version = release = skgeom.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "**/GALLERY_HEADER.rst"]
autosummary_generate = True
autodoc_default_options = {"members": True, "inherited-members": True}
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

html_theme = "pydata_sphinx_theme"
html_title = "skgeom"
html_baseurl = DOC_URL
html_static_path = ["_static"]
html_css_files = ["skgeom.css"]
html_show_sourcelink = False
WITH_PAGE_TOC = ("user_guide/*", "gallery/*", "api/generated/*", "quick_start", "architecture")
html_theme_options = {
    "header_links_before_dropdown": 8,
    # tables of many peers take the place of the sidebars
    "secondary_sidebar_items": dict.fromkeys(WITH_PAGE_TOC, ("page-toc",)),
    "navbar_align": "left",
    "show_toc_level": 2,
}
WITHOUT_SIDEBAR = ("install", "quick_start", "contributing", "benchmarks", "architecture")
html_sidebars = {page: [] for page in (*WITHOUT_SIDEBAR, "comparison/*")}

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"plot_",
    "within_subsection_order": FileNameSortKey,
    "download_all_examples": False,
    "show_memory": False,
    "plot_gallery": True,
    "abort_on_example_error": True,
    "min_reported_time": 0,
    "doc_module": ("skgeom",),
    "reference_url": {"skgeom": None},
    "backreferences_dir": "api/generated/backreferences",
    "show_signature": False,
}
# the order of the examples is part of the project, not of the builder's locale
suppress_warnings = ["config.cache"]

# Of what estimators inherit from scikit-learn, its own pages tell; these are worth repeating.
INHERITED = {"fit_predict", "fit_transform", "get_params", "score", "set_params"}


def skip_member(app, what, name, obj, skip, options):
    """Leave out inherited members whose docstrings refer to scikit-learn's own pages."""
    inherited = (getattr(obj, "__module__", None) or "").startswith("sklearn")
    return True if inherited and name not in INHERITED else None


def setup(app):
    app.connect("autodoc-skip-member", skip_member)
