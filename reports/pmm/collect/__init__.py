# SPDX-License-Identifier: MIT
"""Reads what the jobs wrote, believing nothing unchecked."""
