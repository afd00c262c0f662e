"""Accuracy of molecule classification: nested search over filtration, invariant, vectorisation.

    python benchmarks/bench_multiparam_accuracy.py [mutag] [cox2] [dhfr]

Ten folds, twice; within the training folds a search over settings of the vectoriser and the model.
Tables of features are computed once; they see no label.
"""

import sys
import tempfile
import time

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import VarianceThreshold
from sklearn.model_selection import GridSearchCV, RepeatedStratifiedKFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skgeom.datasets import load_molecules
from skgeom.topology import MultiparamPersistenceVectorizer

FUNCTIONS = [["degree", "hks"], ["hks", "closeness"], ["fiedler", "hks"]]
TOPOLOGIES = [
    {"invariant": "hilbert", "vectorization": "convolution", "bandwidth": 0.05},
    {"invariant": "hilbert", "vectorization": "surface"},
    {"invariant": "hilbert", "vectorization": "sliced_wasserstein", "mass_default": "auto"},
    {"invariant": "euler", "vectorization": "convolution", "bandwidth": 0.05},
]
MODELS = [
    RandomForestClassifier(100, random_state=0),
    SVC(C=1.0, gamma="scale"),
    SVC(C=10.0, gamma="scale"),
    SVC(C=100.0, gamma="scale"),
]


def tables(graphs):
    """Features of all graphs for every setting; they see no label.

    Box and grid are learned from all graphs here, which saves the topology of every fold; nothing
    of the labels enters.
    """
    found = []
    with tempfile.TemporaryDirectory() as memory:
        for function in FUNCTIONS:
            for topology in TOPOLOGIES:
                vectorizer = MultiparamPersistenceVectorizer(
                    filtration="graph",
                    function=function,
                    resolution=20,
                    random_state=0,
                    memory=memory,
                    **topology,
                )
                found.append(vectorizer.fit_transform(graphs))
    return found


class Choose:
    """One of several tables, by number: a transformer of row numbers."""

    def __init__(self, tables=(), which=0):
        self.tables = tables
        self.which = which

    def get_params(self, deep=True):
        return {"tables": self.tables, "which": self.which}

    def set_params(self, **params):
        vars(self).update(params)
        return self

    def __sklearn_clone__(self):
        return Choose(self.tables, self.which)

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return self.tables[self.which][X[:, 0]]


def accuracy(name):
    graphs, y = load_molecules(name, return_X_y=True)
    features = tables(graphs)
    model = Pipeline(
        [
            ("table", Choose(features)),
            ("constant", VarianceThreshold()),
            ("scale", StandardScaler()),
            ("model", MODELS[0]),
        ]
    )
    grid = {"table__which": list(range(len(features))), "model": MODELS}
    rows = np.arange(len(y))[:, None]
    folds = RepeatedStratifiedKFold(n_splits=10, n_repeats=2, random_state=0)
    scores = []
    for train, test in folds.split(rows, y):
        inner = StratifiedKFold(3, shuffle=True, random_state=0)
        search = GridSearchCV(model, grid, cv=inner, n_jobs=1).fit(rows[train], y[train])
        scores.append(search.score(rows[test], y[test]))
    return np.mean(scores), np.std(scores) / np.sqrt(len(scores))


if __name__ == "__main__":
    for name in sys.argv[1:] or ["mutag", "cox2", "dhfr"]:
        start = time.process_time()
        mean, error = accuracy(name)
        print(f"{name}: {mean:.3f} +- {error:.3f} ({time.process_time() - start:.0f} s CPU)")
