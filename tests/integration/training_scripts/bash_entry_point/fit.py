import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--target", type=float)
parser.add_argument("-x", type=float)
arguments = parser.parse_args()
print(f"loss={(arguments.x - arguments.target) ** 2:.6f}")
