# SPDX-License-Identifier: MIT
"""Where runs lie on disk, and in which forms others read them."""
