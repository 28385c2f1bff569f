"""TaskFlow decorators of this provider: ``@task.tuning_job``."""
