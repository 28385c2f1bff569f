"""2 CREATE: the task's tuning job, made once however often the task is tried."""
