"""S3's own protocol over the object store.

app.py         an authenticated request in, an answer out
routing.py     which operation it is
shapes.py      XML and headers <-> parameters and answers in S3's names, by moto's parser and serialiser
checking.py    what moto's parser lets pass
bodies.py      uploads: streamed to a blob, hashed and checked on the way
call.py        what an operation gets and gives
buckets.py, listings.py, objects.py, uploads.py, tagging.py   the operations
"""
