"""For WSGI servers of all kinds: `gunicorn fhir_pgx.web.wsgi:app`, with settings as they stand.

`fhir-pgx serve` builds the same app in each worker. Do not preload it before a fork: each worker
opens its own database. What such a server listens on cannot be seen from here: set `base_url` to
the address by which it is reached, and it does not start open (docs/access.md).
"""

from fhir_pgx.settings import settings_from_environment
from fhir_pgx.web.worker import worker_app

app = worker_app(settings_from_environment())
