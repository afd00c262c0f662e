import pickle
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.cluster.hierarchy import is_valid_linkage, linkage
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import pdist, squareform
from sklearn import config_context
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import TSNE
from sklearn.metrics import adjusted_rand_score
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgeom.datasets import load_text_embeddings, make_gaussian_groups
from skgeom.separability import SeparabilityScorer

PLAIN = {"normalize": None}
NAMES = ["negentropy", "relative_mean", "balanced_sum", "persistence", "n_major", "nn_entropy"]


@pytest.fixture(scope="module")
def groups():
    return make_gaussian_groups(200, n_groups=3, n_features=8, separation=10, random_state=0)


def test_fitted_attributes(groups):
    X, y = groups
    found = SeparabilityScorer(NAMES, **PLAIN).fit(X)
    np.testing.assert_allclose(found.lifetimes_, linkage(X, "single")[:, 2], rtol=1e-12)
    lengths = np.linalg.norm(X[found.mst_[:, 0]] - X[found.mst_[:, 1]], axis=1)
    np.testing.assert_allclose(lengths, found.lifetimes_)
    assert found.mst_.dtype == found.merge_sizes_.dtype == np.intp
    assert is_valid_linkage(found.linkage_)
    assert list(found.statistics_) == NAMES
    assert found.score_ == found.statistics_["negentropy"] == found.score(X)
    assert found.n_components_ == 1
    assert found.n_clusters_ == found.statistics_["n_major"] == 3
    assert adjusted_rand_score(y, found.labels_) == 1
    assert found.n_features_in_ == 8
    assert not hasattr(found, "pvalue_")
    assert not hasattr(found, "confidence_interval_")


def test_every_statistic_at_once(groups):
    from skgeom.separability._statistics import STATISTICS

    found = SeparabilityScorer(list(STATISTICS), random_state=0).fit(groups[0])
    assert np.isfinite(list(found.statistics_.values())).all()
    for name in ("gini", "renyi_entropy", "ph_dim"):
        alone = SeparabilityScorer(name, random_state=0).fit(groups[0]).score_
        assert alone == found.statistics_[name]


def test_float32_stays_float32(groups):
    X = groups[0].astype(np.float32)
    found = SeparabilityScorer(**PLAIN).fit(X)
    assert found.lifetimes_.dtype == np.float32
    np.testing.assert_allclose(found.lifetimes_, linkage(X, "single")[:, 2], rtol=1e-6)


def test_tree_of_a_neighbour_graph(groups):
    exact = SeparabilityScorer(**PLAIN).fit(groups[0])
    found = SeparabilityScorer(algorithm="knn", **PLAIN).fit(groups[0])
    assert exact.exact_fraction_ == 1
    assert 0 < found.exact_fraction_ <= 1
    np.testing.assert_allclose(found.lifetimes_, exact.lifetimes_, rtol=0.1)


def test_threshold_graphs_have_as_many_components(groups):
    distances = squareform(pdist(groups[0]))
    lifetimes = SeparabilityScorer(**PLAIN).fit(groups[0]).lifetimes_
    for t in np.quantile(lifetimes, [0.1, 0.5, 0.9, 0.99]) * (1 + 1e-9):
        components = connected_components(sp.csr_array(distances <= t))[0]
        assert np.count_nonzero(lifetimes > t) + 1 == components


# The degenerate cases


def test_one_sample():
    with pytest.raises(ValueError, match="1 sample"):
        SeparabilityScorer().fit([[1.0, 2.0]])


def test_two_samples():
    with pytest.warns(UserWarning, match="score of 2 samples"):
        found = SeparabilityScorer(["persistence", "balanced_max"], **PLAIN).fit([[0.0], [1.0]])
    assert found.score_ == 0
    assert found.statistics_["balanced_max"] == 1
    assert found.n_clusters_ == 1


def test_all_points_equal():
    names = ["negentropy", "relative_mean", "persistence", "gini", "balanced_sum", "nn_entropy"]
    with pytest.warns(UserWarning, match="All points are equal"):
        found = SeparabilityScorer(names, **PLAIN).fit(np.ones((30, 3)))
    assert not found.lifetimes_.any()
    assert [found.statistics_[name] for name in names] == [0, 0, 0, 0, 0, np.inf]
    assert found.n_clusters_ == 1
    assert not found.score_samples(np.ones((30, 3))).any()


