"""Step 4, RESULT: turns the end of a wait into a result or an exception, a log summary and a model package."""
