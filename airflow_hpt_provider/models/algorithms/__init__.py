"""What SageMaker knows by itself: its built-in algorithms, their metrics, ranges and channels.

The knowledge is data: ``accounts.toml`` (which images are Amazon's), ``algorithms.toml`` and ``xgboost.toml``.
"""

from airflow_hpt_provider.models.algorithms.algorithm import Algorithm, Tunable
from airflow_hpt_provider.models.algorithms.find import amazon_image, find_algorithm
from airflow_hpt_provider.models.algorithms.specification import with_known_metrics

__all__ = ["Algorithm", "Tunable", "amazon_image", "find_algorithm", "with_known_metrics"]