def test_all_points_equal_with_reference():
    scorer = SeparabilityScorer("nn_entropy", normalize=None, reference="gaussian", n_references=2)
    with pytest.warns(UserWarning, match="All points are equal"):
        assert scorer.fit(np.ones((30, 3))).score_ == 0


def test_duplicates():
    X = np.repeat(np.random.default_rng(0).normal(size=(12, 4)), 3, axis=0)
    with pytest.warns(UserWarning, match="smallest positive lifetime"):
        found = SeparabilityScorer("balanced_max", **PLAIN).fit(X)
    assert np.count_nonzero(found.lifetimes_ == 0) == 24
    minor = found.merge_sizes_.min(axis=1)
    smallest = found.lifetimes_[24]
    assert found.score_ == pytest.approx(np.max(2 * minor / 36 * found.lifetimes_) / smallest)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_not_finite(value, groups):
    X = groups[0].copy()
    X[3, 2] = value
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        SeparabilityScorer().fit(X)


def test_simplex():
    found = SeparabilityScorer(["persistence", "gini", "cv"], **PLAIN).fit(np.eye(25))
    assert list(found.statistics_.values()) == pytest.approx([0, 0, 0], abs=1e-7)


def test_disconnected_graph():
    distances = squareform(pdist(np.random.default_rng(0).normal(size=(40, 3))))
    distances[:20, 20:] = distances[20:, :20] = 0
    graph = sp.csr_array(distances)
    scorer = SeparabilityScorer(metric="precomputed", normalize=None)
    with pytest.warns(UserWarning, match="2 connected components"):
        found = scorer.fit(graph)
    assert found.n_components_ == 2
    assert len(found.lifetimes_) == 38
    assert np.isfinite(found.score_)
    assert set(found.labels_[:20]) == {0}
    assert set(found.labels_[20:]) == {1}


def test_ties_are_deterministic():
    grid = np.stack(np.meshgrid(np.arange(6.0), np.arange(6.0)), -1).reshape(-1, 2)
    found = [SeparabilityScorer(algorithm=a, **PLAIN).fit(grid) for a in ("prim", "gram")]
    for one in found:
        np.testing.assert_array_equal(one.lifetimes_, 1)
        order = np.lexsort((one.mst_[:, 1], one.mst_[:, 0]))
        np.testing.assert_array_equal(order, np.arange(35))


# Parameters


