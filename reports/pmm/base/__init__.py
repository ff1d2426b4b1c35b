# SPDX-License-Identifier: MIT
"""What every room stands on: errors, names, paths, text, signals, child processes."""
