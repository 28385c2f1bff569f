#!/usr/bin/env bash
# A queue that gets the state changes of this account's and region's tuning jobs; prints its URL. Harmless when repeated.
# Usage: event_queue.sh [NAME]
set -euo pipefail
name=${1:-tuning-jobs}
# For SQS alone, version 1 of the aws CLI does not heed AWS_ENDPOINT_URL.
sqs() { aws sqs "$@" ${AWS_ENDPOINT_URL:+--endpoint-url "$AWS_ENDPOINT_URL"}; }
arn_of() { sqs get-queue-attributes --queue-url "$1" --attribute-names QueueArn --query Attributes.QueueArn --output text; }

# 1. Where messages go that nobody can use.
dead=$(sqs create-queue --queue-name "$name-dead-letters" --query QueueUrl --output text)

# 2. The queue. A message that is not deleted within VisibilityTimeout seconds is delivered again.
queue=$(sqs create-queue --queue-name "$name" --query QueueUrl --output text)

# 3. What is to be put there.
rule=$(aws events put-rule --name "$name" --query RuleArn --output text --event-pattern '{
  "source": ["aws.sagemaker"],
  "detail-type": ["SageMaker HyperParameter Tuning Job State Change"],
  "detail": {"HyperParameterTuningJobStatus": ["Completed", "Failed", "Stopped", "DeleteFailed"]}
}')

# 4. Who may put it there: only EventBridge, only for this rule.
policy=$(cat <<JSON
{"Version": "2012-10-17", "Statement": [{
  "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
  "Resource": "$(arn_of "$queue")", "Condition": {"ArnEquals": {"aws:SourceArn": "$rule"}}}]}
JSON
)
redrive="{\"deadLetterTargetArn\": \"$(arn_of "$dead")\", \"maxReceiveCount\": 20}"
quoted() { local line=${1//$'\n'/ }; printf '"%s"' "${line//\"/\\\"}"; }
sqs set-queue-attributes --queue-url "$queue" --attributes \
  "{\"VisibilityTimeout\": \"120\", \"RedrivePolicy\": $(quoted "$redrive"), \"Policy\": $(quoted "$policy")}"

# 5. Put it there.
failed=$(aws events put-targets --rule "$name" --targets "Id=queue,Arn=$(arn_of "$queue")" --query FailedEntryCount)
[ "$failed" = 0 ]
echo "$queue"
