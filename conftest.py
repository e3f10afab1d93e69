"""Where pytest starts: loads the machinery, and gives every test the device that it runs on."""

import pytest
import torch

pytest_plugins = ["dojo.plugin"]


@pytest.fixture
def device(request: pytest.FixtureRequest) -> torch.device:
    """The device under test: the CPU and every accelerator found, or what `--device` (DEVICE) asks for."""
    return torch.device(request.param)
