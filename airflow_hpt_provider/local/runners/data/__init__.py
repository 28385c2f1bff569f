"""A training job's input and output data: channels, checkpoints, artifacts."""
