"""The pyfunc model of a bundle as a Spark UDF: a thousand rows on a Spark of this machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from policyframes.scorer import load
from policyframes_training.tracking import tracking

pytestmark = pytest.mark.slow
# In a process of its own: Spark warns of pandas 3, leaves a JVM, and reads the environment once.
_SCORE = """
import json, sys
import mlflow
from pyspark.sql import SparkSession
code, bundle, folder = sys.argv[1:]
mlflow.pyfunc.save_model(
    f"{folder}/model", python_model=code, artifacts={"bundle": bundle},
    input_example=["The court decides."], pip_requirements=["policyframes"],
)
spark = (
    SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    .config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1").getOrCreate()
)
texts = json.load(open(f"{folder}/texts.json"))
table = spark.createDataFrame(list(enumerate(texts)), "id long, text string").repartition(4)
names = list(mlflow.pyfunc.load_model(f"{folder}/model").predict(texts[:1])[0])
score = mlflow.pyfunc.spark_udf(
    spark, f"{folder}/model", env_manager="local", result_type=", ".join(f"{name} double" for name in names)
)
rows = table.select("id", score("text").alias("score")).collect()
with open(f"{folder}/scores.json", "w") as stream:
    json.dump([row.score.asDict() for row in sorted(rows, key=lambda row: row.id)], stream)
spark.stop()
"""


def test_a_thousand_rows_score_in_spark_as_they_do_without(tmp_path):
    pytest.importorskip("pyspark", reason="pyspark is not installed")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, which is not installed")
    bundle = Path(__file__).parents[3] / "models" / "fast-v3"
    words = ("threat", "court", "partner", "border")
    texts = [
        f"The {words[i % 4]} matters to item {i}, and the {words[i // 4 % 4]} to nobody else." for i in range(1000)
    ]
    (tmp_path / "texts.json").write_text(json.dumps(texts))
    code = Path(tracking.__file__).with_name("pyfunc_model.py")
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "MLFLOW_DISABLE_TELEMETRY": "true"}
    command = [sys.executable, "-c", _SCORE, str(code), str(bundle), str(tmp_path)]

    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=400)

    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads((tmp_path / "scores.json").read_text()) == [
        score.probabilities for score in load(bundle).score(texts)
    ]
