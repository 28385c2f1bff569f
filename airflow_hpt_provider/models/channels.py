"""Where training data come from."""

from pydantic import Field

from airflow_hpt_provider.models import shapes
from airflow_hpt_provider.models.validation.base import RequestModel


class ModelAccessConfig(RequestModel):
    """Access to a model with a licence."""

    accept_eula: shapes.AcceptEula = Field(description="Whether you accept the model's licence.")


class HubAccessConfig(RequestModel):
    """Access to a model in a private hub."""

    hub_content_arn: shapes.HubContentArn = Field(description="ARN of the model reference in the hub.")


class S3DataSource(RequestModel):
    """Data in S3, in the job's own region."""

    s3_data_type: shapes.S3DataType = Field(description="What S3Uri points to.")
    s3_uri: shapes.S3Uri = Field(description="A key prefix or a manifest.")
    s3_data_distribution_type: shapes.S3DataDistribution | None = Field(
        None, description="Whether each instance gets all objects or its share."
    )
    attribute_names: shapes.AttributeNames | None = Field(
        None, description="Attributes to read from an augmented manifest, in this order."
    )
    instance_group_names: shapes.InstanceGroupNames | None = Field(
        None, description="Instance groups that get the data."
    )
    model_access_config: ModelAccessConfig | None = Field(
        None, description="Acceptance of a model's licence."
    )
    hub_access_config: HubAccessConfig | None = Field(None, description="The private hub model that is used.")


class FileSystemDataSource(RequestModel):
    """Data on a file system."""

    file_system_id: shapes.FileSystemId = Field(description="Id of the file system.")
    file_system_access_mode: shapes.FileSystemAccessMode = Field(description="rw or ro.")
    file_system_type: shapes.FileSystemType = Field(description="EFS or FSxLustre.")
    directory_path: shapes.DirectoryPath = Field(description="The directory to mount.")


class DatasetSource(RequestModel):
    """Data from a hub."""

    dataset_arn: shapes.HubDataSetArn = Field(description="ARN of the data set.")


class DataSource(RequestModel):
    """Exactly one place where a channel's data are."""

    s3_data_source: S3DataSource | None = Field(None, description="S3.")
    file_system_data_source: FileSystemDataSource | None = Field(None, description="A file system.")
    dataset_source: DatasetSource | None = Field(None, description="A hub's data set.")


class ShuffleConfig(RequestModel):
    """The order in which a channel's data arrive."""

    seed: shapes.Seed = Field(description="Determines the order.")


class Channel(RequestModel):
    """A named input of the training jobs."""

    channel_name: shapes.ChannelName = Field(description="Name of the channel, such as `train`.")
    data_source: DataSource = Field(description="Where the data are.")
    content_type: shapes.ContentType | None = Field(None, description="MIME type of the data.")
    compression_type: shapes.CompressionType | None = Field(
        None, description="Compression of the data, in Pipe mode."
    )
    record_wrapper_type: shapes.RecordWrapper | None = Field(
        None, description="RecordIO wraps each object in a record, in Pipe mode."
    )
    input_mode: shapes.TrainingInputMode | None = Field(
        None, description="How the data reach the container; by default the algorithm's TrainingInputMode."
    )
    shuffle_config: ShuffleConfig | None = Field(None, description="Shuffles the data.")
