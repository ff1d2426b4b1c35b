# SPDX-License-Identifier: MIT
"""What goes from room to room: frozen, strict documents, without any logic."""
