# SPDX-License-Identifier: MIT
"""Interpreters and allocators that the machine lacks, brought into the cache of pmm."""
