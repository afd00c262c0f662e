"""The steps of the tour: each estimator on real data that ships in the package.

A step takes `quick` and returns rows for the closing table, and a function that draws its picture.
"""

import time
from dataclasses import dataclass
from functools import partial


@dataclass(frozen=True)
class Row:
    """A line of the closing table; `score` and `baseline` are (mean, standard deviation)."""

    data: str
    size: str
    method: str
    metric: str
    score: tuple
    seconds: float
    baseline_method: str
    baseline: tuple

    COLUMNS = ("data", "size", "method", "metric", "score", "seconds", "baseline", "")

    def cells(self):
        return (
            self.data,
            self.size,
            self.method,
            self.metric,
            "{:.3f} +- {:.3f}".format(*self.score),
            f"{self.seconds:.1f}",
            "{:.3f} +- {:.3f}".format(*self.baseline),
            self.baseline_method,
        )


def _spread(scores):
    return float(scores.mean()), float(scores.std())


def motor_imagery(quick):
    from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score

    from skgeom import AugmentedCovarianceClassifier
    from skgeom.datasets import load_motor_imagery

    trials = load_motor_imagery(channels=["C3", "Cz", "C4"])
    folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=1 if quick else 4, random_state=42)

    def score(**params):
        model = AugmentedCovarianceClassifier(**params)
        return cross_val_score(model, trials.data, trials.target, cv=folds, scoring="roc_auc")

    start = time.perf_counter()
    augmented = score(order=3, lag=2)
    seconds = time.perf_counter() - start
    plain = score(order=1)

    def draw(figure):
        axes = figure.subplots()
        axes.scatter(plain, augmented, color="tab:blue")
        axes.plot([0.4, 1], [0.4, 1], color="grey", linewidth=1)
        axes.set(
            xlabel="AUC, plain covariance",
            ylabel="AUC, augmented covariance",
            title="Left or right fist from three electrodes, a point a fold",
        )

    row = Row(
        data="EEG, C3 Cz C4",
        size="90 x 3 x 640",
        method="AugmentedCovarianceClassifier",
        metric="AUC",
        score=_spread(augmented),
        seconds=seconds,
        baseline_method="plain covariances",
        baseline=_spread(plain),
    )
    return [row], draw


def citation_network(quick):
    from sklearn.decomposition import TruncatedSVD
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedShuffleSplit, cross_val_score

    from skgeom import FastRPEmbedder
    from skgeom.datasets import load_network

    adjacency, subject = load_network("cora", return_X_y=True)
    splits = StratifiedShuffleSplit(3 if quick else 10, train_size=0.1, random_state=0)
    model = LogisticRegression(C=0.1, max_iter=1000)

    start = time.perf_counter()
    nodes = FastRPEmbedder(n_components=128, random_state=0).fit_transform(adjacency)
    accuracy = cross_val_score(model, nodes, subject, cv=splits)
    seconds = time.perf_counter() - start
    svd = TruncatedSVD(128, random_state=0).fit_transform(adjacency)
    baseline = cross_val_score(model, svd, subject, cv=splits)

    def draw(figure):
        from sklearn.manifold import TSNE

        axes = figure.subplots()
        shown = slice(None, None, 2)
        plane = TSNE(random_state=0, init="pca", max_iter=500).fit_transform(nodes[shown])
        axes.scatter(*plane.T, c=subject[shown], s=5, cmap="tab10")
        axes.set(
            title="Papers by their citations\n(t-SNE of every other node, coloured by subject)"
        )
        axes.set_axis_off()

    row = Row(
        data="Cora citations",
        size="2708 nodes",
        method="FastRPEmbedder",
        metric="accuracy",
        score=_spread(accuracy),
        seconds=seconds,
        baseline_method="truncated SVD",
        baseline=_spread(baseline),
    )
    return [row], draw


