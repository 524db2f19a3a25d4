"""`python -m fhir_pgx` is the command `fhir-pgx`."""

import sys

from fhir_pgx.cli import main

sys.exit(main())
