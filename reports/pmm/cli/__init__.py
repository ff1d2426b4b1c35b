# SPDX-License-Identifier: MIT
"""The roof: the command line, what it prints, and the way of one run."""
