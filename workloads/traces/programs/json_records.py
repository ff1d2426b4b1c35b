# SPDX-License-Identifier: MIT
"""Nested records through JSON and back, as a service that stores documents."""

import json

ROUNDS, RECORDS = 3, 2000


def record(number):
    return {
        "id": number,
        "name": f"customer {number}",
        "tags": [f"tag{number % k}" for k in (3, 7, 11)],
        "address": {"street": f"{number} Main Street", "zip": 10000 + number % 5000},
        "orders": [{"sku": f"s{k}", "price": k * 1.25} for k in range(number % 4)],
        "active": number % 3 == 0,
    }


def main():
    records = [record(number) for number in range(RECORDS)]
    for _ in range(ROUNDS):
        text = json.dumps(records, sort_keys=True)
        again = json.loads(text)
        assert again == records
        records = again
    print(len(text))


main()
