# The image of the action and of GitLab jobs: the static binary beside Python, uv and git. There is no ENTRYPOINT, as
# GitLab starts a shell; action.yml names the program.
ARG BUILDER=golang:1.26-bookworm
ARG BASE=debian:bookworm-slim

FROM ${BUILDER} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN ["go", "mod", "download"]
COPY . .
ENV CGO_ENABLED=0
RUN ["go", "build", "-trimpath", "-ldflags", "-s -w", "-o", "/mlops-track", "."]

# COPY --from this target to put the binary into an image of your own.
FROM scratch AS scratch
COPY --from=build /mlops-track /usr/local/bin/mlops-track

FROM ${BASE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git python3 python3-venv \
 && rm -rf /var/lib/apt/lists/* \
 && python3 -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir uv==0.13.9 \
 && git config --system --add safe.directory '*'
ENV PATH=/opt/venv/bin:$PATH VIRTUAL_ENV=/opt/venv
COPY --from=build /mlops-track /usr/local/bin/mlops-track
