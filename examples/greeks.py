"""The Greeks of an option: derivatives of the Black–Scholes formula, of first and second order.

Delta is the derivative of the price of a call by the price of the share, vega that by the
volatility; gamma is the second derivative by the price of the share, and vanna the mixed one. The
formula is written down once. Each derivative of it is compared with the closed form that textbooks
give (Hull, *Options, Futures, and Other Derivatives*, chapter 19).

Run it with ``python examples/greeks.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import autograd_mini as ag

STRIKE, YEARS, RATE = 100.0, 0.5, 0.03
SHARES = [60.0, 90.0, 100.0, 110.0, 160.0]
VOLATILITY = 0.25

Greek = Callable[[float, float], float]


def price(share: Any, volatility: Any) -> Any:
    """Return the price of a European call, of numbers or Values (Black and Scholes, 1973)."""
    spread = volatility * math.sqrt(YEARS)
    d1 = (ag.log(share / STRIKE) + RATE * YEARS) / spread + spread / 2
    discount = math.exp(-RATE * YEARS)
    return share * ag.norm_cdf(d1) - STRIKE * discount * ag.norm_cdf(d1 - spread)


delta = ag.grad(price)
vega = ag.grad(price, argnums=1)
gamma = ag.grad(delta)
vanna = ag.grad(delta, argnums=1)


# --- the closed forms, by hand -------------------------------------------------------------------


def _d1(share: float, volatility: float) -> float:
    spread = volatility * math.sqrt(YEARS)
    return (math.log(share / STRIKE) + RATE * YEARS) / spread + spread / 2


def _density(x: float) -> float:
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def delta_by_hand(share: float, volatility: float) -> float:
    """Return N(d₁)."""
    return math.erfc(-_d1(share, volatility) / math.sqrt(2)) / 2


def gamma_by_hand(share: float, volatility: float) -> float:
    """Return N′(d₁) / (S·σ·√T)."""
    return _density(_d1(share, volatility)) / (share * volatility * math.sqrt(YEARS))


def vega_by_hand(share: float, volatility: float) -> float:
    """Return S·N′(d₁)·√T."""
    return share * _density(_d1(share, volatility)) * math.sqrt(YEARS)


def vanna_by_hand(share: float, volatility: float) -> float:
    """Return −N′(d₁)·d₂/σ."""
    d1 = _d1(share, volatility)
    return -_density(d1) * (d1 - volatility * math.sqrt(YEARS)) / volatility


GREEKS: dict[str, tuple[Greek, Greek]] = {
    "delta": (delta, delta_by_hand),
    "gamma": (gamma, gamma_by_hand),
    "vega": (vega, vega_by_hand),
    "vanna": (vanna, vanna_by_hand),
}


def main() -> None:
    """Print the price and the Greeks, and how far each is from its closed form."""
    print(f"A call: strike {STRIKE}, {YEARS} years, rate {RATE}, volatility {VOLATILITY}\n")
    print(f"{'share':>6}  {'price':>10}" + "".join(f"  {name:>10}" for name in GREEKS))
    worst = dict.fromkeys(GREEKS, 0.0)
    for share in SHARES:
        line = f"{share:>6}  {price(share, VOLATILITY):>10.6f}"
        for name, (greek, by_hand) in GREEKS.items():
            found, expected = greek(share, VOLATILITY), by_hand(share, VOLATILITY)
            worst[name] = max(worst[name], abs(found / expected - 1))
            line += f"  {found:>10.6f}"
        print(line)
    print("\nlargest relative difference from the closed forms:")
    for name, difference in worst.items():
        print(f"  {name:<6}{difference:.1e}")


if __name__ == "__main__":
    main()
