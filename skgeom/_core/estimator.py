"""What every estimator of skgeom carries beyond scikit-learn's own base class."""

DOC_URL = "https://skgeom.readthedocs.io/en/stable"


class DocLinkMixin:
    """Link the estimator's HTML representation to its page in skgeom's API reference."""

    _doc_link_module = "skgeom"
    _doc_link_template = DOC_URL + "/api/generated/{estimator_module}.{estimator_name}.html"
