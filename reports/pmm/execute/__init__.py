# SPDX-License-Identifier: MIT
"""Runs jobs, each as one fresh process, and writes down what became of them."""
