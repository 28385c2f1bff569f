"""A tuning job's training jobs in Optuna and MLflow."""
