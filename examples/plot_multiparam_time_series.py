"""
Time series by their delay embedding: one rhythm or two
=======================================================

The delay embedding of a series is the cloud of points (x(t), x(t + d), x(t + 2 d)). A periodic
signal draws a closed curve, one with two rhythms that never meet a torus, whatever the wave looks
like. Spikes of the sensor throw points anywhere. A classifier learns from the loops and cavities of
the cloud; one parameter is enough to tell the two kinds apart here, and the second shows at which
density the difference lies.
"""

# %%
# Two kinds of signals with random waves, phases and noise. One in thirty samples is a spike.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgeom.topology import CoefficientsDisplay, MultiparamPersistenceVectorizer


def draw_series(n_series, seed):
    rng = np.random.default_rng(seed)
    rhythms = np.arange(n_series) % 2
    time = np.arange(400) / 16
    series = []
    for two in rhythms:
        ratio = rng.uniform(1.5, 1.7) if two else 2.0
        first, second = rng.uniform(0, 2 * np.pi, 2)
        signal = np.sin(time + first) + rng.uniform(0.5, 0.9) * np.sin(ratio * time + second)
        signal += rng.normal(0, 0.05, len(time))
        spikes = rng.random(len(time)) < 1 / 30
        series.append(np.where(spikes, rng.uniform(-3, 3, len(time)), signal))
    return series, rhythms


def delay_embedding(signal, delay=20):
    return np.column_stack([signal[: -2 * delay], signal[delay:-delay], signal[2 * delay :]])


series, rhythms = draw_series(40, seed=0)
clouds = [delay_embedding(signal) for signal in series]
figure = plt.figure(figsize=(11, 4), layout="constrained")
for column in (0, 1):
    ax = figure.add_subplot(2, 2, 2 * column + 1)
    ax.plot(series[column], linewidth=0.8)
    ax.set_title(("one rhythm", "two rhythms")[column])
    ax = figure.add_subplot(2, 2, 2 * column + 2, projection="3d")
    ax.scatter(*clouds[column].T, s=2)

# %%
# Alpha complexes in space, with the distance to measure: components, loops and cavities are all
# exact, by spanning forests alone. With the same value at every point there is one parameter.

settings = {
    "filtration": "alpha",
    "homology_dimensions": (1, 2),
    "vectorization": "surface",
    "quantile_range": (0.0, 0.98),
}
two = MultiparamPersistenceVectorizer(
    function="dtm", function_params={"mass": 0.05}, resolution=12, **settings
)
one = MultiparamPersistenceVectorizer(
    function="precomputed", grid=[np.linspace(0.0, 2.0, 60), [0.0]], **settings
)
constant = [(cloud, np.zeros(len(cloud))) for cloud in clouds]
for name, vectorizer, X in (("two parameters", two, clouds), ("one", one, constant)):
    model = make_pipeline(vectorizer, StandardScaler(), LogisticRegression(C=0.01))
    scores = cross_val_score(model, X, rhythms, cv=5)
    print(f"{name}: {scores.mean():.2f} +- {scores.std() / np.sqrt(5):.2f}")

# %%
# The coefficients, back on the plane of radius and density: which loops speak for two rhythms
# (red) and which for one (blue).

model = make_pipeline(two, StandardScaler(), LogisticRegression(C=0.01)).fit(clouds, rhythms)
figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for block, ax in enumerate(axes):
    CoefficientsDisplay.from_estimator(
        model[0], model[-1].coef_, block=block, ax=ax, labels=("radius", "distance to measure")
    )
plt.show()
