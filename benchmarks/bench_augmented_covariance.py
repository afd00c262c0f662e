"""AugmentedCovarianceClassifier beside pyriemann.

    python benchmarks/bench_augmented_covariance.py                 # all, a few minutes
    python benchmarks/bench_augmented_covariance.py --work cov,mean --repeat 1
    python benchmarks/bench_augmented_covariance.py --work orders --sizes 0  # the wide grid

The peers are pyriemann's steps behind a delay stacking of ten lines, which is how moabb and the
method's own code chain them. Every contender runs in its own process with one BLAS thread.
"""

import argparse
import tempfile

import numpy as np
from harness import Contender, print_table, race

SIZES = {
    "22 channels, p=4": {"n_channels": 22, "order": 4, "lag": 2},
    "22 channels, p=10": {"n_channels": 22, "order": 10, "lag": 2, "n_trials": 24, "n_times": 1001},
    "3 channels, p=8": {"n_channels": 3, "order": 8, "lag": 2},
}


def trials(work):
    from skgeom.datasets import load_motor_imagery

    channels = ["C3", "Cz", "C4"] if work["n_channels"] == 3 else None
    data = load_motor_imagery(channels=channels)
    X, y = data.data, data.target
    if "n_times" in work:  # longer than the trials: windows of the continuous signals
        starts = range(0, data.signals.shape[2] - work["n_times"], 1500)
        X = np.stack([x[:, a : a + work["n_times"]] for x in data.signals for a in starts])
        y = np.arange(len(X)) % 2
    keep = np.sort(np.random.default_rng(0).permutation(len(X))[: work.get("n_trials", 90)])
    return np.ascontiguousarray(X[keep]), y[keep]


def stacked(X, order, lag):
    if order == 1:
        return X
    n = X.shape[-1] - order * lag
    return np.concatenate([X[..., k * lag : k * lag + n] for k in range(order)], axis=1)


def matrices(work):
    from skgeom.spd import AugmentedCovariance

    X, y = trials(work)
    return AugmentedCovariance(work["order"], work["lag"]).fit_transform(X), y


# Matrices


def cov_ours(work):
    from skgeom.spd import AugmentedCovariance

    X, _ = trials(work)
    model = AugmentedCovariance(work["order"], work["lag"]).fit(X)
    return lambda: model.transform(X)


def cov_pyriemann(work):
    from pyriemann.estimation import Covariances

    X, _ = trials(work)
    return lambda: Covariances("cov").transform(stacked(X, work["order"], work["lag"]))


# Karcher mean


def mean_ours(work):
    from skgeom.spd import karcher_mean

    C, _ = matrices(work)
    return lambda: karcher_mean(C, tol=1e-8, n_jobs=work.get("n_jobs"))


def mean_two_threads(work):
    return mean_ours({**work, "n_jobs": 2})


def mean_pyriemann(work):
    try:
        from pyriemann.geometry.mean import mean_riemann
    except ImportError:
        from pyriemann.utils.mean import mean_riemann

    C, _ = matrices(work)
    return lambda: mean_riemann(C, tol=1e-8)


def mean_quality(work, M):
    from skgeom.spd import invsqrtm, logm

    W = invsqrtm(M)
    return f"{np.linalg.norm(logm(W @ matrices(work)[0] @ W).mean(axis=0)):.1e}"


# Fit from trials


def fit_ours(work):
    from skgeom import AugmentedCovarianceClassifier

    X, y = trials(work)
    model = AugmentedCovarianceClassifier(work["order"], work["lag"], classifier=work["classifier"])
    return lambda: (model.fit(X, y), X, y)


def pyriemann_pipeline(work):
    from pyriemann.classification import MDM, FgMDM
    from pyriemann.estimation import Covariances
    from pyriemann.tangentspace import TangentSpace
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer
    from sklearn.svm import SVC

    stack = FunctionTransformer(stacked, kw_args={"order": work["order"], "lag": work["lag"]})
    last = {"svm": [TangentSpace(), SVC(kernel="linear")], "mdm": [MDM()], "fgmdm": [FgMDM()]}
    return make_pipeline(stack, Covariances("cov"), *last[work["classifier"]])


def fit_pyriemann(work):
    X, y = trials(work)
    model = pyriemann_pipeline(work)
    return lambda: (model.fit(X, y), X, y)


def accuracy(work, result):
    model, X, y = result
    return float(np.mean(model.predict(X) == y))


# Predict one trial


def predict_ours(work):
    model, X, _ = fit_ours(work)()
    return lambda: [model.predict(x[None]) for x in X[:30]]


def predict_pyriemann(work):
    model, X, _ = fit_pyriemann(work)()
    return lambda: [model.predict(x[None]) for x in X[:30]]


# Order and lag by MDOP


def mdop_ours(work):
    from skgeom.spd import select_embedding

    X, _ = trials(work)
    return lambda: select_embedding(X, method="mdop", n_jobs=work.get("n_jobs"))


def mdop_two_threads(work):
    return mdop_ours({**work, "n_jobs": 2})


def chosen(work, result):
    return f"p={result.order}, lag {result.lag}"


# Grid search: pairs of order and lag x 3 C x 2 kernels, 3 folds

GRIDS = {
    "grid": {"orders": [1, 2, 4], "lags": [2, 4]},
    "orders": {"orders": [1, 2, 3, 4, 5, 6, 7, 8], "lags": [1, 2, 4, 6]},  # minutes for the peer
}
GRID = {"C": [0.5, 1.0, 1.5], "kernel": ["linear", "rbf"]}


