"""OpenLineage: what a tuning task read, which model it brought, and why.

``mixin`` is what operators and sensors have; ``facets``, which needs the OpenLineage provider, builds what it tells.
"""
