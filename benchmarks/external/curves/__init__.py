"""Hyperband and early stopping on learning curves of scikit-learn's models, next to optuna's pruners."""