def grid_folds():
    from sklearn.model_selection import StratifiedKFold

    return StratifiedKFold(3, shuffle=True, random_state=42)


def grid_ours(work):
    from skgeom.spd import AugmentedCovarianceClassifierCV

    X, y = trials(work)
    search = AugmentedCovarianceClassifierCV(
        work["orders"], work["lags"], geometry=work.get("geometry", "spd"), param_grid=GRID,
        cv=grid_folds(), scoring="roc_auc",
    )  # fmt: skip
    return lambda: search.fit(X, y).best_score_


def grid_siegel(work):
    return grid_ours({**work, "geometry": "siegel"})


def grid_pyriemann(work, memory=None):
    from pyriemann.estimation import Covariances
    from pyriemann.tangentspace import TangentSpace
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer
    from sklearn.svm import SVC

    X, y = trials(work)
    steps = [
        ("stack", FunctionTransformer(stacked)),
        ("cov", Covariances("cov")),
        ("ts", TangentSpace()),
        ("svm", SVC()),
    ]
    grid = {f"svm__{name}": values for name, values in GRID.items()}
    grid["stack__kw_args"] = [
        {"order": order, "lag": lag} for order in work["orders"] for lag in work["lags"]
    ]

    def run():
        with tempfile.TemporaryDirectory() as folder:
            pipeline = Pipeline(steps, memory=folder if memory else None)
            search = GridSearchCV(pipeline, grid, cv=grid_folds(), scoring="roc_auc")
            return search.fit(X, y).best_score_

    return run


def grid_pyriemann_memory(work):
    return grid_pyriemann(work, memory=True)


def best_score(work, result):
    return float(result)


# One streaming step of 10 samples: 200 steps along a recording


def stream_data(work):
    from skgeom.datasets import load_motor_imagery

    channels = ["C3", "Cz", "C4"] if work["n_channels"] == 3 else None
    return load_motor_imagery(channels=channels).signals[0]


def stream_ours(work):
    from skgeom.spd import AugmentedCovariance
    from skgeom.spd._streaming import StreamingCovariance

    X, _ = trials(work)
    covariance = AugmentedCovariance(work["order"], work["lag"]).fit(X)
    signal = stream_data(work)

    def run():
        stream = StreamingCovariance(covariance, 10)
        return [stream.push(signal[:, a : a + 640]) for a in range(0, 2000, 10)]

    return run


def stream_anew(work):
    signal = stream_data(work)
    order, lag = work["order"], work["lag"]
    return lambda: [
        np.cov(stacked(signal[None, :, a : a + 640], order, lag)[0]) for a in range(0, 2000, 10)
    ]


def versus(prepare_ours, prepare_pyriemann, quality=None):
    return [
        Contender("skgeom", prepare_ours, quality=quality),
        Contender("pyriemann", prepare_pyriemann, ("pyriemann",), quality=quality),
    ]


RACES = {
    "cov": ("Augmented covariances", versus(cov_ours, cov_pyriemann), ""),
    "mean": (
        "Karcher mean to 1e-8",
        [
            *versus(mean_ours, mean_pyriemann, mean_quality),
            Contender("skgeom, 2 threads", mean_two_threads, quality=mean_quality),
        ],
        "gradient norm",
    ),
    "fit": ("Fit from trials", versus(fit_ours, fit_pyriemann, accuracy), "training accuracy"),
    "mdop": (
        "Order and lag by MDOP",
        [
            Contender("skgeom", mdop_ours, quality=chosen),
            Contender("skgeom, 2 threads", mdop_two_threads, quality=chosen),
        ],
        "chosen",
    ),
    "grid": (
        "Grid search",
        [
            Contender("skgeom", grid_ours, quality=best_score),
            Contender("skgeom, Siegel", grid_siegel, quality=best_score),
            Contender("pyriemann, memory=", grid_pyriemann_memory, ("pyriemann",), best_score),
            Contender("pyriemann", grid_pyriemann, ("pyriemann",), best_score),
        ],
        "best AUC",
    ),
    "orders": (
        "Grid search over orders 1 to 8 and lags 1, 2, 4, 6",
        [
            Contender("skgeom, Siegel", grid_siegel, quality=best_score),
            Contender("pyriemann", grid_pyriemann, ("pyriemann",), best_score),
        ],
        "best AUC",
    ),
    "stream": (
        "200 streaming steps of 10 samples",
        [Contender("skgeom", stream_ours), Contender("stacked anew", stream_anew)],
        "",
    ),
    "predict": ("Predict 30 trials one by one", versus(predict_ours, predict_pyriemann), ""),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", default=",".join(name for name in RACES if name != "orders"))
    parser.add_argument("--sizes", default=",".join(map(str, range(len(SIZES)))))
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--classifiers", default="svm,mdm,fgmdm", help="of fit and predict")
    options = parser.parse_args()
    for name in options.work.split(","):
        title, contenders, quality = RACES[name]
        for index in map(int, options.sizes.split(",")):
            size = list(SIZES)[index]
            classifiers = options.classifiers if name in ("fit", "predict") else ""
            for classifier in classifiers.split(","):
                # there the peer would need an F x F matrix of 4.7 GB
                alone = classifier == "fgmdm" and SIZES[size]["order"] == 10
                work = {**SIZES[size], "classifier": classifier}
                if name in GRIDS:
                    work.update(GRIDS[name], n_trials=90)
                repeat = 1 if name in GRIDS else options.repeat
                results = race(contenders[:1] if alone else contenders, work, repeat=repeat)
                parts = [title, classifier, size]
                print_table(", ".join(filter(None, parts)), results, quality=quality or "note")


if __name__ == "__main__":
    main()
