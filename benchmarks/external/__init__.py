"""The search on problems of others: COCO's functions, and scikit-learn's models over published spaces."""