def molecules(quick):
    import numpy as np
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline

    from skgeom import MultiparamPersistenceVectorizer
    from skgeom.datasets import load_molecules

    graphs, mutagenic = load_molecules("mutag", return_X_y=True)
    folds = StratifiedKFold(3 if quick else 10, shuffle=True, random_state=0)
    vectorizer = MultiparamPersistenceVectorizer(filtration="graph", function=["degree", "hks"])
    forest = RandomForestClassifier(100, random_state=0)
    search = GridSearchCV(
        make_pipeline(vectorizer, forest),
        {"multiparampersistencevectorizer__bandwidth": [0.03, 0.1]},
        cv=3,
    )

    start = time.perf_counter()
    accuracy = cross_val_score(search, graphs, mutagenic, cv=folds)
    seconds = time.perf_counter() - start
    degrees = [np.bincount(np.diff(graph.indptr), minlength=6)[:6] for graph in graphs]
    baseline = cross_val_score(forest, np.array(degrees), mutagenic, cv=folds)

    def draw(figure):
        images = vectorizer.fit(graphs).transform(graphs)
        difference = images[mutagenic == 1].mean(axis=0) - images[mutagenic == 0].mean(axis=0)
        first, second = vectorizer.grid_
        pictures = difference.reshape(-1, len(first), len(second))
        panels = figure.subplots(1, len(pictures), sharey=True)
        for dimension, (axes, picture) in enumerate(zip(panels, pictures)):
            bound = np.abs(picture).max()
            axes.pcolormesh(first, second, picture.T, cmap="RdBu_r", vmin=-bound, vmax=bound)
            axes.set(title=f"H{dimension}, mutagenic minus not", xlabel="1 / degree")
        panels[0].set_ylabel("heat kernel signature")

    row = Row(
        data="MUTAG molecules",
        size="188 graphs",
        method="MultiparamPersistenceVectorizer",
        metric="accuracy",
        score=_spread(accuracy),
        seconds=seconds,
        baseline_method="degree histograms",
        baseline=_spread(baseline),
    )
    return [row], draw


def single_cells(quick):
    from sklearn.decomposition import PCA

    from skgeom import HeatGeodesicEmbedding
    from skgeom.datasets import load_cells

    cells = load_cells("pbmc68k")
    X = cells.data[::2] if quick else cells.data
    kind = cells.target[::2] if quick else cells.target

    start = time.perf_counter()
    plane = HeatGeodesicEmbedding(random_state=0).fit_transform(X)
    seconds = time.perf_counter() - start
    components = PCA(2).fit_transform(X)

    def draw(figure):
        for axes, points, title in zip(
            figure.subplots(1, 2),
            (plane, components),
            ("heat-geodesic embedding", "two principal components"),
        ):
            for label, name in enumerate(cells.target_names):
                axes.scatter(*points[kind == label].T, s=6, color=f"C{label}", label=name)
            axes.set(title=title, aspect="equal", xticks=[], yticks=[])
        figure.legend(
            *axes.get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=7
        )

    def row(metric, measure):
        return Row(
            data="blood cells",
            size=f"{len(X)} x 50",
            method="HeatGeodesicEmbedding",
            metric=metric,
            score=_spread(measure(plane)),
            seconds=seconds,
            baseline_method="PCA",
            baseline=_spread(measure(components)),
        )

    rows = [
        row("geodesic Pearson", lambda points: _geodesic_correlation(X, points)),
        row("10-NN accuracy", lambda points: _neighbour_accuracy(points, kind)),
    ]
    return rows, draw


def _geodesic_correlation(X, points):
    """Pearson correlation, cell by cell, of distances in the picture with geodesics.

    Geodesics are shortest paths on the 10-nearest-neighbour graph of the data.
    """
    import numpy as np
    from scipy.sparse.csgraph import dijkstra
    from scipy.spatial.distance import cdist
    from sklearn.neighbors import kneighbors_graph

    graph = kneighbors_graph(X, 10, mode="distance")
    geodesic = dijkstra(graph.maximum(graph.T), directed=False)
    reached = np.isfinite(geodesic).all(axis=0)
    pairs = zip(geodesic[:, reached], cdist(points, points[reached]))
    return np.array([np.corrcoef(true, shown)[0, 1] for true, shown in pairs])


def _neighbour_accuracy(points, labels):
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.neighbors import KNeighborsClassifier

    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    return cross_val_score(KNeighborsClassifier(10), points, labels, cv=folds)


