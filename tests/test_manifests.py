"""The manifests in deploy/ agree with each other and with what is there. Their schemas: where the packages of
deploy/requirements-test.txt are installed."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml
from dockerfile_parse import DockerfileParser

from core import limits, settings
from tests.test_page import ROOT

DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
PORT = 7860
UNITS = {"Mi": 1 << 20, "Gi": 1 << 30, "m": 1 << 20, "g": 1 << 30}


def documents(path: Path) -> list:
    return list(yaml.safe_load_all(path.read_text()))


def of_kind(kind: str, path: Path = KUBERNETES / "page.yaml") -> dict:
    (found,) = (document for document in documents(path) if document["kind"] == kind)
    return found


def quantity(text: str) -> int:
    number, unit = re.fullmatch(r"(\d+)(\w+)", text).groups()
    return int(number) * UNITS[unit]


def environment(container: dict) -> dict[str, str | None]:
    return {each["name"]: each.get("value") for each in container["env"]}


def deployment_with_engines() -> dict:
    jsonpatch = pytest.importorskip("jsonpatch", reason="deploy/requirements-test.txt is not installed")
    patch = yaml.safe_load((KUBERNETES / "ray" / "page-asks-engines.yaml").read_text())
    return jsonpatch.apply_patch(of_kind("Deployment"), patch)


def compose(*names: str) -> dict[str, dict]:
    """The services of compose files laid over each other, as Docker does it for maps and single values."""
    services: dict[str, dict] = {}
    for name in names:
        for service, said in yaml.safe_load((DEPLOY / name).read_text())["services"].items():
            before = services.get(service, {})
            both = before.get("environment", {}) | said.get("environment", {})
            services[service] = before | said | ({"environment": both} if both else {})
    return services


def test_every_manifest_is_yaml():
    paths = [*DEPLOY.rglob("*.yaml"), *DEPLOY.rglob("*.yml")]
    assert len(paths) >= 8
    assert all(document for path in paths for document in documents(path))


def test_the_image_with_ray():
    page = DockerfileParser(str(ROOT / "Dockerfile"), cache_content=True)
    ours = DockerfileParser(str(DEPLOY / "Dockerfile"), cache_content=True)
    assert ours.baseimage == "latent-jam"
    said = [(each["instruction"], each["value"]) for each in ours.structure]
    for source in (value.split()[0] for name, value in said if name == "COPY"):
        assert (ROOT / source).exists()
        assert source.split("/")[0] not in (ROOT / ".dockerignore").read_text().split()
    # Installed as root, run as the page's user, with the source folder that the page's image has.
    user = next(each["value"] for each in page.structure if each["instruction"] == "USER")
    assert [value for name, value in said if name == "USER"] == ["root", user]
    folder = next(each["value"] for each in page.structure if each["instruction"] == "WORKDIR")
    assert any(name == "ENV" and f"PYTHONPATH={folder}" in value for name, value in said)
    assert "ray[serve]==" in (DEPLOY / "requirements.txt").read_text()
    for script in ("page.sh", "engine.sh"):
        assert os.access(DEPLOY / script, os.X_OK)


def test_pages_on_kubernetes():
    deployment, service, ingress = of_kind("Deployment"), of_kind("Service"), of_kind("Ingress")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    for selector in (
        deployment["spec"]["selector"]["matchLabels"],
        service["spec"]["selector"],
        of_kind("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
    ):
        assert selector.items() <= labels.items()
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"] == "latent-jam"
    (port,) = container["ports"]
    assert port["containerPort"] == PORT
    (served,) = service["spec"]["ports"]
    assert served["targetPort"] == port["name"]
    backend = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    assert (backend["name"], backend["port"]["name"]) == (service["metadata"]["name"], served["name"])
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"] == {"path": "/health", "port": port["name"]}
    # Visitors keep their replica by a cookie and, without an ingress, by their address.
    assert deployment["spec"]["replicas"] >= 2
    assert service["spec"]["sessionAffinity"] == "ClientIP"
    cookie = service["metadata"]["annotations"]["traefik.ingress.kubernetes.io/service.sticky.cookie.name"]
    assert ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/session-cookie-name"] == cookie
    # What it writes to is mounted, and what it may use fits.
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    mounts = {mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"]}
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert {"/tmp", "/home/jam"} <= set(mounts)
    said = settings.from_environment(environment(container))
    assert said.models_bytes < quantity(container["resources"]["limits"]["memory"]) - (1 << 30)
    assert said.cache_bytes + limits.DISK_RESERVE_BYTES < quantity(mounts["/home/jam"]["emptyDir"]["sizeLimit"])


def test_pages_and_engines_on_kubernetes():
    deployment = deployment_with_engines()
    (page,) = deployment["spec"]["template"]["spec"]["containers"]
    assert page["image"] == "latent-jam-ray"
    assert (ROOT / page["command"][0]).exists()
    said = environment(page)
    assert settings.from_environment({"LATENT_JAM_RAY": said["LATENT_JAM_RAY"]}).ray == "auto"
    service = of_kind("RayService", KUBERNETES / "ray" / "engine.yaml")
    cluster = service["spec"]["rayClusterConfig"]
    # KubeRay's name for the head's service.
    assert said["RAY_HEAD"] == f"{service['metadata']['name']}-head-svc:6379"
    assert f"ray[serve]=={cluster['rayVersion']}" in (DEPLOY / "requirements.txt").read_text()
    head, (worker,) = cluster["headGroupSpec"], cluster["workerGroupSpecs"]
    assert head["rayStartParams"]["num-cpus"] == "0"
    pods = [head["template"], worker["template"], deployment["spec"]["template"]]
    network = of_kind("NetworkPolicy", KUBERNETES / "ray" / "network.yaml")
    secrets = set()
    for pod in pods:
        assert network["spec"]["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
        (container,) = pod["spec"]["containers"]
        assert container["image"] == "latent-jam-ray"
        (token,) = (each for each in container["env"] if each["name"] == "RAY_AUTH_TOKEN")
        secrets.add(tuple(token["valueFrom"]["secretKeyRef"].values()))
    ((name, key),) = secrets
    assert f"create secret generic {name} --from-literal={key}=" in (DEPLOY / "README.md").read_text()
    assert {each["port"] for rule in network["spec"]["ingress"] for each in rule.get("ports", [])} >= {PORT}
    limits_of_worker = worker["template"]["spec"]["containers"][0]["resources"]["limits"]
    assert int(limits_of_worker["cpu"]) >= 2


def test_the_application_that_a_rayservice_names():
    service = of_kind("RayService", KUBERNETES / "ray" / "engine.yaml")
    serve = yaml.safe_load(service["spec"]["serveConfigV2"])
    (application,) = serve["applications"]
    module, name = application["import_path"].split(":")
    source = ROOT / f"{module.replace('.', '/')}.py"
    assert re.search(rf"^{name} = ", source.read_text(), re.MULTILINE)
    assert f'APPLICATION = "{application["name"]}"' in (ROOT / "core" / "cluster.py").read_text()
    (deployment,) = application["deployments"]
    assert f'name="{deployment["name"]}"' in source.read_text()


def test_kustomizations_name_files_that_are_there():
    for path in KUBERNETES.rglob("kustomization.yaml"):
        said = yaml.safe_load(path.read_text())
        for file in [*said["resources"], *(patch["path"] for patch in said.get("patches", []))]:
            assert (path.parent / file).exists(), f"{path}: {file}"
        for patch in said.get("patches", []):
            assert of_kind(patch["target"]["kind"])["metadata"]["name"] == patch["target"]["name"]


def test_schemas_of_kubernetes():
    validator = pytest.importorskip("kubernetes_validate", reason="deploy/requirements-test.txt is not installed")
    checked = [*documents(KUBERNETES / "page.yaml"), *documents(KUBERNETES / "ray" / "network.yaml")]
    for document in [*checked, deployment_with_engines()]:
        validator.validate(document, validator.latest_version(), strict=True)
    with pytest.raises(validator.ValidationError):
        validator.validate(checked[0] | {"spec": {"replicas": "two"}}, validator.latest_version(), strict=True)


def test_compose():
    services = compose("docker-compose.yml")
    pages = {name for name, service in services.items() if service["image"] == "latent-jam"}
    assert len(pages) == 2
    for name in pages:
        assert (DEPLOY / services[name]["build"] / "Dockerfile").exists()
        said = settings.from_environment(services[name]["environment"])
        assert said.models_bytes < quantity(services[name]["mem_limit"])
        sizes = dict(re.findall(r"^(\S+?):size=(\w+)", "\n".join(services[name]["tmpfs"]), re.MULTILINE))
        assert said.cache_bytes + limits.DISK_RESERVE_BYTES < quantity(sizes["/home/jam"])
        # Memory is what a tmpfs is made of.
        assert said.models_bytes + sum(map(quantity, sizes.values())) < quantity(services[name]["mem_limit"])
    nginx = services["nginx"]
    assert set(nginx["depends_on"]) == pages
    (mounted,) = nginx["volumes"]
    assert (DEPLOY / mounted.split(":")[0]).exists()
    written = (DEPLOY / "nginx.conf").read_text()
    assert set(re.findall(r"server (\S+):(\d+) ", written)) == {(name, str(PORT)) for name in pages}
    (listening,) = re.findall(r"listen (\d+);", written)
    assert all(port.endswith(f":{listening}") for port in nginx["ports"])


def test_compose_with_engines():
    services = compose("docker-compose.yml", "docker-compose.ray.yml")
    engine = services["engine"]
    assert (ROOT / engine["command"][0]).exists()
    assert "--port=6379" in (DEPLOY / "engine.sh").read_text()
    for name in ("page-1", "page-2"):
        page = services[name]
        assert page["image"] == engine["image"] == "latent-jam-ray"
        assert page["environment"]["RAY_HEAD"] == "engine:6379"
        assert page["environment"]["RAY_AUTH_TOKEN"] == engine["environment"]["RAY_AUTH_TOKEN"]
        assert page["environment"]["LATENT_JAM_RAY"] == "auto"
        assert (ROOT / page["command"][0]).exists()


def test_nginx_lets_through_what_the_page_takes():
    written = (DEPLOY / "nginx.conf").read_text()
    (body,) = re.findall(r"client_max_body_size (\w+);", written)
    assert limits.MAX_UPLOAD_BYTES < quantity(body) <= 4 * limits.MAX_UPLOAD_BYTES
    (line,) = re.findall(r"large_client_header_buffers \d+ (\d+)k;", written)
    assert int(line) << 10 > limits.MAX_LINK_CHARACTERS + limits.MAX_ADDRESS_CHARACTERS
    assert "proxy_buffering off;" in written
    body_on_kubernetes = of_kind("Ingress")["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-body-size"]
    assert quantity(body_on_kubernetes) == quantity(body)
