"""Leaves a process behind that never ends, in a session of its own and without the job's environment."""

import os
import subprocess
import sys

loop = "import time\nwhile True: time.sleep(1)  # " + os.environ["TRAINING_JOB_NAME"]
subprocess.Popen([sys.executable, "-c", loop], start_new_session=True)
subprocess.Popen(["env", "-i", "setsid", sys.executable, "-c", loop + " without-environment"])
print(f"loss={(float(os.environ['SM_HP_X']) - 0.3) ** 2:.6f}")
