"""What a training job fails with."""


class UserError(Exception):
    """The request or its data is wrong; the words are those of SageMaker's container, where it has any."""

    def __str__(self) -> str:
        return f"sagemaker_algorithm_toolkit.exceptions.UserError: {self.args[0]}"


class AlgorithmError(Exception):
    """XGBoost failed for another reason."""

    def __str__(self) -> str:
        return f"sagemaker_algorithm_toolkit.exceptions.AlgorithmError: {self.args[0]}"
