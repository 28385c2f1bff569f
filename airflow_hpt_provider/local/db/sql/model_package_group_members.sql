-- What Search knows of a model package group: as in model_package_members.sql, for SageMaker's ModelPackageGroup.

-- name: rows
(SELECT rowid AS id, * FROM model_package_group) AS job

-- name: document
job.document

-- name: ModelPackageGroupName
job.name

-- name: ModelPackageGroupArn
job.arn

-- name: CreationTime
job.created

-- name: CreatedBy
'{}'

-- name: ModelPackageGroupStatus
'Completed'

-- name: Tags
(SELECT json_group_array(json_object('Key', key, 'Value', value)) FROM json_each(job.tags))

-- name: Tag
(SELECT value FROM json_each(job.tags) WHERE key = ?)
