# SPDX-License-Identifier: MIT
"""Orders in a database in memory: rows in, joined, grouped, changed, out."""

import sqlite3

ORDERS = 40000


def main():
    base = sqlite3.connect(":memory:")
    base.execute("create table customer (id integer primary key, name, city)")
    base.execute("create table purchase (customer, day, cents integer)")
    base.execute("create index by_customer on purchase (customer)")
    base.executemany(
        "insert into customer values (?, ?, ?)",
        ((n, f"name {n}", f"city {n % 50}") for n in range(2000)),
    )
    base.executemany(
        "insert into purchase values (?, ?, ?)",
        ((n * 7919 % 2000, f"2026-{n % 12 + 1:02}", n % 9973) for n in range(ORDERS)),
    )
    cities = base.execute(
        "select city, day, sum(cents), count(*) from purchase join customer "
        "on customer.id = purchase.customer group by city, day order by 3 desc"
    ).fetchall()
    assert sum(row[3] for row in cities) == ORDERS
    base.execute("update purchase set cents = cents + 1 where day < '2026-06'")
    rows = base.execute("select * from purchase order by cents, rowid").fetchall()
    by_name = {}
    for customer, day, cents in rows:
        by_name.setdefault(f"{customer}/{day}", []).append(cents)
    print(len(cities), len(by_name), sum(row[2] for row in rows))


main()
