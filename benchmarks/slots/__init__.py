"""What a tuning job costs in workers."""
