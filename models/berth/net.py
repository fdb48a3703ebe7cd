"""The berth model's net: the first stages of YOLOX-nano, which know vehicles already, and a small head."""

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import nn

LAST = "input.283"  # in yolox_nano.onnx: 128 channels at a sixteenth of the size
MIDDLE = "input.175"  # 64 channels at an eighth
FOCUS = "input"  # what the first convolution takes
FIRM = "input.67"  # up to here, a quarter of the size, edges and colours are as good as they are: nothing learns
LEVEL, SPREAD, LEAST = 100.0, 50.0, 14.0  # grey levels that a patch is brought to; the least spread that is believed


class Stages(nn.Module):
    """The part of an ONNX graph between two values, as PyTorch; its convolutions can learn on."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        graph = onnx.load(path).graph
        weights = {one.name: torch.from_numpy(numpy_helper.to_array(one).copy()) for one in graph.initializer}
        self.steps: list[tuple[str, list[str], str, int]] = []
        self.layers = nn.ModuleList()
        begun = False
        for node in graph.node:
            if begun and node.op_type == "Conv":
                self.layers.append(_convolution(node, weights))
            if begun:
                self.steps.append((node.op_type, list(node.input), node.output[0], len(self.layers) - 1))
            begun = begun or node.output[0] == FOCUS
            if node.output[0] == LAST:
                break

    def firm(self, focus: torch.Tensor) -> torch.Tensor:
        """Return the value at a quarter."""
        return self._upto(FIRM, {FOCUS: focus})[FIRM]

    def rest(self, firm: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the values at an eighth and at a sixteenth."""
        values = self._upto(LAST, {FIRM: firm})
        return values[MIDDLE], values[LAST]

    def _upto(self, last: str, values: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        begun = FOCUS in values
        for kind, inputs, output, layer in self.steps:
            if begun:
                values[output] = _run(kind, [values[name] for name in inputs if name in values], self.layers, layer)
            begun = begun or output in values
            if output == last:
                break
        return values


class Net(nn.Module):
    """A patch of bytes, (n, 64, 64, 3) BGR, to the logit of a vehicle."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.stages = Stages(path)
        self.near = nn.Sequential(nn.Conv2d(64, 24, 1), nn.SiLU(), nn.AvgPool2d(2))
        self.far = nn.Sequential(nn.Conv2d(128, 40, 1), nn.SiLU())
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.3), nn.Linear(64 * 16, 48), nn.SiLU(), nn.Linear(48, 1))

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """Return (n, 1) logits."""
        return self.rest(self.firm(patches))

    def rest(self, firm: torch.Tensor) -> torch.Tensor:
        """Return (n, 1) logits of what ``firm`` gave: the part that learns."""
        near, far = self.stages.rest(firm)
        return self.head(torch.cat([self.near(near), self.far(far)], dim=1))

    def firm(self, patches: torch.Tensor) -> torch.Tensor:
        """Return the features that do not learn."""
        pixels = patches.permute(0, 3, 1, 2).float()
        level = pixels.mean(dim=(1, 2, 3), keepdim=True)
        spread = (pixels - level).pow(2).mean(dim=(1, 2, 3), keepdim=True).sqrt().clamp(min=LEAST)
        pixels = (pixels - level) * (SPREAD / spread) + LEVEL
        even, odd = pixels[:, :, 0::2], pixels[:, :, 1::2]
        focus = torch.cat([even[..., 0::2], odd[..., 0::2], even[..., 1::2], odd[..., 1::2]], dim=1)
        return self.stages.firm(focus)


def told(net: Net, patches: torch.Tensor) -> torch.Tensor:
    """Return (n, 1) logits, the mean of what the net says of a patch and of its mirror image."""
    once, mirrored = net(torch.cat([patches, patches.flip(2)])).chunk(2)
    return (once + mirrored) / 2


class Named(nn.Module):
    """The net as it is exported: calibrated probabilities of free and occupied."""

    def __init__(self, net: Net, temperature: float) -> None:
        super().__init__()
        self.net, self.temperature = net, temperature

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """Return (n, 2)."""
        taken = torch.sigmoid(told(self.net, patches) / self.temperature)
        return torch.cat([1 - taken, taken], dim=1)


def _convolution(node: onnx.NodeProto, weights: dict[str, torch.Tensor]) -> nn.Conv2d:
    kernel, bias = weights[node.input[1]], weights[node.input[2]]
    said = {one.name: list(one.ints) or one.i for one in node.attribute}
    layer = nn.Conv2d(kernel.shape[1] * said["group"], kernel.shape[0], kernel.shape[2], stride=said["strides"][0],
                      padding=said["pads"][0], groups=said["group"])  # fmt: skip
    layer.weight.data, layer.bias.data = kernel, bias
    return layer


def _run(kind: str, values: list[torch.Tensor], layers: nn.ModuleList, layer: int) -> torch.Tensor:
    if kind == "Conv":
        return layers[layer](values[0])
    if kind == "Concat":
        return torch.cat(values, dim=1)
    return {"Sigmoid": torch.sigmoid, "Mul": torch.mul, "Add": torch.add}[kind](*values)
