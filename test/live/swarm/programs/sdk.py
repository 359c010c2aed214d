"""The PyPI package `docker` against a swarm: argument 1 is an image. Ends with 0 if all held."""
import io
import sys
import tarfile

import docker

image = sys.argv[1]
client = docker.from_env()


def same(found, wanted, what):
    if found != wanted:
        raise SystemExit(f"{what}: {found!r}, not {wanted!r}")


same(client.ping(), True, "ping")
same(client.containers.run(image, ["echo", "hello"], remove=True), b"hello\n", "run")
words = ["sh", "-c", "echo begun; exec sleep 1000"]
web = client.containers.run(image, words, detach=True, name="sdk-web", labels={"of": "sdk"})
same(next(iter(web.logs(stream=True))), b"begun\n", "logs")
web.reload()
same(web.status, "running", "status")
same(web.attrs["Node"]["Name"] != "", True, "the node")
same([one.name for one in client.containers.list(filters={"label": "of=sdk"})], ["sdk-web"], "list")
told = web.exec_run(["sh", "-c", "echo out; echo err >&2; exit 3"], demux=True)
same((told.exit_code, told.output), (3, (b"out\n", b"err\n")), "exec")
same(web.top()["Titles"][0], "UID", "top")
same("cpu_stats" in web.stats(stream=False), True, "stats")

archive = io.BytesIO()
with tarfile.open(fileobj=archive, mode="w") as tar:
    entry = tarfile.TarInfo("file")
    entry.size = 7
    tar.addfile(entry, io.BytesIO(b"carried"))
same(web.put_archive("/tmp", archive.getvalue()), True, "put")
same(web.exec_run("cat /tmp/file").output, b"carried", "what was put")
same(web.diff()[-1], {"Path": "/tmp/file", "Kind": 1}, "diff")
chunks, stat = web.get_archive("/tmp/file")
same((stat["name"], stat["size"]), ("file", 7), "stat")
with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
    same(tar.extractfile("file").read(), b"carried", "get")

web.pause()
web.reload()
same(web.status, "paused", "pause")
web.unpause()
web.rename("sdk-wall")
web.update(mem_limit="64m", memswap_limit="64m")
committed = web.commit("sdk", "1")
same(committed.tags, ["sdk:1"], "commit")
same(client.containers.run("sdk:1", "cat /tmp/file", remove=True), b"carried", "the commit")
client.images.remove("sdk:1")

events = client.events(decode=True, filters={"container": web.id, "event": ["kill", "die"]})
web.kill()
same(web.wait()["StatusCode"], 137, "wait")
same([next(events)["Action"] for _ in range(2)], ["kill", "die"], "events")
events.close()
web.start()
web.restart(timeout=0)
web.stop(timeout=0)
web.remove()

network = client.networks.create("sdk-net")
volume = client.volumes.create("sdk-data")
same(network.attrs["Labels"], {}, "labels of a network")
network.remove()
volume.remove()

text = f"FROM {image}\nRUN echo built > /word\n".encode()
built, _ = client.images.build(fileobj=io.BytesIO(text), tag="sdk:2")
saved = b"".join(built.save())
client.images.remove("sdk:2")
same(client.images.load(saved)[0].id, built.id, "load")
same(client.containers.run(built.id, "cat /word", remove=True), b"built\n", "the build")
client.images.remove(built.id, force=True)

for prune in (client.containers.prune, client.networks.prune, client.volumes.prune):
    same("Deleted" in str(prune()), True, "prune")
same("SpaceReclaimed" in client.api.prune_builds(), True, "prune of builds")
try:
    client.containers.get("nobody")
    raise SystemExit("a container that nobody made was found")
except docker.errors.NotFound as error:
    same(error.explanation, "No such container: nobody", "not found")
try:
    client.containers.run(image, "true", privileged=True)
    raise SystemExit("a privileged container was made")
except docker.errors.APIError as error:
    same(error.status_code, 403, "privileged")
same(client.containers.list(all=True), [], "nothing is left")