def test_precomputed_distances(groups):
    X = groups[0]
    distances = squareform(pdist(X))
    points = SeparabilityScorer("balanced_sum", **PLAIN).fit(X)
    with pytest.warns(UserWarning, match='normalize="l2" is ignored'):
        found = SeparabilityScorer("balanced_sum", metric="precomputed").fit(distances)
    np.testing.assert_allclose(found.lifetimes_, points.lifetimes_, rtol=1e-12)
    assert found.score_ == pytest.approx(points.score_)
    scorer = SeparabilityScorer("balanced_sum", metric="precomputed", normalize=None)
    assert scorer.fit(distances).score(distances[:50, :50]) == pytest.approx(points.score(X[:50]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda D: D[:, :-1], "square"),
        (lambda D: -D, "smallest entry"),
        (lambda D: D + np.eye(30), "zero diagonal"),
        (lambda D: D + np.triu(D, 1), "symmetric"),
    ],
)
@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array])
def test_bad_distances(change, message, kind):
    distances = squareform(pdist(np.random.default_rng(0).normal(size=(30, 2))))
    scorer = SeparabilityScorer(metric="precomputed", normalize=None)
    with pytest.raises(ValueError, match=message):
        scorer.fit(kind(change(distances)))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"min_samples": 200}, "min_samples=200 must be smaller"),
        ({"min_samples": 20, "max_samples": 10}, "which is 10"),
        ({"statistic": ["gini", "ginny"]}, "'statistic' parameter"),
        ({"statistic": []}, "'statistic' parameter"),
        ({"statistic": "nothing"}, "'statistic' parameter"),
        ({"metric": "nan_euclidean"}, "'metric' parameter"),
        ({"min_samples": 1}, "'min_samples' parameter"),
        ({"major_fraction": 0.5}, "'major_fraction' parameter"),
        ({"max_samples": 1.5}, "'max_samples' parameter"),
        ({"max_samples": 1}, "'max_samples' parameter"),
        ({"metric_params": {"p": 3}}, 'metric="euclidean" takes no metric_params'),
        ({"statistic": ["gini", ["cv"]]}, "'statistic' parameter"),
        ({"metric": "seuclidean"}, 'needs metric_params={"V"'),
        ({"metric": "mahalanobis"}, 'needs metric_params={"VI"'),
        ({"ci": "bayesian"}, "'ci' parameter"),
        ({"sampler": "grid"}, "'sampler' parameter"),
        ({"statistic_params": {"gini": {"tau": 1}}}, "'gini' has no options"),
        ({"statistic_params": {"total": {}}}, "'total' is not among the statistics"),
        ({"statistic_params": {"negentropy": {"tau": 1}}}, r"the options \['dimension', 'gamma'\]"),
        ({"statistic_params": {"negentropy": 2}}, "takes a dict of the options"),
        ({"statistic_params": {"negentropy": {"gamma": -1}}}, "'gamma' parameter of statistic"),
        ({"statistic_params": {"negentropy": {"gamma": 8}}}, "smaller than the dimension"),
        (
            {"sampler": "maxmin", "max_samples": 50, "confidence_level": 0.9},
            'ci="subsample" says how random subsamples vary',
        ),
    ],
)
def test_bad_parameters(params, message, groups):
    with pytest.raises(ValueError, match=message):
        SeparabilityScorer(**params).fit(groups[0])


@pytest.mark.parametrize("statistic", ["negentropy", "renyi_entropy", "effective_rank"])
def test_statistics_of_points_refuse_distances(statistic):
    with pytest.raises(ValueError, match=f"{statistic}.* needs points"):
        SeparabilityScorer(statistic, metric="precomputed").fit(np.zeros((30, 30)))


def test_distances_with_a_dimension_have_an_entropy():
    X = np.random.default_rng(0).normal(size=(60, 3))
    names = ["negentropy", "renyi_entropy"]
    points = SeparabilityScorer(names, normalize=None).fit(X).statistics_
    found = SeparabilityScorer(
        names,
        metric="precomputed",
        normalize=None,
        statistic_params={name: {"dimension": 3} for name in names},
    ).fit(squareform(pdist(X)))
    assert found.statistics_["renyi_entropy"] == pytest.approx(points["renyi_entropy"])
    # the typical distance is the mean one here, and the root mean square one of points
    ratio = np.mean(pdist(X)) / np.sqrt(np.mean(pdist(X) ** 2))
    expected = points["negentropy"] + 3 * np.log(ratio)
    assert found.statistics_["negentropy"] == pytest.approx(expected)


def test_auto_is_the_statistic_that_the_input_allows(groups):
    found = SeparabilityScorer().fit(groups[0])
    assert list(found.statistics_) == ["negentropy"]
    distances = squareform(pdist(groups[0]))
    found = SeparabilityScorer(metric="precomputed", normalize=None).fit(distances)
    assert list(found.statistics_) == ["relative_mean"]
    with pytest.raises(ValueError, match="'statistic' parameter"):
        SeparabilityScorer(["auto", "gini"]).fit(groups[0])


def test_sample_weight_is_refused_by_name(groups):
    X, y = groups
    scorer = SeparabilityScorer().fit(X)
    weights = np.ones(len(X))
    for method in (scorer.fit, scorer.fit_predict, scorer.score):
        with pytest.raises(TypeError, match="takes no sample_weight"):
            method(X, y, sample_weight=weights)
    with pytest.raises(TypeError, match="takes no sample_weight"):
        make_pipeline(StandardScaler(), scorer).fit(X, separabilityscorer__sample_weight=weights)
    with pytest.raises(TypeError, match=r"unexpected keyword arguments \['weights'\]"):
        scorer.fit(X, weights=weights)


