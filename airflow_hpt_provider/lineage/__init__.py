"""OpenLineage: which data a tuning task read, which model it produced, and why.

``mixin`` is part of operators and sensors; ``facets`` builds the lineage, and needs the OpenLineage provider.
"""
