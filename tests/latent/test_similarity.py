"""Similarity of latent spaces: definitions by brute force, invariances, bad input."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import ortho_group
from sklearn import config_context
from sklearn.linear_model import Ridge
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.model_selection import GridSearchCV

from skgeom.latent import RelativeRepresentation, latent_similarity, make_latent_scorer

EVERY = ("jaccard", "mrr", "cosine", "cka", "cka_rbf")


def spaces(n=60, seed=0):
    rng = np.random.default_rng(seed)
    U = rng.normal(size=(n, 6))
    return U, U + 0.8 * rng.normal(size=(n, 6))


def test_equal_spaces():
    U, _ = spaces()
    assert list(latent_similarity(U, U, metrics=EVERY)) == list(EVERY)
    assert np.allclose(list(latent_similarity(U, U, metrics=EVERY).values()), 1)


@pytest.mark.parametrize("k", [1, 7, 60])
def test_neighbour_scores_by_brute_force(k):
    U, V = spaces()
    own, other = -cosine_similarity(V, V), -cosine_similarity(U, V)
    near, far = np.argsort(own, axis=1)[:, :k], np.argsort(other, axis=1)
    jaccard = [len(set(a) & set(b)) / len(set(a) | set(b)) for a, b in zip(near, far[:, :k])]
    ranks = [1 + list(row).index(i) for i, row in enumerate(far)]
    with config_context(working_memory=0.01):  # several blocks
        found = latent_similarity(U, V, k=k)
    assert np.isclose(found["jaccard"], np.mean(jaccard))
    assert np.isclose(found["mrr"], np.mean(1 / np.array(ranks)))
    assert np.isclose(found["cosine"], np.mean(np.diag(cosine_similarity(U, V))))


@pytest.mark.parametrize("n", [4, 60])  # fewer rows than features, and more
def test_alignments_by_their_definition(n):
    U, V = spaces(n)
    centre = np.eye(n) - 1 / n

    def alignment(K, L):
        return np.trace(K @ centre @ L @ centre) / np.sqrt(
            np.trace(K @ centre @ K @ centre) * np.trace(L @ centre @ L @ centre)
        )

    def kernel(X):
        squares = cdist(X, X, "sqeuclidean")
        return np.exp(-squares / (2 * np.median(squares[squares > 0])))

    found = latent_similarity(U, V, metrics=("cka", "cka_rbf"))
    assert np.isclose(found["cka"], alignment(U @ U.T, V @ V.T))
    assert np.isclose(found["cka_rbf"], alignment(kernel(U), kernel(V)))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(1e-3, 1e3))
def test_alignments_see_no_rotation_scale_or_shift(seed, factor):
    U, V = spaces(25, seed)
    moved = factor * V @ ortho_group.rvs(6, random_state=seed % 2**31) + 3 * factor
    metrics = ("cka", "cka_rbf")
    plain, other = (latent_similarity(U, W, metrics=metrics) for W in (V, moved))
    assert np.allclose(list(plain.values()), list(other.values()), atol=1e-8)
    assert all(0 <= value <= 1 + 1e-12 for value in plain.values())


def test_spaces_of_different_dimension():
    U, V = spaces()
    assert 0 < latent_similarity(U, V[:, :2], metrics="cka")["cka"] < 1
    with pytest.raises(ValueError, match=r"'mrr'.*6 features and V has 2.*same anchors"):
        latent_similarity(U, V[:, :2], metrics=("mrr", "cka"))


def test_constant_and_zero():
    U, V = spaces()
    assert latent_similarity(U, np.ones((60, 3)), metrics=("cka", "cka_rbf")) == {
        "cka": 0,
        "cka_rbf": 0,
    }
    assert latent_similarity(U, 0 * V, metrics="cosine")["cosine"] == 0
    assert latent_similarity(U[:1], U[:1], metrics=("mrr", "jaccard"), k=1)["mrr"] == 1


@pytest.mark.parametrize(
    ("change", "params", "match"),
    [
        (lambda V: V[:-1], {}, "60 and 59 rows"),
        (lambda V: V, {"k": 61}, "number of rows, 60, got 61"),
        (lambda V: V, {"k": 0}, "got 0"),
        (lambda V: V, {"k": 2.5}, "k must be an integer .*got 2.5"),
        (lambda V: V, {"k": "a"}, "k must be an integer .*got 'a'"),
        (lambda V: V, {"metrics": 3}, "metrics must be out of .*3"),
        (lambda V: V, {"metrics": "cca"}, "metrics must be out of .*cca"),
        (lambda V: V, {"metrics": ()}, "metrics must be"),
        (lambda V: V * np.nan, {}, "V contains NaN"),
    ],
)
def test_bad_spaces(change, params, match):
    U, V = spaces()
    with pytest.raises(ValueError, match=match):
        latent_similarity(U, change(V), **params)
    with pytest.raises(ValueError, match="minimum of 2"):
        latent_similarity(U[:1], V[:1])


def test_scorer_in_a_grid_search():
    U, _ = spaces(100)
    V = U @ np.random.default_rng(1).normal(size=(6, 6))
    scorer = pickle.loads(pickle.dumps(make_latent_scorer("mrr")))
    search = GridSearchCV(Ridge(), {"alpha": [1e-6, 1e6]}, scoring=scorer).fit(U, V)
    assert search.best_params_ == {"alpha": 1e-6}
    assert search.best_score_ > 0.99
    relative = RelativeRepresentation(n_anchors=6, random_state=0).fit(U)
    score = make_latent_scorer("cka")(relative, U, V)
    expected = latent_similarity(relative.transform(U), V, metrics="cka")["cka"]
    assert score == expected
    with pytest.raises(ValueError, match="metric must be out of"):
        make_latent_scorer("accuracy")
