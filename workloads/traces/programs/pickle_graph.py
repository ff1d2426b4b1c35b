# SPDX-License-Identifier: MIT
"""A graph of objects copied deeply and through pickle: many that live long."""

import copy
import pickle
from dataclasses import dataclass, field

NODES = 6000


@dataclass
class Node:
    number: int
    label: str
    weight: float
    edges: list = field(default_factory=list)
    facts: dict = field(default_factory=dict)


def graph():
    nodes = [Node(n, f"node {n}", n / 7) for n in range(NODES)]
    for node in nodes:
        node.edges = [nodes[node.number * k % NODES].number for k in (3, 5, 7)]
        node.facts = {f"f{k}": (node.number, k) for k in range(node.number % 4)}
    return nodes


def main():
    nodes = graph()
    again = pickle.loads(pickle.dumps(nodes, protocol=5))
    assert again == nodes
    copied = copy.deepcopy(again[: NODES // 2])
    for node in copied:
        node.facts["copied"] = [node.label] * 2
    text = pickle.dumps(copied, protocol=2)
    assert len(pickle.loads(text)) == NODES // 2
    print(len(text))


main()
