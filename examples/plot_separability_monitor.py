"""
Stop a training by watching unlabelled data
===========================================

Few labels, much unlabelled text: held-out labels to watch a training with are too dear. The
separability of the network's embedding of the *unlabelled* texts needs none. Here a small network
learns intents from 8 labelled questions each; :class:`~skgeom.separability.SeparabilityMonitor`
scores its hidden layer after every epoch and says when the score has stopped rising. The accuracy
on the unlabelled questions is drawn beside it, to check.
"""

# %%
# Eight labels per intent, and the rest
# -------------------------------------

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import accuracy_score
from sklearn.neural_network import MLPClassifier

from skgeom.datasets import load_text_embeddings
from skgeom.separability import (
    SeparabilityHistoryDisplay,
    SeparabilityMonitor,
    SeparabilityScorer,
    SubsampleCurveDisplay,
)

questions = load_text_embeddings()
chosen = np.flatnonzero(questions.target < 30)
X, intent = questions.data[chosen], questions.target[chosen]
X = X / np.linalg.norm(X, axis=1, keepdims=True)
rng = np.random.default_rng(0)
labelled = np.concatenate(
    [rng.choice(np.flatnonzero(intent == c), 8, replace=False) for c in np.unique(intent)]
)
rest = np.setdiff1d(np.arange(len(X)), labelled)
print(f"{len(labelled)} labelled questions, {len(rest)} unlabelled ones")

# %%
# Train, watch, stop
# ------------------
# ``update`` takes whatever numpy can read; in a PyTorch loop it is
# ``monitor.update(encoder(batch).detach().cpu(), step=epoch)``. Further figures, such as a loss,
# ride along in the history. We go on after the rule has fired, to see what would have come.

network = MLPClassifier((64,), learning_rate_init=3e-3, batch_size=32, random_state=0)
monitor = SeparabilityMonitor(SeparabilityScorer(["negentropy", "balanced_sum"]))


def hidden_layer(rows):
    """Activations of the hidden layer."""
    return np.maximum(rows @ network.coefs_[0] + network.intercepts_[0], 0)


for epoch in range(50):
    network.partial_fit(X[labelled], intent[labelled], classes=np.unique(intent))
    accuracy = accuracy_score(intent[rest], network.predict(X[rest]))
    monitor.update(hidden_layer(X[rest]), step=epoch, loss=network.loss_, accuracy=accuracy)

at = int(monitor.stopped_step_)
accuracies = monitor.history_["accuracy"]
print(f"stopped after epoch {at}: {monitor.reason_}")
print(f"accuracy there {accuracies[at]:.3f}, best of all epochs {accuracies.max():.3f}")

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
SeparabilityHistoryDisplay.from_monitor(monitor, metrics=["accuracy"], ax=ax)
ax.set(xlabel="epoch", title="The score of unlabelled questions rises and rests")
plt.show()

# %%
# Is one embedding better than another?
# -------------------------------------
# Two embeddings of the same rows are compared on the same subsamples, so what they share cancels.

scorer = SeparabilityScorer(random_state=0)
found = scorer.compare(hidden_layer(X[rest]), X[rest] @ rng.standard_normal((X.shape[1], 64)))
low, high = found.confidence_interval
print(f"trained minus random layer: {found.difference:.3f}, 95 % in ({low:.3f}, {high:.3f})")

# %%
# Scores belong to a number of points
# -----------------------------------
# The tree's edges get shorter as points are added, so the score depends on how many there are.
# Compare clouds of one size, or set ``max_samples``.

figure, ax = plt.subplots(figsize=(5, 3.5), layout="constrained")
SubsampleCurveDisplay.from_estimator(scorer, hidden_layer(X[rest]), ax=ax)
plt.show()
