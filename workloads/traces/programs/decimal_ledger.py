# SPDX-License-Identifier: MIT
"""A ledger of exact amounts: decimals and fractions, interest and rounding."""

from decimal import ROUND_HALF_EVEN, Decimal, getcontext
from fractions import Fraction

ACCOUNTS, MONTHS = 400, 60
CENT = Decimal("0.01")


def main():
    getcontext().prec = 40
    balance = {n: Decimal(n * 1000 + 17) / 100 for n in range(ACCOUNTS)}
    ledger = []
    for month in range(MONTHS):
        rate = Decimal(month % 7 + 1) / Decimal(1200)
        for account, amount in balance.items():
            interest = (amount * rate).quantize(CENT, rounding=ROUND_HALF_EVEN)
            balance[account] = amount + interest
            if (account + month) % 4 == 0:
                ledger.append((month, account, interest))
    total = sum((row[2] for row in ledger), Decimal(0))
    shares = [Fraction(n + 1, ACCOUNTS * (n % 9 + 2)) for n in range(ACCOUNTS)]
    whole = Fraction(0)
    for share in shares:
        whole = (whole + share).limit_denominator(10**12)
    assert len(ledger) == ACCOUNTS * MONTHS // 4
    print(total, whole)


main()
