#!/usr/bin/env python3
"""kubernetes.py SCHEMA FOLDER: checks the manifests in FOLDER against SCHEMA and against each other. With a third argument, a
manifest and a folder to put it in: writes env (lines NAME=VALUE) and script there, what its pod would run in a shell."""
import json
import sys
from pathlib import Path

import yaml

class Strict(yaml.SafeLoader):
    """As the cluster reads it: a key that is there twice is an error."""

def mapping(loader, node):
    keys = [loader.construct_object(key) for key, _ in node.value]
    assert len(keys) == len(set(keys)), f"{node.start_mark}: a key is there twice"
    return loader.construct_mapping(node, deep=True)

Strict.add_constructor("tag:yaml.org,2002:map", mapping)

schema, folder = json.load(open(sys.argv[1])), Path(sys.argv[2])
jobs = {path.stem: yaml.load(path.read_text(), Strict) for path in folder.glob("*.yaml")}
assert sorted(jobs) == ["merge", "run"], sorted(jobs)

def container_of(job):
    (container,) = job["spec"]["template"]["spec"]["containers"]
    return container

def env_of(job):
    return {e["name"]: e["value"] for e in container_of(job)["env"]}

if len(sys.argv) > 3:
    container = container_of(jobs[sys.argv[3]])
    assert container["command"] == ["/bin/sh", "-c"] and len(container["args"]) == 1
    out = Path(sys.argv[4])
    (out / "env").write_text("".join(f"{name}={value}\n" for name, value in env_of(jobs[sys.argv[3]]).items()))
    (out / "script").write_text(container["args"][0])
    sys.exit(0)

from jsonschema import Draft202012Validator

Draft202012Validator.check_schema(schema)
for name, job in jobs.items():
    wrong = [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in Draft202012Validator(schema).iter_errors(job)]
    assert not wrong, f"{name}.yaml: " + "; ".join(wrong)
    pod, container = job["spec"]["template"]["spec"], container_of(job)
    volumes = [v["name"] for v in pod["volumes"]]
    mounts = [m["name"] for m in container["volumeMounts"]]
    assert sorted(volumes) == sorted(set(volumes)) == sorted(mounts), f"{name}.yaml: volumes {volumes}, mounts {mounts}"
    places = [m["mountPath"] for m in container["volumeMounts"]]
    assert env_of(job)["HOME"] in places, f"{name}.yaml: HOME is no place to write to"
    key = next(m for m in container["volumeMounts"] if m["name"] == "key")
    assert key["readOnly"] is True
run, merge = jobs["run"]["spec"], jobs["merge"]["spec"]
shards = int(env_of(jobs["run"])["CONSILIUM_SHARDS"])
assert run["completionMode"] == "Indexed" and run["completions"] == shards == int(env_of(jobs["merge"])["CONSILIUM_SHARDS"])
assert run["parallelism"] <= run["completions"]
for rule in run["podFailurePolicy"]["rules"]:
    assert rule["onExitCodes"]["containerName"] == container_of(jobs["run"])["name"]
assert run["template"]["spec"]["securityContext"] == merge["template"]["spec"]["securityContext"]
assert [v for v in run["template"]["spec"]["volumes"]] == [v for v in merge["template"]["spec"]["volumes"]]
