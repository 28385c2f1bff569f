"""Apache Airflow provider for Amazon SageMaker hyperparameter tuning."""

__version__ = "0.1.0"
