import sys

import numpy as np
import pytest

from skgeom.topology import BifiltrationTransformer, MultiparamPersistenceVectorizer
from skgeom.topology.torch import signed_measure, vectorize
from tests.topology.conftest import random_graph


def test_without_torch_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r'pip install "skgeom\[torch\]"'):
        vectorize(MultiparamPersistenceVectorizer(), [np.zeros((2, 2))])


class TestWithTorch:
    @pytest.fixture(autouse=True)
    def _torch(self):
        self.torch = pytest.importorskip("torch", reason="torch is an extra, and not installed")

    def tensors(self, *shapes):
        rng = np.random.default_rng(0)
        return [self.torch.tensor(rng.normal(size=s), requires_grad=True) for s in shapes]

    @pytest.mark.parametrize("filtration", ["rips", "alpha", "delaunay"])
    def test_gradcheck_of_a_batch_of_clouds(self, filtration):
        clouds = self.tensors((6, 2), (8, 2))
        vectorizer = MultiparamPersistenceVectorizer(
            filtration=filtration, resolution=3, bandwidth=0.3
        ).fit([cloud.detach().numpy() for cloud in clouds])
        assert self.torch.autograd.gradcheck(lambda *X: vectorize(vectorizer, X), clouds)

    def test_gradcheck_of_points_and_given_values(self):
        points, values = self.tensors((7, 2), (7, 1))
        vectorizer = MultiparamPersistenceVectorizer(
            filtration="alpha", function="precomputed", resolution=3, bandwidth=0.3
        ).fit([(points.detach().numpy(), values.detach().numpy())])

        def features(points, values):
            return vectorize(vectorizer, [(points, values)])

        assert self.torch.autograd.gradcheck(features, (points, values))

    def test_gradcheck_of_node_values_and_pixels(self):
        edges, array = random_graph(np.random.default_rng(1), 6, 9)
        (image,) = self.tensors((3, 3, 2))
        values = self.torch.tensor(array, requires_grad=True)
        graphs = MultiparamPersistenceVectorizer(
            filtration="graph", function="precomputed", resolution=3, bandwidth=0.3
        ).fit([(edges, array)])
        images = MultiparamPersistenceVectorizer(
            filtration="cubical", resolution=3, bandwidth=0.3
        ).fit([image.detach().numpy()])
        # edges may be a tensor of whole numbers as well: they have no gradient
        edges = self.torch.tensor(edges)
        assert self.torch.autograd.gradcheck(lambda v: vectorize(graphs, [(edges, v)]), values)
        assert self.torch.autograd.gradcheck(lambda i: vectorize(images, [i]), image)

    def test_gradcheck_of_the_atoms_of_a_measure(self):
        (cloud,) = self.tensors((7, 2))
        transformer = BifiltrationTransformer().fit([cloud.detach().numpy()])

        def moments(cloud):
            measure = signed_measure(transformer, cloud)
            return self.torch.stack([(w[:, None] * p**2).sum() for p, w in measure.values()])

        assert self.torch.autograd.gradcheck(moments, cloud)

    def test_a_loss_falls_in_float32_by_an_optimizer_of_torch(self):
        clouds = self.torch.rand(2, 20, 2, generator=self.torch.manual_seed(0))
        vectorizer = MultiparamPersistenceVectorizer(filtration="delaunay", resolution=5)
        vectorizer.fit(clouds.numpy())
        clouds.requires_grad_()
        optimizer = self.torch.optim.SGD([clouds], lr=1e-7)
        losses = []
        for _ in range(3):
            optimizer.zero_grad()
            features = vectorize(vectorizer, clouds)
            assert features.dtype == self.torch.float32
            loss = features.square().sum()
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
        assert losses[2] < losses[1] < losses[0]

    def test_modules_are_vectorized_and_have_no_measure(self):
        (cloud,) = self.tensors((8, 2))
        array = cloud.detach().numpy()
        vectorizer = MultiparamPersistenceVectorizer(
            filtration="alpha",
            function_params={"bandwidth": 0.5},
            invariant="mma",
            resolution=3,
            delta=0.3,
        ).fit([0.3 * array, array, 3 * array])
        assert self.torch.autograd.gradcheck(lambda c: vectorize(vectorizer, [c]), cloud)
        with pytest.raises(ValueError, match="invariant='mma' has none"):
            signed_measure(vectorizer.transformer_, cloud)

    def test_arrays_alone_are_refused(self):
        vectorizer = MultiparamPersistenceVectorizer()
        with pytest.raises(TypeError, match="X holds no floating tensor"):
            vectorize(vectorizer, [np.zeros((2, 2))])
