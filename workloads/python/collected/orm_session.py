# SPDX-License-Identifier: MIT
"""A database of orders in memory: written, joined, changed and read again."""

import sys

from sqlalchemy import ForeignKey, Integer, String, create_engine, select
from sqlalchemy.orm import (
    Session,
    declarative_base,
    mapped_column,
    relationship,
    selectinload,
)

Base = declarative_base()


class Customer(Base):
    """Who orders."""

    __tablename__ = "customer"
    id = mapped_column(Integer, primary_key=True)
    name = mapped_column(String)
    orders = relationship("Order", back_populates="customer")


class Order(Base):
    """What is ordered."""

    __tablename__ = "order"
    id = mapped_column(Integer, primary_key=True)
    amount = mapped_column(Integer)
    customer_id = mapped_column(ForeignKey("customer.id"))
    customer = relationship("Customer", back_populates="orders")


def fill(engine, number):
    """Write customers and their orders."""
    with Session(engine) as session:
        for n in range(100):
            customer = Customer(name=f"customer {number} {n}")
            customer.orders = [Order(amount=n * k) for k in range(5)]
            session.add(customer)
        session.commit()


def read(engine):
    """Read everybody with all orders, change some; return the sum."""
    total = 0
    with Session(engine) as session:
        everybody = (
            select(Customer).options(selectinload(Customer.orders)).limit(400)
        )
        for customer in session.scalars(everybody):
            total += sum(order.amount for order in customer.orders)
            customer.orders[0].amount += 1
        session.rollback()
    return total


def main(rounds):
    """Do it so often."""
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    total = 0
    for number in range(4 * rounds):
        fill(engine, number)
        total += read(engine)
    if total == 0:
        raise SystemExit("nothing was ordered")


main(int(sys.argv[1]))