SCALE_FREE = [
    "negentropy",
    "relative_mean",
    "persistence",
    "gini",
    "nn_entropy",
    "balanced_sum",
    "effective_rank",
]


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("scale", [2.0**-990, 2.0**990])
@pytest.mark.parametrize(
    "params",
    [
        {"normalize": None},
        {"normalize": None, "min_samples": 4},
        {"normalize": "center", "reference": "gaussian", "n_references": 2},
        {"normalize": "standard", "reference": "uniform", "n_references": 2},
        {"normalize": "layer"},
        {"metric": "cosine", "normalize": None},
    ],
)
def test_scores_of_huge_and_tiny_values(params, scale, groups):
    X, y = groups
    scorer = SeparabilityScorer(SCALE_FREE, random_state=0, **params)
    plain, scaled = clone(scorer).fit(X, y), clone(scorer).fit(scale * X, y)
    assert scaled.score_ == pytest.approx(plain.score_, rel=1e-9)
    for name in SCALE_FREE:
        assert scaled.statistics_[name] == pytest.approx(plain.statistics_[name], rel=1e-9)
    assert scaled.supervised_.fdr == pytest.approx(plain.supervised_.fdr)
    np.testing.assert_array_equal(scaled.labels_, plain.labels_)


def test_distances_out_of_range_are_refused(groups):
    with pytest.raises(ValueError, match="leave the range"):
        SeparabilityScorer(metric="sqeuclidean", normalize=None).fit(1e200 * groups[0])


def test_subsample_without_some_classes(groups):
    X, _ = groups
    y = np.where(np.arange(len(X)) == 7, 1, np.where(np.arange(len(X)) == 3, 0, 2))
    scorer = SeparabilityScorer(max_samples=30, random_state=1).fit(X, y)
    missing = ~np.isin(np.arange(3), y[scorer.sample_indices_])
    assert missing.any()
    assert np.isnan(scorer.supervised_.pair_gap[missing]).all()
    few = np.full(len(X), -1)
    few[np.setdiff1d(np.arange(len(X)), scorer.sample_indices_)[:4]] = [0, 1, 0, 1]
    assert np.isnan(scorer.fit(X, few).supervised_.thornton)


def test_callables_of_one_name_keep_their_values(groups):
    scorer = SeparabilityScorer([lambda *_: 1.0, lambda *_: 2.0, "gini"]).fit(groups[0])
    assert list(scorer.get_feature_names_out()) == ["<lambda>", "<lambda>_2", "gini"]
    assert scorer.statistics_["<lambda>"] == 1
    assert scorer.statistics_["<lambda>_2"] == 2
    with pytest.raises(TypeError, match="must return a number"):
        SeparabilityScorer(lambda lifetimes, *_: lifetimes).fit(groups[0])


@pytest.mark.parametrize("sizes", [[10.5, 20.0], [], "ab", [[5]], [1], [10_000]])
def test_bad_sizes_of_a_subsample_curve(sizes, groups):
    with pytest.raises(ValueError, match="sizes must be numbers of samples"):
        SeparabilityScorer().subsample_curve(groups[0], sizes)


def test_few_repeats_are_refused(groups):
    with pytest.raises(ValueError, match="n_repeats"):
        SeparabilityScorer().subsample_curve(groups[0], n_repeats=0)


def test_float32_distance_matrix(groups):
    X = (groups[0] + 100).astype(np.float32)
    D = squareform(pdist(X)).astype(np.float32)
    D[0, 1] = np.nextafter(D[0, 1], np.float32(np.inf))
    SeparabilityScorer(metric="precomputed", normalize=None).fit(D)


def test_reference_of_distances_is_refused():
    scorer = SeparabilityScorer(metric="precomputed", reference="gaussian", normalize=None)
    with pytest.raises(ValueError, match="draws points"):
        scorer.fit(np.zeros((30, 30)))


