"""A Pulumi engine of the tests' own: a program of any language speaks to it as to Pulumi's, by gRPC, through its real SDK.

It keeps what a run registered, and compares the next run with it: that is the plan. Pulumi's own engine asks a resource's
provider for the difference, and a provider has none to report where no input differs.
"""

import json
import os
import subprocess
from concurrent import futures

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

PROJECT, STACK = "support-email", "development"


class Engine(resource_pb2_grpc.ResourceMonitorServicer, engine_pb2_grpc.EngineServicer):
    """Serves one run, and notes what it registers: the inputs of each resource by type and name, and the stack's outputs."""

    def __init__(self):
        self.resources = {}
        self.outputs = {}
        self.log = []
        self.root = ""

    def Log(self, request, context):
        self.log.append(request.message)
        return empty_pb2.Empty()

    def GetRootResource(self, request, context):
        return engine_pb2.GetRootResourceResponse(urn=self.root)

    def SetRootResource(self, request, context):
        self.root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def RequirePulumiVersion(self, request, context):
        return engine_pb2.RequirePulumiVersionResponse()

    def SupportsFeature(self, request, context):
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in ("secrets", "resourceReferences", "outputValues"))

    def RegisterPackage(self, request, context):
        return resource_pb2.RegisterPackageResponse(ref=request.name)

    def RegisterResource(self, request, context):
        urn = f"urn:pulumi:{STACK}::{PROJECT}::{request.type}::{request.name}"
        inputs = json_format.MessageToDict(request.object)
        if request.custom:
            self.resources[f"{request.type} {request.name}"] = inputs
        answer = resource_pb2.RegisterResourceResponse(urn=urn, id=f"{request.name}-id" if request.custom else "")
        answer.object.CopyFrom(request.object)
        if request.type.endswith("ContainerRegistryDockerCredentials"):
            answer.object.update({"dockerCredentials": "{}"})
        return answer

    def RegisterResourceOutputs(self, request, context):
        if "pulumi:pulumi:Stack" in request.urn:
            self.outputs = json_format.MessageToDict(request.outputs)
        return empty_pb2.Empty()

    def SignalAndWaitForShutdown(self, request, context):
        return empty_pb2.Empty()


class Run:
    """What came of a run of a program: how it ended, what it said, and what it would have the stack be."""

    def __init__(self, engine, ended):
        self.resources, self.outputs, self.log = engine.resources, engine.outputs, "\n".join(engine.log)
        self.code, self.printed = ended.returncode, ended.stdout + ended.stderr


def run(command, folder, config):
    """Runs a program. `command` begins it, where `{address}` becomes the engine's."""
    engine = Engine()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(engine, server)
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        variables = {
            **os.environ,
            "PULUMI_CONFIG": json.dumps({f"{PROJECT}:{key}": value for key, value in config.items()}),
            "PULUMI_CONFIG_SECRET_KEYS": "[]",
        }
        arguments = [part.replace("{address}", address) for part in command]
        ended = subprocess.run(arguments, cwd=folder, env=variables, capture_output=True, text=True, timeout=300)
    finally:
        server.stop(None).wait()
    return Run(engine, ended)


def plan(before, after):
    """What Pulumi would do: for each resource that is not the same, `create`, `update` or `delete`; likewise the outputs."""
    steps = {}
    for name in sorted({*before.resources, *after.resources}):
        old, new = before.resources.get(name), after.resources.get(name)
        if old != new:
            steps[name] = "create" if old is None else "delete" if new is None else "update"
    if before.outputs != after.outputs:
        steps["outputs"] = "update"
    return steps
