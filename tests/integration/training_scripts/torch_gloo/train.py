"""torch.distributed with gloo, set up from SageMaker's variables."""

import argparse
import json
import os
import pathlib

import torch
import torch.distributed as dist

parser = argparse.ArgumentParser()
parser.add_argument("-x", "--x", type=float, required=True)
parser.add_argument("--hosts", type=json.loads, default=os.environ["SM_HOSTS"])
parser.add_argument("--current-host", default=os.environ["SM_CURRENT_HOST"])
arguments = parser.parse_args()

os.environ["MASTER_ADDR"] = arguments.hosts[0]
os.environ["MASTER_PORT"] = "29500"
os.environ["GLOO_SOCKET_IFNAME"] = os.environ["SM_NETWORK_INTERFACE_NAME"]
rank = arguments.hosts.index(arguments.current_host)
dist.init_process_group("gloo", rank=rank, world_size=len(arguments.hosts))
target = float(pathlib.Path(os.environ["SM_CHANNEL_TRAIN"], "target.txt").read_text())
loss = torch.tensor([(arguments.x - target) ** 2], dtype=torch.float64)
dist.all_reduce(loss)
if rank == 0:
    print(f"loss={loss.item() / dist.get_world_size():.6f}")
    torch.save({"x": arguments.x}, os.path.join(os.environ["SM_MODEL_DIR"], "model.pt"))
dist.barrier()
dist.destroy_process_group()
