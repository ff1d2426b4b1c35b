# SPDX-License-Identifier: MIT
"""`python -m pmm`: the program `pmm`."""

from pmm.cli import main

if __name__ == "__main__":
    main()