def text_embeddings(quick):
    import numpy as np
    from scipy.stats import spearmanr
    from sklearn.preprocessing import normalize

    from skgeom.datasets import load_text_embeddings
    from skgeom.separability import separability_score

    questions = load_text_embeddings()
    chosen = questions.target < (20 if quick else 40)
    X, intent = normalize(questions.data[chosen]), questions.target[chosen]
    levels = np.linspace(0, 2.5, 6 if quick else 11)
    noises = np.random.default_rng(0).standard_normal((2 if quick else 3, *X.shape))
    # cubes of (draw of noise, level of noise)
    clouds = [[normalize(X + t * noise / np.sqrt(X.shape[1])) for t in levels] for noise in noises]

    def judged(judge):
        return np.array([[judge(cloud) for cloud in row] for row in clouds])

    start = time.perf_counter()
    score = judged(separability_score)
    seconds = time.perf_counter() - start
    accuracy = judged(lambda cloud: _leave_one_out_accuracy(cloud, intent))
    silhouette = judged(lambda cloud: _silhouette(cloud, len(np.unique(intent))))

    def follows(judgement):
        pairs = zip(judgement, accuracy)
        return np.array([spearmanr(*pair).statistic for pair in pairs])

    def draw(figure):
        axes = figure.subplots()
        shares = score.mean(axis=0) / score.max()
        axes.plot(levels, shares, "o-", label="separability, of its largest (sees no labels)")
        axes.plot(levels, accuracy.mean(axis=0), "s--", label="1-NN accuracy (sees them)")
        axes.set(
            xlabel="noise added to the embeddings",
            title="The score falls as the encoder gets worse",
        )
        axes.legend()

    row = Row(
        data="bank questions",
        size=f"{len(X)} x 384",
        method="SeparabilityScorer",
        metric="rank corr. with 1-NN",
        score=_spread(follows(score)),
        seconds=seconds,
        baseline_method="k-means, silhouette",
        baseline=_spread(follows(silhouette)),
    )
    return [row], draw


def _silhouette(X, n_groups):
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    return silhouette_score(X, KMeans(n_groups, n_init=1, random_state=0).fit_predict(X))


def _leave_one_out_accuracy(X, labels):
    from sklearn.neighbors import NearestNeighbors

    nearest = NearestNeighbors(n_neighbors=1).fit(X).kneighbors(return_distance=False)[:, 0]
    return float((labels[nearest] == labels).mean())


def land_and_ocean(quick):
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline

    from skgeom import SphericalHarmonicsEncoder
    from skgeom.datasets import load_land_ocean

    places, is_land = load_land_ocean(return_X_y=True)
    places, is_land = places[:3000], is_land[:3000]
    classifier = LogisticRegression(C=100, max_iter=500)
    encoded = make_pipeline(SphericalHarmonicsEncoder(degree=10), classifier)

    start = time.perf_counter()
    accuracy = cross_val_score(encoded, places, is_land)
    row = Row(
        data="places on Earth",
        size=f"{len(places)} x 2",
        method="SphericalHarmonicsEncoder",
        metric="accuracy",
        score=_spread(accuracy),
        seconds=time.perf_counter() - start,
        baseline_method="longitude, latitude",
        baseline=_spread(cross_val_score(classifier, places, is_land)),
    )
    return [row], partial(_draw_bars, row)


def swapped_encoder(quick):
    import numpy as np
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier

    from skgeom import RelativeRepresentation

    X, digit = load_digits(return_X_y=True)
    train, test, known, asked = train_test_split(X / 16, digit, random_state=0)

    def hidden_layer(seed):
        network = MLPClassifier((48,), activation="tanh", max_iter=500, random_state=seed)
        network.fit(train, known)
        return lambda rows: np.tanh(rows @ network.coefs_[0] + network.intercepts_[0])

    encode, *others = (hidden_layer(seed) for seed in range(4))
    start = time.perf_counter()
    relative = RelativeRepresentation(n_anchors=50, random_state=0).fit(encode(train))
    classifier = LogisticRegression(max_iter=1000).fit(relative.transform(encode(train)), known)
    anchors = train[relative.anchor_indices_]
    accuracy = [
        classifier.score(relative.with_anchors(other(anchors)).transform(other(test)), asked)
        for other in others
    ]
    seconds = time.perf_counter() - start
    absolute = LogisticRegression(max_iter=1000).fit(encode(train), known)
    row = Row(
        data="digits, other encoder",
        size=f"{len(X)} x 48",
        method="RelativeRepresentation",
        metric="accuracy",
        score=_spread(np.array(accuracy)),
        seconds=seconds,
        baseline_method="hidden layers as they are",
        baseline=_spread(np.array([absolute.score(other(test), asked) for other in others])),
    )
    return [row], partial(_draw_bars, row)


