FROM python:3.13-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY examples examples
COPY profiles profiles
COPY fhir_pgx fhir_pgx
RUN python -m venv /opt/fhir_pgx && /opt/fhir_pgx/bin/pip install '.[postgres]' && mkdir /data

FROM python:3.13-slim
LABEL org.opencontainers.image.title="fhir_pgx" \
      org.opencontainers.image.licenses="Apache-2.0"
# Few malloc arenas: threads would otherwise double the memory. Nothing is written but /data.
ENV MALLOC_ARENA_MAX=2 \
    PYTHONDONTWRITEBYTECODE=1 \
    PATH=/opt/fhir_pgx/bin:$PATH \
    FHIR_PGX_HOST=0.0.0.0 \
    FHIR_PGX_DATABASE=sqlite:////data/fhir_pgx.db
COPY --from=build /opt/fhir_pgx /opt/fhir_pgx
COPY --from=build --chown=10001:10001 /data /data
USER 10001:10001
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/health/ready', timeout=4)"]
# Listens beyond the container: does not start without FHIR_PGX_ACCESS (docs/access.md).
CMD ["fhir-pgx", "serve"]
