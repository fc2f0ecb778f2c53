"""The options that the commands of `policyframes train` have in common, with what `--help` says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Labels = Annotated[
    Path | None,
    typer.Option(
        "--labels",
        help="Folder of labels, or any labelled data (docs/training.md); ./labels unless given.",
        metavar="PATH",
    ),
]
Taxonomy = Annotated[
    Path | None, typer.Option(help="Framings of other data than labels/; taxonomy.yaml beside them unless given.")
]
Documents = Annotated[
    Path | None, typer.Option(help="Copies of the documents as <id>.txt: the originals train too.", metavar="DIR")
]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", help="Bundle's folder; models/NAME unless given.", metavar="DIR")
]
Seed = Annotated[int, typer.Option(help="Seed of fits and resampling.", min=0)]
Experiment = Annotated[str, typer.Option(help="Experiment that records the run.")]
Store = Annotated[
    Path | None,
    typer.Option(
        help="Folder of the embedded run store; MLFLOW_TRACKING_URI, else .policyframes, unless given.", metavar="DIR"
    ),
]
Work = Annotated[
    Path | None,
    typer.Option(help="Folder of checkpoints and lessons; `training` in the run store's unless given.", metavar="DIR"),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the bundle in that folder.")]
Base = Annotated[
    str, typer.Option(help="Pretrained weights: id on the Hugging Face hub, or a local folder.", metavar="ID|DIR")
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
Epochs = Annotated[int | None, typer.Option(help="Passes over the passages, at most.", min=1)]
Values = Annotated[
    list[str] | None,
    typer.Option("--set", help="Another value of the recipe, such as learning_rate=2e-4; may be repeated."),
]
Folds = Annotated[int, typer.Option(help="Parts of train that are held out in turn; 0 for none.", min=0)]
Teacher = Annotated[
    list[str] | None,
    typer.Option(
        help="Learns from its probabilities too: a bundle by name or folder, or the lesson.safetensors that training "
        "left. Repeated: from their mean.",
        metavar="BUNDLE|FILE",
    ),
]
Swapped = Annotated[
    float, typer.Option(help="Share of what the teacher read in which names are swapped.", min=0.0, max=1.0)
]
Taught = Annotated[
    int | None, typer.Option(help="Passages to learn from the teacher on, at most; all unless given.", min=1)
]
Lesson = Annotated[
    bool,
    typer.Option(
        "--lesson/--no-lesson",
        help="Let the folds score the uncoded passages, so that other tiers can learn from them; a large base takes as "
        "long for it as for a fit.",
    ),
]
Finished = Annotated[
    Path | None,
    typer.Option(
        help="Bundle that the same command made before with --folds 0: its weights stay, only the folds are fitted.",
        metavar="DIR",
    ),
]
Restart = Annotated[
    bool, typer.Option("--restart/--resume", help="Throw checkpoints away, or go on from the last one.")
]
Name = Annotated[str, typer.Option(help="Name of the bundle, ending in -v and a number.")]
