# SPDX-License-Identifier: MIT
"""From what was collected to one verdict: pure, the same results give the same."""
