"""A program in another language, observed: two components and what flows between them.

It needs no library of ours, only what Python's own tools make of our .proto files:

    pip install -r requirements.txt
    python -m grpc_tools.protoc -I ../../../proto/proto --python_out=. --grpc_python_out=. \
        axonscope/v1/topology.proto axonscope/v1/visualiser.proto
    python client.py 127.0.0.1:7420

It says what it has to say, and farewell when its standard input ends.
"""

import os
import secrets
import socket
import sys
import threading
import time

import grpc

from axonscope.v1 import topology_pb2 as nouns
from axonscope.v1 import visualiser_pb2 as wire
from axonscope.v1 import visualiser_pb2_grpc as services

STARTED_AT = time.monotonic_ns()
FEEDER, EATER = 1, 2
FEEDER_OUT, EATER_IN, NEST = 3, 4, 5


def hello():
    return wire.Hello(
        protocol=1,
        system_name="snake",
        instance_id=secrets.token_bytes(16),
        pid=os.getpid(),
        host=socket.gethostname(),
        program="client.py",
        labels={"language": "Python"},
        wall_clock_ns=time.time_ns(),
        monotonic_ns=time.monotonic_ns(),
        started_at=STARTED_AT,
    )


def everything():
    """What exists at the start. Ids are numbers of our own, never used twice."""
    running = nouns.COMPONENT_STATE_RUNNING
    return wire.Snapshot(
        event_number=0,
        part=0,
        last=True,
        components=[
            nouns.Component(id=FEEDER, name="feeder", type_name="Feeder", state=running),
            nouns.Component(id=EATER, name="eater", type_name="Eater", state=running),
        ],
        postboxes=[
            nouns.Postbox(id=FEEDER_OUT, owner=FEEDER, name="outbox", kind=nouns.POSTBOX_KIND_OUTBOX, message_type="str"),
            nouns.Postbox(id=EATER_IN, owner=EATER, name="inbox", kind=nouns.POSTBOX_KIND_INBOX, message_type="str", capacity=8),
        ],
        linkages=[nouns.Linkage(id=6, source=FEEDER_OUT, sink=EATER_IN, kind=nouns.LINKAGE_KIND_DIRECT)],
    )


def egg():
    """A component that appears while we are watched, inside another."""
    return wire.Delta(
        added_components=[
            nouns.Component(id=NEST, parent=EATER, name="nest", type_name="Nest", state=nouns.COMPONENT_STATE_STARTING)
        ]
    )


def totals(messages):
    return wire.Activity(
        components=[nouns.ComponentActivity(component=FEEDER, polls=messages, last_active_at=time.monotonic_ns())],
        postboxes=[
            nouns.PostboxActivity(postbox=FEEDER_OUT, messages=messages),
            nouns.PostboxActivity(postbox=EATER_IN, messages=messages, waiting=True),
        ],
    )


def story(has_ended):
    """All that is said, in order; every Report is numbered and has the time its content was read."""
    yield {"hello": hello()}
    yield {"snapshot": everything()}
    yield {"delta": egg()}
    messages = 0
    while not has_ended.wait(0.1):
        messages += 7
        yield {"activity": totals(messages)}
    yield {"farewell": wire.Farewell(reason="all eaten")}


def reports(has_ended):
    for seq, content in enumerate(story(has_ended), start=1):
        yield wire.Report(seq=seq, captured_at=time.monotonic_ns(), **content)


def main(address):
    has_ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), has_ended.set()), daemon=True).start()
    with grpc.insecure_channel(address) as channel:
        # What the visualiser asks for, such as another cadence, may be ignored. It ends the stream after our farewell.
        for request in services.VisualiserStub(channel).Observe(reports(has_ended)):
            print("asked:", request.WhichOneof("content"), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
