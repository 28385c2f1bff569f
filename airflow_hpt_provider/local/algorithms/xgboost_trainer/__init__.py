"""SageMaker's XGBoost in algorithm mode, by the open package xgboost: what one training job runs."""