@pytest.mark.parametrize("reference", ["gaussian", "uniform", "permute"])
@pytest.mark.parametrize("statistic", ["negentropy", "relative_mean", "balanced_sum"])
def test_reference_tells_groups_from_none(reference, statistic):
    rng = np.random.default_rng(1)
    single = rng.normal(size=(200, 6))
    grouped = single + 5 * rng.integers(0, 2, size=(200, 1))
    scorer = SeparabilityScorer(
        statistic, normalize=None, reference=reference, n_references=19, random_state=0
    )
    found = scorer.fit(grouped)
    assert found.pvalue_ == 1 / 20
    assert found.reference_scores_.shape == (19,)
    assert found.score_ > 0
    assert scorer.fit(single).pvalue_ > 0.05 or reference == "uniform"


@pytest.mark.parametrize(("statistic", "factor"), [("relative_mean", 1), ("negentropy", 5)])
def test_referenced_mean_lifetimes_are_log_ratios(statistic, factor):
    X, _ = make_gaussian_groups(100, n_features=5, random_state=0)
    scorer = SeparabilityScorer(statistic, normalize=None, reference="permute", random_state=0)
    found = scorer.fit(X)
    expected = np.mean(-found.reference_scores_) - factor * np.log(found.lifetimes_.mean())
    assert found.score_ == pytest.approx(expected)


def test_subsamples(groups):
    X = groups[0]
    scorer = SeparabilityScorer(max_samples=50, n_subsamples=4, random_state=3, **PLAIN)
    found = scorer.fit(X)
    assert found.subsample_scores_.shape == (4,)
    assert found.score_ == found.subsample_scores_.mean()
    assert len(found.lifetimes_) == 49
    assert len(found.labels_) == 200
    lengths = np.linalg.norm(X[found.mst_[:, 0]] - X[found.mst_[:, 1]], axis=1)
    np.testing.assert_allclose(lengths, found.lifetimes_)
    # the same rows are drawn for every cloud of one size
    assert found.score(X) == found.score_
    assert found.score(2 * X) == pytest.approx(found.score_)
    share = clone(scorer).set_params(max_samples=0.25).fit(X)
    assert share.score_ == found.score_
    everything = clone(scorer).set_params(max_samples=500).fit(X)
    assert everything.score_ == SeparabilityScorer(**PLAIN).fit(X).score_


@pytest.mark.parametrize("metric", ["euclidean", "angular", "cityblock", "precomputed"])
def test_labels_of_rows_outside_the_subsample(metric, groups):
    X, y = groups
    X = squareform(pdist(X)) if metric == "precomputed" else X + 3
    found = SeparabilityScorer(metric=metric, max_samples=100, random_state=0, **PLAIN).fit(X)
    alone = found.labels_[found.sample_indices_]
    assert found.n_clusters_ == alone.max() + 1
    if found.n_clusters_ == 3:
        assert adjusted_rand_score(y, found.labels_) > 0.9


def test_score_uses_the_fitted_columns(groups):
    X = groups[0] * np.arange(1, 9)
    found = SeparabilityScorer(normalize="standard").fit(X)
    by_hand = SeparabilityScorer(normalize=None).fit(StandardScaler().fit(X).transform(X[:100]))
    assert found.score(X[:100]) == pytest.approx(by_hand.score_)


def test_score_samples_finds_the_outlier(groups):
    X = groups[0].copy()
    X[17] += 100
    found = SeparabilityScorer(**PLAIN).fit(X)
    scores = found.score_samples(X)
    assert np.argmin(scores) == 17
    assert scores.shape == (200,)
    assert scores.max() < 0


def test_transform_gives_a_row_a_cloud(groups):
    X = groups[0]
    found = SeparabilityScorer(NAMES, normalize="standard").fit(X)
    table = found.transform([X, X[:50], X[50:120].astype(np.float32)])
    assert table.shape == (3, len(NAMES))
    np.testing.assert_allclose(table[0], list(found.statistics_.values()))
    np.testing.assert_allclose(table[1, 0], found.score(X[:50]))
    np.testing.assert_array_equal(found.transform(np.stack([X, X])), table[[0, 0]])
    np.testing.assert_array_equal(found.transform(X), table[:1])
    assert found.get_feature_names_out().tolist() == NAMES
    frame = found.set_output(transform="pandas").transform([X])
    assert list(frame.columns) == NAMES
    frame = found.transform(type(frame)(X))  # one cloud is one row, whatever its own rows are
    np.testing.assert_array_equal(frame.to_numpy(), table[:1])
    with pytest.raises(ValueError, match="empty list"):
        found.transform([])
    with pytest.raises(ValueError, match="7 features"):
        found.transform([X[:, :7]])


