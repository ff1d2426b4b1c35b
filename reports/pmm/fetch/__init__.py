# SPDX-License-Identifier: MIT
"""Interpreters that the machine lacks, brought into the cache of pmm."""
