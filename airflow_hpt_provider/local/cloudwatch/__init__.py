"""The training jobs' metrics as CloudWatch has SageMaker's: namespace ``/aws/sagemaker/TrainingJobs``.

``wire.py`` reads and writes the three protocols of CloudWatch's clients, ``operations.py`` holds the operations that
read, ``periods.py`` and ``statistics.py`` turn the values into data points. moto has all other namespaces.
"""
