"""The training jobs' logs as CloudWatch Logs shows SageMaker's: ``/aws/sagemaker/TrainingJobs``, a stream an attempt.

``times.py`` keeps when each line was read, ``streams.py`` finds and reads the streams in the training jobs'
directories, ``operations.py`` answers. All other groups are moto's.
"""
