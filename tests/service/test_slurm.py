"""Functions run on a real Slurm of one node, where it is installed (Debian: slurmctld, slurmd, slurm-client, munge)."""

import subprocess
import time

import pytest
from support.parsl_cluster import CONFIG
from support.slurm_node import missing_program, slurm_node

import aero_jupyter
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.service.clusters.registry import add_cluster
from aero_jupyter.testing import local_aero

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(missing_program() is not None, reason=f"{missing_program()} is not installed"),
]

SLURM = "SlurmProvider(partition='short', walltime='00:05:00', cores_per_node=1, exclusive=False, "
TEXT = """def where():
    import os
    print(os.environ.get("SLURM_JOB_ID", "outside"))
    open("t.csv", "w").write("a")
    return "t.csv"
"""


def test_functions_run_in_a_job_that_ends_with_the_service(tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    text = CONFIG.format(workers=2, threshold=30).replace("LocalProvider(", SLURM)
    text = text.replace("LocalProvider", "SlurmProvider").replace('label="node"', 'label="node", address="127.0.0.1"')
    (home / "parsl_config.py").write_text(text)
    add_cluster(home, "slurm", home / "parsl_config.py", tmp_path / "scratch")
    monkeypatch.setenv("AERO_HOME", str(home))
    monkeypatch.setenv("AERO_WORKER_ENV", "SLURM_JOB_ID")
    with slurm_node(tmp_path / "slurm") as variables:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with local_aero(home):
            client = aero_jupyter.local().client
            flow = aero_jupyter.local().register(portable(TEXT), outputs=["from_slurm"], endpoint="slurm")
            run = client.wait_for_run(client.run_flow(flow.id).id, 120)
            assert (run.state, run.error) == ("done", None)
            assert client.get_run(run.id).log == "1\n"
            assert len(client.versions(flow.outputs[0].id)) == 1
            assert jobs_of_slurm()
        deadline = time.monotonic() + 60
        while jobs := jobs_of_slurm():
            assert time.monotonic() < deadline, jobs
            time.sleep(0.2)


def jobs_of_slurm():
    return subprocess.run(["squeue", "--noheader"], capture_output=True, text=True, check=True).stdout
