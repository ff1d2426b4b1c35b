# SPDX-License-Identifier: MIT
"""From what there is and what was asked to an ordered list of jobs."""
