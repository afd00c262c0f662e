"""What several rooms share: thread loops, union-find, spanning trees, sparse products, checks."""
