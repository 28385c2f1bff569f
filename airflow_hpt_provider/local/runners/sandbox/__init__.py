"""Sandboxes for training jobs, by bubblewrap.

::

    bubblewrap.py   finds a bwrap that works here
    visible.py      what of this machine every job sees;  mounts.py  as bubblewrap's options
    sandbox.py      the sandbox of one attempt
    leader.py       the shell that starts it, passes signals on and notes the exit code
"""
