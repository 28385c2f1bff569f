"""Step 5, XCOM: pushes a tuning task's XComs and asset events for other tasks and DAGs."""
