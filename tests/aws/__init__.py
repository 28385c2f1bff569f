"""``make test-aws``: the same calls on real AWS and on the local service, compared member by member."""
