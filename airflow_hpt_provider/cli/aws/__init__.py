"""Commands that are the aws CLI's own, with its options, its output and its exit codes.

``describe.py`` is the command; ``inputs.py`` reads its arguments, from files too; ``skeleton.py`` prints them empty;
``output/`` writes the answer, one module for each ``--output``.
"""
