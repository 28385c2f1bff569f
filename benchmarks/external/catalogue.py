"""Which problems changes are chosen on, and which ones the record reports. They share no problem and no seed."""

from __future__ import annotations

from benchmarks.external.coco import coco, failing, mixint, noisy, warm
from benchmarks.external.models import fitted

WARM = ("same", "scaled", "shifted", "inverted", "noise", "other")
CHOOSE_SEED, REPORT_SEED = 0, 1000
"""The first seed of each set."""

CHOOSE = [
    *(coco(function, dimension) for function, dimension in ((8, 5), (15, 5), (21, 10), (6, 10), (8, 20))),
    *(mixint(function, dimension) for function, dimension in ((8, 5), (15, 5), (3, 10), (1, 10))),
    *(coco(function, 5) for function in (4, 16, 18, 19, 23)),
    *(mixint(function, 5) for function in (4, 16, 19, 22)),
    fitted("svr", "diabetes"),
    fitted("tree-regressor", "friedman"),
    fitted("tree", "breast_cancer"),
    fitted("extra-trees", "digits"),
    *(fitted("sgd", data, family="diverging") for data in ("diabetes-raw", "wine-raw")),
    fitted("svr", "breast_cancer-raw", family="diverging"),
    *(
        fitted(model, data, family="noisy", random_splits=True)
        for model, data in (
            ("tree", "digits"),
            ("tree-regressor", "friedman"),
            ("svr", "friedman"),
            ("extra-trees", "wine"),
        )
    ),
    *(noisy(function, dimension) for function, dimension in ((8, 5), (15, 5), (21, 10), (6, 10))),
    failing(8, 5),
    failing(15, 5),
    *(warm(function, 5, kind) for function in (8, 4, 18) for kind in WARM),
]
REPORT = [
    *(coco(function, dimension) for function, dimension in ((3, 5), (10, 5), (17, 5), (24, 5))),
    *(coco(function, dimension) for function, dimension in ((7, 10), (20, 10), (13, 20), (22, 20))),
    *(mixint(function, dimension) for function, dimension in ((6, 5), (21, 5), (17, 10), (20, 10))),
    fitted("svc", "digits"),
    fitted("svr", "friedman"),
    fitted("tree-regressor", "diabetes"),
    fitted("knn", "wine"),
    fitted("lasso", "diabetes"),
    *(fitted("sgd", data, family="diverging") for data in ("friedman-raw", "breast_cancer-raw")),
    *(fitted("svr", data, family="diverging") for data in ("diabetes-raw", "wine-raw")),
    *(
        fitted(model, data, family="noisy", random_splits=True)
        for model, data in (
            ("extra-trees", "digits"),
            ("svr", "diabetes"),
            ("tree-regressor", "diabetes"),
            ("svc", "digits"),
        )
    ),
    *(noisy(function, dimension) for function, dimension in ((10, 5), (3, 5), (17, 5), (7, 10))),
    failing(10, 5),
    failing(3, 5),
    *(warm(function, 5, kind) for function in (10, 15) for kind in WARM),
]
SETS = {"choose": (CHOOSE, CHOOSE_SEED), "report": (REPORT, REPORT_SEED)}