def unseen_bins(quick):
    import numpy as np
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import ShuffleSplit

    from skgeom import LokiClassifier

    X, progression = load_diabetes(return_X_y=True)
    bins = np.searchsorted(np.quantile(progression, np.arange(1, 20) / 20), progression)
    seen = np.isin(bins, [1, 5, 10, 14, 18])
    classifier = LogisticRegression(C=0.1)
    loki = LokiClassifier(classifier, label_metric="ordinal", labels=range(20))

    def errors(model):
        found = []
        for train, test in ShuffleSplit(10, test_size=0.3, random_state=0).split(X):
            known = train[seen[train]]
            predicted = model.fit(X[known], bins[known]).predict(X[test])
            found.append(np.abs(predicted - bins[test]).mean())
        return np.array(found)

    start = time.perf_counter()
    ours = errors(loki)
    row = Row(
        data="diabetes, 5 of 20 bins seen",
        size=f"{len(X)} x {X.shape[1]}",
        method="LokiClassifier",
        metric="bins off (less is better)",
        score=_spread(ours),
        seconds=time.perf_counter() - start,
        baseline_method="LogisticRegression",
        baseline=_spread(errors(classifier)),
    )
    return [row], partial(_draw_bars, row)


def graphlets(quick):
    from sklearn.linear_model import RidgeClassifier
    from sklearn.model_selection import StratifiedShuffleSplit, cross_val_score

    from skgeom import OrbitAdjacencyEmbedder
    from skgeom.datasets import load_network

    adjacency, subject = load_network("cora", return_X_y=True)
    splits = StratifiedShuffleSplit(5, train_size=0.5, random_state=0)

    def accuracy(**params):
        nodes = OrbitAdjacencyEmbedder(64, random_state=0, **params).fit_transform(adjacency)
        return cross_val_score(RidgeClassifier(), nodes, subject, cv=splits)

    start = time.perf_counter()
    ours = accuracy()
    row = Row(
        data="Cora citations",
        size="2708 nodes",
        method="OrbitAdjacencyEmbedder",
        metric="accuracy",
        score=_spread(ours),
        seconds=time.perf_counter() - start,
        baseline_method="random walks",
        baseline=_spread(accuracy(orbits="random_walk")),
    )
    return [row], partial(_draw_bars, row)


def short_windows(quick):
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline

    from skgeom import AugmentedCovarianceClassifier, BuresWassersteinTangentSpace
    from skgeom.datasets import load_motor_imagery
    from skgeom.spd import AugmentedCovariance

    trials = load_motor_imagery()
    X, y = trials.data[..., 160:240], trials.target  # half a second of 22 channels
    folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=42)
    covariances = AugmentedCovariance(order=1)
    tangent = BuresWassersteinTangentSpace(theta=0.5)
    model = make_pipeline(covariances, tangent, LogisticRegression(max_iter=1000))

    def score(model):
        return cross_val_score(model, X, y, cv=folds, scoring="roc_auc")

    start = time.perf_counter()
    ours = score(model)
    row = Row(
        data="EEG, half a second",
        size=" x ".join(map(str, X.shape)),
        method="BuresWassersteinTangentSpace",
        metric="AUC",
        score=_spread(ours),
        seconds=time.perf_counter() - start,
        baseline_method="affine-invariant metric",
        baseline=_spread(score(AugmentedCovarianceClassifier(order=1))),
    )
    return [row], partial(_draw_bars, row)


def _draw_bars(row, figure):
    axes = figure.subplots()
    (ours, spread), (baseline, baseline_spread) = row.score, row.baseline
    axes.bar(
        [row.method, row.baseline_method],
        [ours, baseline],
        yerr=[spread, baseline_spread],
        color=["tab:blue", "lightgrey"],
    )
    axes.set(title=f"{row.data}, {row.size}", ylabel=row.metric)


STEPS = {
    "EEG trials to labels": motor_imagery,
    "a network to node features": citation_network,
    "molecule graphs to feature vectors": molecules,
    "single cells to a picture": single_cells,
    "unlabelled text embeddings to a score": text_embeddings,
}
MORE_STEPS = {
    "places on the sphere to features": land_and_ocean,
    "a classifier for another encoder": swapped_encoder,
    "classes that were never seen": unseen_bins,
    "graphlets of a network": graphlets,
    "covariances of short windows": short_windows,
}
