"""What the process that workers are forked from imports: all that a run would wait for."""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import torch

from dojo import worker

worker._import()
torch.broadcast_shapes((1,), (2,))  # imports what only some answers use, for a second
torch.empty(1, device="meta") + 1
torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1).zero_grad()
