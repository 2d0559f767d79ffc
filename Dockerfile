# One image for every role; the command says which: `vigil worker ledger`, `vigil worker server`, `vigil topics create`.
FROM python:3.11-slim

WORKDIR /opt/vigil
ENV PYTHONUNBUFFERED=1

# The packages first: they change less often than the code.
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock

COPY pyproject.toml ./
COPY schemas schemas
COPY timeline timeline
COPY eventlog eventlog
COPY producers producers
COPY processors processors
COPY subscribers subscribers
COPY cli cli
RUN pip install --no-cache-dir --no-build-isolation --no-deps --no-index -e . \
    && useradd --system --create-home vigil \
    && install --directory --owner=vigil /var/lib/vigil

USER vigil
WORKDIR /home/vigil
CMD ["vigil", "--help"]
