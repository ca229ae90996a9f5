# Latent Jam for any machine with Docker; a Space does not need this file.
#   docker build -t latent-jam . && docker run --rm -p 7860:7860 latent-jam
FROM python:3.12-slim

RUN apt-get update \
    && apt-get install -y --no-install-recommends fluidsynth fluid-soundfont-gm \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home jam
WORKDIR /app

COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check -r requirements.txt

COPY app.py LICENSE NOTICE ./
COPY assets assets
COPY core core
COPY ui ui

# The source stays root's: the app writes to the home and the temporary folder only.
USER jam
ENV GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860 \
    PYTHONUNBUFFERED=1
EXPOSE 7860

HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:7860/health', timeout=8)"]

CMD ["python", "app.py"]
