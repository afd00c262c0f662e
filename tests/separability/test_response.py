import numpy as np
import pytest
from sklearn.cluster import DBSCAN, KMeans
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import TSNE
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgeom.separability._response import embedding_of


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 4))
    return X, (X[:, 0] > 0).astype(int)


def test_order_of_auto(data):
    X, y = data
    pca = PCA(2).fit(X)
    np.testing.assert_array_equal(embedding_of(pca, X), pca.transform(X))
    kmeans = KMeans(3, random_state=0).fit(X)
    np.testing.assert_array_equal(embedding_of(kmeans, X), kmeans.transform(X))
    pipeline = make_pipeline(StandardScaler(), PCA(2), LogisticRegression()).fit(X, y)
    np.testing.assert_array_equal(embedding_of(pipeline, X), pipeline[:-1].transform(X))
    transformers = make_pipeline(StandardScaler(), PCA(2)).fit(X)
    np.testing.assert_array_equal(embedding_of(transformers, X), transformers.transform(X))
    logistic = LogisticRegression().fit(X, y)
    np.testing.assert_array_equal(
        embedding_of(logistic, X), logistic.decision_function(X)[:, np.newaxis]
    )
    bayes = GaussianNB().fit(X, y)
    np.testing.assert_array_equal(embedding_of(bayes, X), bayes.predict_proba(X))


def test_chosen_response(data):
    X, y = data
    pipeline = make_pipeline(PCA(2), LogisticRegression()).fit(X, y)
    assert embedding_of(pipeline, X, "predict_proba").shape == (40, 2)
    assert embedding_of(pipeline, X, lambda estimator, X: X[:, :3]).shape == (40, 3)
    with pytest.raises(TypeError, match='response_method="transform"'):
        embedding_of(pipeline, X, "transform")


def test_no_way_to_embed_new_rows(data):
    with pytest.raises(TypeError, match=r"only fit_transform.*Wrap it"):
        embedding_of(TSNE(), data[0])
    with pytest.raises(TypeError, match=r"DBSCAN has none of the methods.*callable"):
        embedding_of(DBSCAN().fit(data[0]), data[0])
