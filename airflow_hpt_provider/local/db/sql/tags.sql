-- name: put
INSERT INTO tags (arn, key, value) VALUES (:arn, :key, :value)
ON CONFLICT (arn, key) DO UPDATE SET value = excluded.value;

-- name: of_arn
SELECT key, value FROM tags WHERE arn = :arn ORDER BY key;

-- name: delete
DELETE FROM tags WHERE arn = :arn AND key = :key;

-- name: delete_all
DELETE FROM tags WHERE arn = :arn;