def test_pandas_and_float16(groups):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(groups[0], columns=list("abcdefgh"))
    found = SeparabilityScorer().fit(frame)
    assert found.feature_names_in_.tolist() == list("abcdefgh")
    assert found.score_ == SeparabilityScorer().fit(groups[0]).score_
    assert np.isfinite(SeparabilityScorer().fit(groups[0].astype(np.float16)).score_)


def test_memory_mapped_input(tmp_path, groups):
    np.save(tmp_path / "cloud.npy", groups[0])
    mapped = np.load(tmp_path / "cloud.npy", mmap_mode="r")
    assert SeparabilityScorer().fit(mapped).score_ == SeparabilityScorer().fit(groups[0]).score_


def test_working_memory_changes_nothing(groups):
    expected = SeparabilityScorer(**PLAIN).fit(groups[0]).lifetimes_
    with config_context(working_memory=0.01):
        found = SeparabilityScorer(**PLAIN).fit(groups[0])
    np.testing.assert_array_equal(found.lifetimes_, expected)


def test_same_bits_for_any_n_jobs(groups):
    scorer = SeparabilityScorer(
        NAMES,
        reference="gaussian",
        max_samples=80,
        n_subsamples=3,
        confidence_level=0.9,
        n_resamples=8,
        random_state=0,
    )
    fits = [clone(scorer).set_params(n_jobs=n).fit(groups[0], groups[1]) for n in (1, 3)]
    assert fits[0].score_ == fits[1].score_
    assert fits[0].statistics_ == fits[1].statistics_
    assert fits[0].confidence_interval_ == fits[1].confidence_interval_
    np.testing.assert_array_equal(fits[0].reference_scores_, fits[1].reference_scores_)


def test_pickle(groups):
    found = SeparabilityScorer(reference="permute", random_state=0).fit(*groups)
    again = pickle.loads(pickle.dumps(found))
    assert again.score(groups[0]) == found.score(groups[0])


def test_assess_is_fit_without_fitting(groups):
    scorer = SeparabilityScorer(
        NAMES, normalize="standard", max_samples=90, n_subsamples=2, random_state=0
    )
    found = scorer.assess(*groups, resample=True)
    fitted = clone(scorer).set_params(confidence_level=0.9).fit(*groups)
    assert found.score == fitted.score_
    assert found.statistics == fitted.statistics_
    np.testing.assert_array_equal(found.resample_scores, fitted.resample_scores_)
    for name, value in found.supervised.items():
        assert value == fitted.supervised_[name]
    assert not [name for name in vars(scorer) if name.endswith("_")]


def test_compare_pairs_the_rows(groups):
    X = groups[0]
    scorer = SeparabilityScorer(random_state=0, **PLAIN)
    noise = np.random.default_rng(0).normal(size=X.shape)
    found = scorer.compare(X, X + 0.2 * noise)
    assert found.difference == found.score_a - found.score_b
    assert found.difference == scorer.fit(X).score_ - scorer.fit(X + 0.2 * noise).score_
    low, high = found.confidence_interval
    assert low < found.difference < high
    single = scorer.set_params(confidence_level=0.95).fit(X).confidence_interval_
    assert high - low < single[1] - single[0]
    assert scorer.compare(X, X).standard_error == 0
    with pytest.raises(ValueError, match="200 and 150 samples"):
        scorer.compare(X, X[:150])


