"""Step 2, CREATE: creates the task's tuning job once, however often the task is tried."""
