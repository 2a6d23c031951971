"""`python -m admission`."""

import sys

from admission.cli import main

if __name__ == "__main__":
    sys.exit(main())
