"""5 XCOM: what a tuning task leaves behind for other tasks and DAGs: XComs and asset events."""
