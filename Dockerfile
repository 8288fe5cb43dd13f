# Runs every Python command of the product: `docker run IMAGE svc_books`, `… database upgrade seed`, `… worker`, `… gateway`.
FROM python:3.11-slim-bookworm AS build
COPY requirements-uv.txt ./
RUN pip install --no-cache-dir --require-hashes --requirement requirements-uv.txt
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_NO_CACHE=1 UV_PROJECT_ENVIRONMENT=/venv UV_PYTHON_DOWNLOADS=never
WORKDIR /app
COPY pyproject.toml uv.lock ./
COPY protos protos/
# Installs exactly what the lock's hashes name; the contracts are installed as a wheel, not as a link to this stage.
RUN uv sync --frozen --no-dev --no-editable --quiet
COPY . .
# The final image runs read-only, so Python cannot compile there.
RUN rm -rf pyproject.toml uv.lock requirements-uv.txt protos && python -m compileall -q --invalidation-mode unchecked-hash .

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="bookstore" \
      org.opencontainers.image.description="The bookstore's services, worker, gateway and database commands" \
      org.opencontainers.image.licenses="MIT"
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin bookstore
# New volumes for certificates get the owner and the mode of these folders.
RUN install --directory --owner=bookstore --mode=0700 /certs/authority /certs/users /certs/books /certs/orders /certs/worker /certs/gateway /certs/tester
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /app
USER bookstore
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m"]
CMD ["gateway"]
