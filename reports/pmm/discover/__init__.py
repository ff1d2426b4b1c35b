# SPDX-License-Identifier: MIT
"""What there is on this machine: programs, backends, subjects, the environment."""
