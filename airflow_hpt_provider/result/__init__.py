"""4 RESULT: from the end of a wait to a result, an exception, the last words of the log, a model package."""
