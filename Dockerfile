# syntax=docker/dockerfile:1
# Build: docker build -t muster .   Run: docker run --env-file .env -v muster:/data muster
FROM python:3.11-slim AS packages
COPY requirements.lock /tmp/
RUN python -m venv /opt/muster \
 && /opt/muster/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes -r /tmp/requirements.lock

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home --home-dir /data muster
COPY --from=packages /opt/muster /opt/muster
COPY bot /app/bot
COPY handlers /app/handlers
COPY blocks /app/blocks
COPY manifest.yml muster.example.yml LICENSE /app/
# Inside the container only the port that is published is reachable, so listening everywhere is right.
ENV PATH=/opt/muster/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HTTP_HOST=0.0.0.0 \
    HTTP_PORT=8080 \
    LOG_FORMAT=json
# muster.db is written here; an optional muster.yml is read from here.
WORKDIR /data
VOLUME /data
USER muster
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ['HTTP_PORT']}/healthz\", timeout=4)"]
# SIGTERM lets what is being sent finish and the rest wait for the next start.
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]
