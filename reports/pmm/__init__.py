# SPDX-License-Identifier: MIT
"""Runs the Python Memory Manager suite and turns its output into verdicts.

The way of one run: cli -> plan -> execute -> collect -> judge -> store -> render.
"""

__version__ = "0.1.0"
