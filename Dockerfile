# toonmark serve: the page and the API, as a user without rights on a file system that may be read-only.
#
#   docker build -t toonmark .
#   docker run --read-only --tmpfs /tmp -p 8000:8000 -e TOONMARK_TOKEN=$(openssl rand -hex 16) toonmark
#
# Checked line by line, and by tests/test_packaging.py; not built where it was written, which had no builder.

FROM node:22-slim AS page
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web ./
RUN npm run build

FROM python:3.12-slim AS wheel
WORKDIR /src
COPY pyproject.toml README.md LICENSE CHANGELOG.md CONTRIBUTING.md ./
COPY web/hatch_build.py web/
COPY src src
COPY --from=page /src/src/toonmark/web/static src/toonmark/web/static
RUN python -m venv /opt/toonmark \
    && /opt/toonmark/bin/pip install --no-cache-dir '.[web]' \
    && /opt/toonmark/bin/pip uninstall --yes pip \
    && cd /opt/toonmark/lib/python3.12/site-packages \
    # 22 MB that no drawing needs: with them the whole would be larger than 500 MB.
    && rm -r cv2/data onnxruntime/transformers onnxruntime/quantization onnxruntime/tools \
    && find . -type d '(' -name __pycache__ -o -name tests ')' -prune -exec rm -r {} +

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin toonmark
COPY --from=wheel /opt/toonmark /opt/toonmark
ENV PATH=/opt/toonmark/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
# Beyond localhost a token is needed: TOONMARK_TOKEN, 16 characters or more.
STOPSIGNAL SIGTERM
ENTRYPOINT ["toonmark", "serve", "--host", "0.0.0.0", "--port", "8000"]