def test_subsample_curve(groups):
    scorer = SeparabilityScorer("balanced_sum", random_state=0, **PLAIN)
    curve = scorer.subsample_curve(groups[0], [50, 100, 200], n_repeats=4)
    assert curve.sizes.tolist() == [50, 100, 200]
    assert curve.scores.shape == (3, 4)
    assert curve.std[2] == 0
    assert curve.mean[2] == pytest.approx(scorer.fit(groups[0]).score_)
    np.testing.assert_allclose(curve.mean, curve.scores.mean(axis=1))
    plane = np.random.default_rng(0).random((1000, 2))
    flat = scorer.subsample_curve(plane)
    assert flat.ph_dim == pytest.approx(2, rel=0.15)
    assert flat.sizes[[0, -1]].tolist() == [62, 1000]
    with pytest.raises(ValueError, match="sizes must be"):
        scorer.subsample_curve(plane, [10, 2000])


# As a scorer of model selection


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_grid_search_without_labels(groups, n_jobs):
    pipeline = make_pipeline(StandardScaler(), PCA(random_state=0))
    grid = {"pca__n_components": [2, 4, 6]}
    scorer = SeparabilityScorer(reference="gaussian", random_state=0)
    search = GridSearchCV(pipeline, grid, scoring=scorer, cv=3, n_jobs=n_jobs, error_score="raise")
    search = clone(search).fit(groups[0])
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    embedding = search.best_estimator_.transform(groups[0])
    assert search.score(groups[0]) == clone(scorer).fit(embedding).score_


def test_transductive_grid_search(groups):
    everything = np.arange(200)
    search = GridSearchCV(
        PCA(random_state=0),
        {"n_components": [2, 8]},
        scoring=SeparabilityScorer(**PLAIN),
        cv=[(everything, everything)],
    ).fit(groups[0])
    expected = SeparabilityScorer(**PLAIN).fit(PCA(2, random_state=0).fit_transform(groups[0]))
    assert search.cv_results_["mean_test_score"][0] == pytest.approx(expected.score_)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_cross_validate_with_several_metrics(groups, n_jobs):
    scoring = {"made": SeparabilityScorer("balanced_sum"), "spread": SeparabilityScorer()}
    scores = cross_validate(PCA(3), groups[0], scoring=scoring, cv=3, n_jobs=n_jobs)
    assert np.isfinite(scores["test_made"]).all()
    assert np.isfinite(scores["test_spread"]).all()


def test_cross_validate_beside_a_supervised_score(groups):
    pipeline = make_pipeline(PCA(3), LogisticRegression())
    scoring = {"accuracy": "accuracy", "separability": SeparabilityScorer()}
    scores = cross_validate(pipeline, *groups, scoring=scoring, cv=3)
    assert (scores["test_accuracy"] > 0.9).all()
    assert np.isfinite(scores["test_separability"]).all()


def test_scorer_refuses_what_cannot_embed(groups):
    with pytest.raises(TypeError, match="only fit_transform"):
        SeparabilityScorer()(TSNE(), groups[0])


def test_scorer_leaves_itself_unfitted(groups):
    scorer = SeparabilityScorer()
    scorer(PCA(2).fit(groups[0]), groups[0])
    assert not [name for name in vars(scorer) if name.endswith("_")]


def test_last_step_of_a_pipeline(groups):
    pipeline = make_pipeline(PCA(3, random_state=0), SeparabilityScorer()).fit(groups[0])
    embedding = PCA(3, random_state=0).fit(groups[0]).transform(groups[0])
    assert pipeline.score(groups[0]) == pytest.approx(SeparabilityScorer().fit(embedding).score_)


def test_score_of_text_embeddings_falls_with_noise():
    questions = load_text_embeddings()
    X = questions.data[questions.target < 12]
    noise = np.random.default_rng(0).normal(size=X.shape).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = [SeparabilityScorer().fit(X + t * noise).score_ for t in (0, 0.1, 0.3, 1)]
    assert np.all(np.diff(scores) < 0)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_lifetimes_beyond_single_precision():
    X = (1e30 * np.random.default_rng(0).normal(size=(40, 3))).astype(np.float32)
    found = SeparabilityScorer(metric="sqeuclidean", normalize=None).fit(X)
    assert found.lifetimes_.dtype == np.float64
    assert np.isfinite(found.lifetimes_).all()
