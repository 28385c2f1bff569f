"""Two hosts average what each has computed from its share of the data, over sockets."""

import argparse
import json
import os
import pathlib
import socket
import time

parser = argparse.ArgumentParser()
parser.add_argument("-x", "--x", type=float, required=True)
arguments = parser.parse_args()

with open("/opt/ml/input/config/resourceconfig.json") as file:
    cluster = json.load(file)
hosts, me = sorted(cluster["hosts"]), cluster["current_host"]
master, port = hosts[0], 29_400
data = pathlib.Path(os.environ["SM_CHANNEL_TRAIN"])
targets = [float(path.read_text()) for path in data.iterdir() if path.is_file()]
mine = json.dumps([(arguments.x - target) ** 2 for target in targets])

if me == master:
    losses = json.loads(mine)
    with socket.create_server((master, port)) as server:
        for _ in hosts[1:]:
            connection, _ = server.accept()
            with connection, connection.makefile() as stream:
                losses += json.loads(stream.read())
    print(f"loss={sum(losses) / len(losses):.6f} from {len(hosts)} hosts")
else:
    for _ in range(300):
        try:
            connection = socket.create_connection((master, port), timeout=10)
            break
        except OSError:
            time.sleep(0.1)
    with connection:
        connection.sendall(mine.encode())
pathlib.Path(os.environ["SM_MODEL_DIR"], f"part-{me}.json").write_text(mine)
