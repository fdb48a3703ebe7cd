"""What moves a box that rides no lift: stairs, a walk, an escalator, children who jump."""

import numpy as np

from tests.edge_agent.replay.drives import FINE_HZ, Array, change


def stairs(seconds: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Climb or descend: each step a blow of the heel and a push."""
    world, hz = _gait(seconds, rng)
    return world, np.arange(len(world)) / FINE_HZ * hz * rng.uniform(0.14, 0.18) * rng.choice([-1, 1])


def walk(seconds: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Carry the box about."""
    world, _ = _gait(seconds, rng)
    return world, np.zeros(len(world))


def escalator(seconds: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Step on, stand, step off: 0.5 m/s at 30 or 35°."""
    up = 0.5 * np.sin(np.radians(rng.choice([30, 35]))) * rng.choice([-1, 1])
    n, on = int(seconds * FINE_HZ), change(up, rng.uniform(0.5, 1.0), shape="cosine")
    course = np.concatenate([on, np.zeros(max(0, n - 2 * len(on))), -on])
    world = rng.laplace(0, 0.06, (len(course), 3))
    world[:, 2] += course
    edge, _ = _gait(3.0, rng)
    climb = np.cumsum(np.cumsum(course)) / FINE_HZ**2
    return np.concatenate([edge, world, edge]), np.concatenate(
        [np.zeros(len(edge)), climb, np.full(len(edge), climb[-1])]
    )


def jump(seconds: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Children jump: half-sine blows of feet on a floor that swings, each at a time of its own."""
    n = int(seconds * FINE_HZ)
    push = np.zeros(n)
    for at in np.cumsum(rng.uniform(0.35, 0.9, int(seconds / 0.5))):
        size, width = rng.uniform(0.5, 6), int(rng.uniform(0.1, 0.3) * FINE_HZ)
        low = int(at * FINE_HZ)
        high = min(n, low + width)
        if high > low:
            push[low:high] -= size * np.sin(np.pi * np.arange(high - low) / width)
    swing = np.exp(-np.arange(300) / 60) * np.cos(np.arange(300) / 12)
    up = np.convolve(push, swing - swing.mean())[:n] * 0.2
    return np.outer(up, [0.15, 0.1, 1.0]) + rng.normal(0, 0.02, (n, 3)), np.zeros(n)


def _gait(seconds: float, rng: np.random.Generator) -> tuple[Array, float]:
    n, hz = int(seconds * FINE_HZ), rng.uniform(1.5, 2.2)
    world = rng.normal(0, 0.2, (n, 3))
    for number in range(int(seconds * hz)):
        low = int((number + rng.normal(0, 0.05)) / hz * FINE_HZ)
        width = int(FINE_HZ / hz)
        t = np.arange(max(0, min(width, n - max(low, 0)))) / width
        push = rng.uniform(1.5, 4) * (np.sin(np.pi * t) ** 3 - 0.424)
        push += rng.uniform(1, 4) * np.exp(-t * 12) * np.sin(40 * t)
        world[max(low, 0) : max(low, 0) + len(t), 2] += push - (push.mean() if len(push) else 0)
        world[max(low, 0) : max(low, 0) + len(t), number % 2] += rng.normal(0, 0.8) * np.sin(np.pi * t)
    return world, hz


NO_RIDES = {"stairs": stairs, "walk": walk, "escalator": escalator, "jump": jump}
