"""The road model's net: YOLOX-nano's first stages on the picture after and before, and what differs between the two."""

from pathlib import Path

import torch
from torch import nn

from berth.net import LEAST, LEVEL, SPREAD, Stages

SIZE = 64
EDGE = 6  # px: in this frame of a patch the road is as it was, so that it tells the light's gain
MOST_GAIN = 1.2  # of the logarithm


class Net(nn.Module):
    """Pairs of bytes, (n, 128, 64, 3) BGR, after above before, to the logits of seven labels."""

    def __init__(self, path: Path, labels: int) -> None:
        super().__init__()
        self.stages = Stages(path)
        self.near = nn.Sequential(nn.Conv2d(64, 16, 1), nn.SiLU(), nn.AvgPool2d(2))
        self.far = nn.Sequential(nn.Conv2d(128, 24, 1), nn.SiLU())
        self.change = nn.Sequential(_step(9, 16), _step(16, 24), _step(24, 40), _step(40, 40))
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.3), nn.Linear(120 * 16, 48), nn.SiLU(),
                                  nn.Linear(48, labels))  # fmt: skip

    def forward(self, pairs: torch.Tensor) -> torch.Tensor:
        """Return (n, labels) logits."""
        return self.rest(self.firm(pairs), pairs)

    def firm(self, pairs: torch.Tensor) -> torch.Tensor:
        """Return the features that do not learn: (2 n, …), those of the patches after, then those before."""
        after, before = _split(pairs)
        both = torch.cat([after, before * _gain(after, before)], dim=3)
        level = both.mean(dim=(1, 2, 3), keepdim=True)
        spread = (both - level).pow(2).mean(dim=(1, 2, 3), keepdim=True).sqrt().clamp(min=LEAST)
        both = (both - level) * (SPREAD / spread) + LEVEL
        pixels = torch.cat([both[:, :, :, :SIZE], both[:, :, :, SIZE:]], dim=0)
        even, odd = pixels[:, :, 0::2], pixels[:, :, 1::2]
        focus = torch.cat([even[..., 0::2], odd[..., 0::2], even[..., 1::2], odd[..., 1::2]], dim=1)
        return self.stages.firm(focus)

    def rest(self, firm: torch.Tensor, pairs: torch.Tensor) -> torch.Tensor:
        """Return (n, labels) logits: the part that learns."""
        near, far = self.stages.rest(firm)
        seen = torch.cat([self.near(near), self.far(far)], dim=1)
        after, before = seen.chunk(2)
        return self.head(torch.cat([after, after - before, self.change(_change(pairs))], dim=1))


class Named(nn.Module):
    """The net as it is exported: calibrated probabilities."""

    def __init__(self, net: Net, temperature: float) -> None:
        super().__init__()
        self.net, self.temperature = net, temperature

    def forward(self, pairs: torch.Tensor) -> torch.Tensor:
        """Return (n, labels)."""
        return torch.softmax(self.net(pairs) / self.temperature, dim=1)


def _step(taken: int, given: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(taken, given, 3, stride=2, padding=1), nn.SiLU())


def _split(pairs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    pixels = pairs.permute(0, 3, 1, 2).float()
    return pixels[:, :, :SIZE], pixels[:, :, SIZE:]


def _gain(after: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
    """Return by how much the road beside the change became brighter, one number for each pair and colour."""
    rims = [_rim((one + 8).log()) for one in (after, before)]
    return (rims[0] - rims[1]).clamp(-MOST_GAIN, MOST_GAIN).exp()


def _rim(pixels: torch.Tensor) -> torch.Tensor:
    strips = (pixels[:, :, :EDGE].flatten(2), pixels[:, :, -EDGE:].flatten(2), pixels[:, :, :, :EDGE].flatten(2),
              pixels[:, :, :, -EDGE:].flatten(2))  # fmt: skip
    return torch.cat(strips, dim=2).mean(dim=2)[:, :, None, None]


def _change(pairs: torch.Tensor) -> torch.Tensor:
    """Return both in logarithms, where a shadow is a step that leaves the grain as it is, and their difference."""
    after, before = _split(pairs)
    now, then = (after + 8).log(), (before * _gain(after, before) + 8).log()
    level = then.mean(dim=(1, 2, 3), keepdim=True)
    return torch.cat([now - level, then - level, (now - then) * 2], dim=1)
