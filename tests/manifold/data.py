"""Data with known geometry for the tests of this room."""

import numpy as np
import scipy.sparse as sp


def path_graph(n):
    return sp.csr_array(sp.diags_array([np.ones(n - 1), np.ones(n - 1)], offsets=[-1, 1]))


def grid_graph(side, periodic=False):
    line = path_graph(side).tolil()
    if periodic:
        line[0, side - 1] = line[side - 1, 0] = 1.0
    eye = sp.eye_array(side)
    return sp.csr_array(sp.kron(line, eye) + sp.kron(eye, line))


def swiss_roll(n, noise, seed):
    """Points (n, 3) and their flat coordinates: arc length and height."""
    rng = np.random.default_rng(seed)
    s = 1.5 * np.pi * (1 + 2 * rng.random(n))
    height = 5 * rng.random(n)
    X = np.column_stack([s * np.cos(s), height, s * np.sin(s)])
    arc = (s * np.sqrt(s * s + 1) + np.arcsinh(s)) / 2
    return X + noise * rng.standard_normal(X.shape), np.column_stack([arc, height])


def row_pearson(A, B):
    """Mean correlation of the rows of two distance matrices."""
    A = A - A.mean(axis=1, keepdims=True)
    B = B - B.mean(axis=1, keepdims=True)
    return np.mean((A * B).sum(1) / np.sqrt((A * A).sum(1) * (B * B).sum(1)))
