-- What Search knows of a model package: as in training_job_members.sql, for SageMaker's ModelPackage. These are in the
-- registry's own database.

-- name: rows
(SELECT rowid AS id, * FROM model_package) AS job

-- name: document
job.document

-- name: ModelPackageName
job.name

-- name: ModelPackageGroupName
job.group_name

-- name: ModelPackageVersion
job.version

-- name: ModelPackageArn
job.arn

-- name: CreationTime
job.created

-- name: LastModifiedTime
job.modified

-- name: ModelPackageStatus
'Completed'

-- name: ModelPackageStatusDetails
'{"ValidationStatuses": []}'

-- name: CertifyForMarketplace
COALESCE(json_extract(job.document, '$.CertifyForMarketplace'), 0)

-- name: Tags
(SELECT json_group_array(json_object('Key', key, 'Value', value)) FROM json_each(job.tags))

-- name: Tag
(SELECT value FROM json_each(job.tags) WHERE key = ?)
