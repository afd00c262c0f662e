"""
Decode a recording as it arrives
================================

Trials are cut by hand; a brain-computer interface has none. Here the decoder slides a window of two
seconds over continuous EEG and says twice a second whether the person is at rest or moves (or
imagines moving) a fist. The augmented covariance of each window follows from the one before by the
samples that enter and leave.
"""

import matplotlib.pyplot as plt
import numpy as np

from skgeom.datasets import load_motor_imagery
from skgeom.spd import (
    AugmentedCovarianceClassifier,
    SlidingWindowDecoder,
    itr_score,
    normalized_mcc_score,
)

data = load_motor_imagery()
labels = np.zeros(data.signals[:, 0].shape, dtype=int)
for run, onset, duration, code in data.events:
    labels[list(data.runs).index(run), onset : onset + duration] = code > 0

# %%
# Learn on four recordings, decode the other two
# ----------------------------------------------
# Each window is labelled with what fills most of it. Rest and task alternate about every four
# seconds, so many windows hold both: perfect scores are out of reach.

window, step = 320, 80
model = AugmentedCovarianceClassifier(order=3, lag=2, classifier="fgmdm")
decoder = SlidingWindowDecoder(model, window=window, step=step)
decoder.fit(data.signals[:4], labels[:4])
truth = decoder.window_labels(labels[4:])
decoded = decoder.predict(data.signals[4:])
print(f"normalized MCC {normalized_mcc_score(truth, decoded):.3f} (0.5 is chance)")
print(f"bits per minute {itr_score(truth, decoded, seconds=step / data.sfreq):.1f}")

# %%
# The timeline
# ------------
# Evidence for the task (difference of the squared distances to the two means) beside what the
# person was told to do.

evidence = decoder.decision_function(data.signals[4:])
seconds = decoder.window_ends(data.signals.shape[2]) / data.sfreq
times = np.arange(data.signals.shape[2]) / data.sfreq

fig, axes = plt.subplots(2, 1, figsize=(9, 4.5), sharex=True)
for ax, own, told, run in zip(axes, evidence, labels[4:], data.runs[4:]):
    ax.fill_between(times, 0, 1, where=told > 0, alpha=0.25, color="tab:orange",
                    transform=ax.get_xaxis_transform(), label="task")  # fmt: skip
    ax.plot(seconds - window / 2 / data.sfreq, own, color="tab:blue", label="evidence")
    ax.axhline(0, color="gray", lw=0.8)
    ax.set(ylabel=f"recording {run}", xlim=(0, times[-1]))
axes[0].legend(loc="upper right", ncols=2)
axes[1].set_xlabel("seconds (middle of the window)")
fig.tight_layout()

# %%
# A stream arrives in chunks of any size
# --------------------------------------

chunks = np.array_split(data.signals[5], 40, axis=1)
first = [(end, int(label)) for end, label in decoder.decode(chunks)][:5]
print(first)
plt.show()
